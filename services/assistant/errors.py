"""Why there is no answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from ai.routing import Refusal
from core.errors import Conflict, Invalid, Unavailable


class SuggestionsOff(Conflict):
    """Suggestions are turned off in this workspace: `settingsUpdate` with `ai: { enabled: true }` turns them on."""

    code = "AI_DISABLED"


class ProviderNeeded(Conflict):
    """Only a model can do this, and no provider can be asked: set the key of one with `aiKeySet`, or on the server."""

    code = "PROVIDER_NEEDED"

    def __init__(self, away: Sequence[str] = ()) -> None:
        """`away` are those that are configured, and do not answer."""
        names = " and ".join(away)
        super().__init__(f"Only a model can do this, and {names} does not answer: try again." if away else None)


class NoModelFits(Conflict):
    """No model that can be asked fits this request."""

    code = "NO_MODEL_FITS"

    def __init__(self, refused: Mapping[str, Refusal]) -> None:
        reasons = sorted({each.value for each in refused.values() if each is not Refusal.NOT_CONFIGURED})
        why = f" ({', '.join(reasons)})" if reasons else ""
        super().__init__(f"No model that can be asked fits this request{why}: `aiRouteExplain` shows why.")


class ContentBlocked(Invalid):
    """The safety filter has stopped this."""

    code = "CONTENT_BLOCKED"

    def __init__(self, categories: Iterable[str], *, field: Sequence[str] = ()) -> None:
        self.categories = tuple(sorted(categories))
        super().__init__(f"The safety filter has stopped this ({', '.join(self.categories)}).", field=field)


class ModelsFailed(Unavailable):
    """No model gave an answer: try again. Nothing was charged."""

    code: ClassVar[str] = "AI_UNAVAILABLE"


class StreamsFull(Conflict):
    """You follow as many suggestions at once as you may: wait for one to end."""

    code = "TOO_MANY_STREAMS"


class StreamGone(Conflict):
    """What this request began is not kept any more: ask anew, with another `clientRequestId`."""

    code = "GONE"


class RequestReused(Conflict):
    """This `clientRequestId` was given to another request in the last hour: give each one its own."""

    code = "IDEMPOTENCY_KEY_REUSED"
