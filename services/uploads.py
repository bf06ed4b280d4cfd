"""Files on their way in: announced by a mutation, sent to an address of their own, and used by one thing once.

A file waits in the document store, in pieces, for an hour at most. Its address holds a token that is good for a quarter
of an hour and for one file; of the token only a digest is kept. Ids of pieces begin with the id of their upload, so
that all of them are one range of the one index that every collection has.
"""

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from bson import Binary
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError

from core import clock, media_types, text
from core.documents import DATABASE, DocumentsAway
from core.errors import Conflict, Invalid, NotFound, Problems
from core.ground import Ground
from core.ids import uuid7
from models import Permission
from services.jobs import Job
from services.transaction import Transaction

SIZE_MOST: Final = 20 * 1024 * 1024
WAITING_MOST: Final = 20
OPEN_FOR: Final = timedelta(minutes=15)
KEPT: Final = timedelta(hours=1)
PIECE: Final = 200_000
FILENAME_LONGEST: Final = 200
_UPLOADS: Final = "uploads"
_PIECES: Final = "upload_parts"
_TIMEOUT: Final = 5.0
_SWEPT_AT_ONCE: Final = 500
_TOKEN: Final = re.compile(r"([0-9a-f]{32})-([\w-]{43})", re.ASCII)
_ENDINGS: Final = {
    "pdf": media_types.PDF,
    "docx": media_types.DOCX,
    "csv": media_types.CSV,
    "txt": media_types.TEXT,
}


class UploadUnknown(NotFound):
    """There is no such upload: it was used, has run out, or never was."""


class UploadUnfinished(Conflict):
    """The file of this upload has not arrived: send it to the upload's address first."""

    code = "UPLOAD_UNFINISHED"


class UploadsFull(Conflict):
    """A workspace may have 20 files waiting to be used: use some of them, or wait for an hour."""

    code = "LIMIT_REACHED"


class FileKindUnknown(Invalid):
    """A file is a PDF, DOCX, CSV or TXT."""

    code = "FILE_KIND_UNKNOWN"


class FileTooLarge(Invalid):
    """A file has 1 byte to 20 MiB, and as many as were announced."""

    code = "TOO_LARGE"


class ExpireUploads(Job):
    """Delete the files that nobody used."""


class _State(StrEnum):
    WAITING = "waiting"
    ARRIVING = "arriving"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadDraft:
    """What is announced: a file's name, its type and its size in bytes."""

    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An upload that waits for its file. The token is shown this once."""

    id: UUID
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that has arrived."""

    filename: str
    content_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What is known of a file that has arrived, without the file."""

    filename: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """An upload whose file is being received: at most `size` bytes."""

    id: UUID
    workspace_id: UUID
    size: int


async def announce(tx: Transaction, draft: UploadDraft) -> Announced:
    """Make room for a file.

    Raises:
        Invalid: the name, the type or the size is not acceptable.
        UploadsFull: there are twenty waiting.
        DocumentsAway: the store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    filename, content_type = _checked(draft)
    uploads = _collection(tx.ground, _UPLOADS)
    upload_id, secret, now = uuid7(), secrets.token_urlsafe(32), clock.now()
    record = {
        "_id": upload_id,
        "workspace_id": tx.workspace_id,
        "user_id": tx.actor.user_id,
        "digest": _digest(secret),
        "filename": filename,
        "content_type": content_type,
        "size": draft.size,
        "state": _State.WAITING.value,
        "created_at": now,
        "expires_at": now + OPEN_FOR,
    }
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            if await uploads.count_documents({"workspace_id": tx.workspace_id}) >= WAITING_MOST:
                raise UploadsFull
            await uploads.insert_one(record)
    return Announced(id=upload_id, token=f"{upload_id.hex}-{secret}", expires_at=now + OPEN_FOR)


async def open_arrival(ground: Ground, token: str) -> Arrival:
    """Take an upload's token, to receive its file. Nobody else can meanwhile.

    Raises:
        UploadUnknown: the token is not good, or no more.
    """
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise UploadUnknown
    uploads, upload_id = _collection(ground, _UPLOADS), UUID(hex=found[1])
    waiting = {"_id": upload_id, "state": _State.WAITING.value, "expires_at": {"$gt": clock.now()}}
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            record = await uploads.find_one(waiting)
            if record is None or not hmac.compare_digest(record["digest"], _digest(found[2])):
                raise UploadUnknown
            claimed = await uploads.update_one(waiting, {"$set": {"state": _State.ARRIVING.value}})
    if claimed.modified_count != 1:
        raise UploadUnknown
    return Arrival(id=upload_id, workspace_id=record["workspace_id"], size=record["size"])


async def receive(ground: Ground, arrival: Arrival, chunks: AsyncIterator[bytes]) -> None:
    """Store a file as it comes. When it does not come whole, its address is good for another try.

    Raises:
        FileTooLarge: it has more bytes than were announced, or fewer.
    """
    try:
        await _store_all(ground, arrival, chunks)
        await _move(ground, arrival.id, _State.ARRIVED)
    except BaseException:
        await asyncio.shield(_begin_again(ground, arrival.id))
        raise


async def described(ground: Ground, workspace_id: UUID, upload_id: UUID) -> Announcement:
    """Say what has arrived, without reading it; raises as `arrived` does."""
    record = await _record(ground, workspace_id, upload_id)
    return Announcement(filename=record["filename"], content_type=record["content_type"])


async def arrived(ground: Ground, workspace_id: UUID, upload_id: UUID) -> Upload:
    """Return a file that has arrived, and leave it where it is until `discard`.

    Raises:
        UploadUnknown: there is none in this workspace.
        UploadUnfinished: it has not arrived yet.
    """
    pieces = _collection(ground, _PIECES)
    record = await _record(ground, workspace_id, upload_id)
    with _reached():
        body = bytearray()
        async for piece in pieces.find(_pieces_of(upload_id)).sort("_id", 1):
            body += piece["data"]
    if len(body) != record["size"]:
        raise UploadUnknown(field=("upload_id",))
    return Upload(filename=record["filename"], content_type=record["content_type"], body=bytes(body))


async def taken(ground: Ground, workspace_id: UUID, upload_id: UUID) -> Upload:
    """Return a file that has arrived, once: it is deleted. Raises as `arrived` does."""
    found = await arrived(ground, workspace_id, upload_id)
    if not await discard(ground, workspace_id, upload_id):
        raise UploadUnknown(field=("upload_id",))
    return found


async def discard(ground: Ground, workspace_id: UUID, upload_id: UUID) -> bool:
    """Delete an upload and its file; return whether it was there."""
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            gone = await _collection(ground, _UPLOADS).delete_one({"_id": upload_id, "workspace_id": workspace_id})
            if gone.deleted_count:
                await _collection(ground, _PIECES).delete_many(_pieces_of(upload_id))
    return gone.deleted_count == 1


async def discard_all(ground: Ground, workspace_id: UUID) -> None:
    """Delete the uploads of a workspace, and their files."""
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            found = await _collection(ground, _UPLOADS).find({"workspace_id": workspace_id}, {"_id": 1}).to_list()
    for each in found:
        await discard(ground, workspace_id, each["_id"])


async def expire(ground: Ground) -> int:
    """Delete the uploads that were announced an hour ago, and their files; return how many. The rest waits for the next
    time.
    """
    uploads, pieces = _collection(ground, _UPLOADS), _collection(ground, _PIECES)
    old = {"created_at": {"$lt": clock.now() - KEPT}}
    with _reached():
        found = await uploads.find(old, {"_id": 1}).limit(_SWEPT_AT_ONCE).to_list()
        for each in found:
            async with asyncio.timeout(_TIMEOUT):
                await pieces.delete_many(_pieces_of(each["_id"]))
                await uploads.delete_one({"_id": each["_id"]})
    return len(found)


async def _record(ground: Ground, workspace_id: UUID, upload_id: UUID) -> Mapping[str, Any]:
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            record = await _collection(ground, _UPLOADS).find_one({"_id": upload_id, "workspace_id": workspace_id})
    if record is None:
        raise UploadUnknown(field=("upload_id",))
    if record["state"] != _State.ARRIVED:
        raise UploadUnfinished(field=("upload_id",))
    return record


async def _store_all(ground: Ground, arrival: Arrival, chunks: AsyncIterator[bytes]) -> None:
    """Store what comes, in pieces."""
    waiting, size, place = bytearray(), 0, 0
    async for chunk in chunks:
        size += len(chunk)
        if size > arrival.size:
            raise FileTooLarge
        waiting += chunk
        while len(waiting) >= PIECE:
            await _store(ground, arrival, place, bytes(waiting[:PIECE]))
            del waiting[:PIECE]
            place += 1
    if size != arrival.size:
        raise FileTooLarge
    if waiting:
        await _store(ground, arrival, place, bytes(waiting))


async def _store(ground: Ground, arrival: Arrival, place: int, data: bytes) -> None:
    piece = {"_id": f"{arrival.id.hex}:{place:05}", "workspace_id": arrival.workspace_id, "data": Binary(data)}
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            await _collection(ground, _PIECES).insert_one(piece)


async def _move(ground: Ground, upload_id: UUID, state: _State) -> None:
    with _reached():
        async with asyncio.timeout(_TIMEOUT):
            change = {"$set": {"state": state.value}}
            moved = await _collection(ground, _UPLOADS).update_one(
                {"_id": upload_id, "state": _State.ARRIVING.value}, change
            )
    if moved.modified_count != 1:
        raise UploadUnknown


async def _begin_again(ground: Ground, upload_id: UUID) -> None:
    """Forget what came of a file; what cannot be forgotten now goes with the hourly job."""
    with suppress(DocumentsAway, UploadUnknown), _reached():
        async with asyncio.timeout(_TIMEOUT):
            await _collection(ground, _PIECES).delete_many(_pieces_of(upload_id))
        await _move(ground, upload_id, _State.WAITING)


def _pieces_of(upload_id: UUID) -> Mapping[str, Any]:
    return {"_id": {"$gte": f"{upload_id.hex}:", "$lt": f"{upload_id.hex};"}}


def _collection(ground: Ground, name: str) -> AsyncCollection[dict[str, Any]]:
    return ground.documents.client[DATABASE][name]


@contextmanager
def _reached() -> Generator[None]:
    """Say that the document store is away when it does not answer."""
    try:
        yield
    except (PyMongoError, TimeoutError) as error:
        raise DocumentsAway from error


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"upload " + secret.encode()).digest()


def _checked(draft: UploadDraft) -> tuple[str, str]:
    """Return the name without folders, and the type: the name's ending counts, for browsers call a CSV many things."""
    problems = Problems()
    filename, content_type = "", ""
    with problems.noting():
        bare = re.split(r"[/\\]", draft.filename)[-1]
        filename = text.clean_line(bare, field=("filename",), most=FILENAME_LONGEST)
    given = draft.content_type.partition(";")[0].strip().lower()
    named = _ENDINGS.get(filename.rpartition(".")[2].lower())
    content_type = named or (given if given in _ENDINGS.values() else "")
    if not content_type:
        problems.extend(FileKindUnknown(field=("content_type",)))
    if not 1 <= draft.size <= SIZE_MOST:
        problems.extend(FileTooLarge(field=("size",)))
    problems.raise_any()
    return filename, content_type
