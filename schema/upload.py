"""Files on their way in."""

from datetime import datetime
from typing import Final
from uuid import UUID

import strawberry

from core.errors import NotFound
from core.ids import decode
from schema.errors import MutationPayload
from schema.idempotency import OnceInput

PREFIX: Final = "upload"


def upload_key_of(id: str, *, field: tuple[str, ...] = ("upload_id",)) -> UUID:
    """Read the id of an upload.

    Raises:
        NotFound: it is an id of something else, or none at all.
    """
    found = decode(PREFIX, id)
    if found is None:
        message = "There is no such upload: it was used, has run out, or never was."
        raise NotFound(message, field=field)
    return found


@strawberry.input(description="A file that is going to be sent.")
class UploadCreateInput(OnceInput):
    filename: str = strawberry.field(
        description="Up to 200 characters. Its ending tells the kind: .pdf, .docx, .csv or .txt."
    )
    content_type: str = strawberry.field(description="The media type, for a name without one of these endings.")
    size: int = strawberry.field(description="How many bytes the file has: 1 to 20,971,520 (20 MiB).")


@strawberry.type(description="The answer to `uploadCreate`.")
class UploadCreatePayload(MutationPayload):
    upload_id: strawberry.ID | None = strawberry.field(default=None, description="What the file is used by, once.")
    url: str | None = strawberry.field(
        default=None,
        description=(
            "Send the file's bytes here by PUT, relative to this server, without other credentials. It is good for one"
            " file; keep it secret. The answer is 204 when the file has arrived whole."
        ),
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="Until when it can be sent. A file that nobody uses is deleted within two hours."
    )
