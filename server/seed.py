"""The demo workspace of a fresh machine: made once, through the same verbs as everything else."""

from typing import Final

from services.access import Origin

EMAIL: Final = "demo@whatshybrid.dev"
PASSWORD: Final = "demo-password-123"  # noqa: S105  (published in the README; planted on embedded stores only)
WORKSPACE: Final = "Demo"
_ORIGIN: Final = Origin(user_agent="seed")
