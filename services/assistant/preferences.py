"""What whoever asks wants of the route."""

from dataclasses import dataclass

from core.settings import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How a model is chosen; the workspace's way where nothing is said.

    `model` is a model, a provider, or "local", which asks none. `fresh` takes no answer from before.
    """

    strategy: Strategy | None = None
    model: str | None = None
    fresh: bool = False
