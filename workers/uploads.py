"""Files that were sent, and used by nobody."""

from core.ground import Ground
from services import uploads
from services.uploads import ExpireUploads
from workers.registry import handles


@handles(ExpireUploads, timeout=600.0)
async def expire_uploads(ground: Ground, job: ExpireUploads) -> None:
    """Delete them."""
    del job
    await uploads.expire(ground)
