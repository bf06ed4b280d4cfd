"""Credits that were held for what never ended."""

from core.ground import Ground
from services import crediting
from services.crediting import ReleaseHolds, RightHolds
from workers.registry import handles


@handles(ReleaseHolds)
async def release_holds(ground: Ground, job: ReleaseHolds) -> None:
    """Give them back."""
    del job
    await crediting.release_holds(ground)


@handles(RightHolds)
async def right_holds(ground: Ground, job: RightHolds) -> None:
    """Put right what accounts hold."""
    del job
    await crediting.right_holds(ground)
