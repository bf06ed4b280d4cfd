"""Files on their way in."""

import strawberry

from core.ids import encode
from models import Permission
from resolvers.fields import mutation
from schema.upload import PREFIX, UploadCreateInput, UploadCreatePayload
from services import uploads
from services.transaction import Transaction
from services.uploads import UploadDraft


@mutation(Permission.KNOWLEDGE_WRITE, idempotent=True)
async def upload_create(tx: Transaction, input: UploadCreateInput) -> UploadCreatePayload:
    """Announce a file for the knowledge base, which is too large for a GraphQL request, and get an address for it."""
    draft = UploadDraft(filename=input.filename, content_type=input.content_type, size=input.size)
    made = await uploads.announce(tx, draft)
    return UploadCreatePayload(
        upload_id=strawberry.ID(encode(PREFIX, made.id)), url=f"/uploads/{made.token}", expires_at=made.expires_at
    )


MUTATIONS = (upload_create,)
