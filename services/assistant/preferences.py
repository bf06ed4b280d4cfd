"""What whoever asks says beside the question."""

from dataclasses import dataclass
from uuid import UUID

from core.settings import Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How a model is chosen; the workspace's way where nothing is said.

    `model` is a model, a provider, or "local", which asks none. `fresh` takes no answer from before. `contact_id` is
    whom the texts are about: their names are masked.
    """

    strategy: Strategy | None = None
    model: str | None = None
    fresh: bool = False
    contact_id: UUID | None = None
