"""The end of what is kept of requests to models."""

from core.ground import Ground
from services import traces
from services.traces import ExpireTraces, ForgetTraces
from workers.registry import handles

_TRIES = 10


@handles(ExpireTraces, timeout=180, tries=_TRIES)
async def expire_traces(ground: Ground, job: ExpireTraces) -> None:
    """Delete what is older than it may get."""
    del job
    await traces.expire(ground)


@handles(ForgetTraces, timeout=120, tries=_TRIES)
async def forget_traces(ground: Ground, job: ForgetTraces) -> None:
    """Delete all of a workspace."""
    await traces.forget(ground, job)
