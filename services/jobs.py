"""The port to the job queue: typed jobs, put into the queue by the transaction that made them necessary.

A job says "go and look"; the truth stays in the domain's own tables. Delivery is at least once: a handler must bear
being run twice. Running jobs is the business of `workers/`, which also registers the handlers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import ClassVar, Final, get_type_hints
from uuid import UUID

import orjson
from pgqueuer.adapters.persistence.qb import QueryQueueBuilder
from sqlalchemy import text

from core.database import WriteSession

_BATCH: Final = 1_000
_FIELD_TYPES: Final = (str, int, bool, UUID, datetime)
_WORDS: Final = re.compile(r"(?<!^)(?=[A-Z])")

_COUNT_LIMIT: Final = 10_000
_BACKLOG: Final = text("""
    SELECT
        (SELECT count(*) FROM (SELECT FROM pgqueuer WHERE status IN ('queued', 'picked') LIMIT :limit) w) AS queued,
        (SELECT count(*) FROM (SELECT FROM pgqueuer WHERE status = 'failed' LIMIT :limit) h) AS held
""")

_registry: dict[str, type["Job"]] = {}


class JobMisdeclared(TypeError):
    """A job class cannot be queued: its name is taken, or a field is not a plain value."""


class JobUnreadable(ValueError):
    """A queued job does not fit any job class of this release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to do after the commit. Subclasses are frozen dataclasses named by an imperative: `SendMail`.

    Fields are `str`, `int`, `bool`, `UUID` or aware `datetime`, each perhaps `| None`. A field that is added later
    needs a default, because jobs of the older release are still in the queue.
    """

    entrypoint: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        # `slots=True` makes a second class of the same name in the first one's place
        name = cls.__dict__.get("entrypoint") or _WORDS.sub("_", cls.__name__).lower()
        known = _registry.get(name)
        if known is not None and (known.__module__, known.__name__) != (cls.__module__, cls.__name__):
            message = f"{cls.__qualname__}: the entrypoint {name!r} belongs to {known.__module__}.{known.__qualname__}"
            raise JobMisdeclared(message)
        cls.entrypoint = name
        _registry[name] = cls


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many jobs wait or run, and how many are held after failing. Counting stops at 10,000."""

    queued: int
    held: int


def payload_of(job: Job) -> bytes:
    """Write a job's fields as JSON."""
    _kinds(type(job))
    return orjson.dumps(
        {each.name: getattr(job, each.name) for each in fields(job)},
        default=_spelled,
        option=orjson.OPT_PASSTHROUGH_DATACLASS,
    )


def _spelled(value: object) -> str:
    """Write the ids that asyncpg makes: they are UUIDs of a class of its own, which orjson does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def parse(entrypoint: str, payload: bytes | None) -> Job:
    """Read a queued job. Unknown fields, of a newer release, are ignored.

    Raises:
        JobUnreadable: no class has this entrypoint, or the payload does not fit it.
    """
    kind = _registry.get(entrypoint)
    if kind is None:
        message = f"no job class has the entrypoint {entrypoint!r}"
        raise JobUnreadable(message)
    try:
        given: object = orjson.loads(payload or b"{}")
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        message = f"the payload of {entrypoint!r} is not a JSON object"
        raise JobUnreadable(message)
    values = dict(_values(kind, given))  # pyright: ignore[reportUnknownArgumentType]
    return kind(**values)


async def enqueue(session: WriteSession, jobs: Sequence[Job], *, after: timedelta | None = None) -> None:
    """Put jobs into the queue when the session's transaction commits, to be run `after` some time.

    What waits in the session is not flushed before.
    """
    if not session.is_begun:
        message = "jobs are enqueued inside a transaction: use `tx.enqueue`"
        raise RuntimeError(message)
    statement = _statement()
    delay = after or timedelta()
    for start in range(0, len(jobs), _BATCH):
        batch = jobs[start : start + _BATCH]
        count = len(batch)
        parameters = (
            [0] * count,
            [job.entrypoint for job in batch],
            [payload_of(job) for job in batch],
            [delay] * count,
            [None] * count,
            ["null"] * count,
        )
        await session.fetch(statement, *parameters)


@cache
def _statement() -> str:
    return QueryQueueBuilder().build_enqueue_query("raise")


async def backlog(session: WriteSession) -> Backlog:
    """Count the jobs that wait and those that are held, each up to a limit, as the system."""
    row = (await session.execute(_BACKLOG, {"limit": _COUNT_LIMIT})).one()
    return Backlog(queued=row.queued, held=row.held)


def _values(kind: type[Job], given: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, (allowed, optional) in _kinds(kind).items():
        if name in given:
            yield name, _value(kind, name, allowed, given[name], optional=optional)
        elif _is_required(kind, name):
            message = f"the payload of {kind.entrypoint!r} lacks {name!r}"
            raise JobUnreadable(message)


def _value(kind: type[Job], name: str, allowed: type, value: object, *, optional: bool) -> object:
    if value is None and optional:
        return None
    if type(value) is allowed:
        return value
    if isinstance(value, str) and allowed in (UUID, datetime):
        try:
            return UUID(value) if allowed is UUID else datetime.fromisoformat(value)
        except ValueError:
            pass
    message = f"the field {name!r} of {kind.entrypoint!r} is not a {allowed.__name__}"
    raise JobUnreadable(message)


def _is_required(kind: type[Job], name: str) -> bool:
    declared = next(each for each in fields(kind) if each.name == name)
    return declared.default is MISSING and declared.default_factory is MISSING


@cache
def _kinds(kind: type[Job]) -> Mapping[str, tuple[type, bool]]:
    """Return each field's type and whether it may be None."""
    hints = get_type_hints(kind)
    found: dict[str, tuple[type, bool]] = {}
    for each in fields(kind):
        parts = getattr(hints[each.name], "__args__", (hints[each.name],))
        plain = [part for part in parts if part is not type(None)]
        if len(plain) != 1 or plain[0] not in _FIELD_TYPES:
            message = f"{kind.__qualname__}.{each.name}: a job's field is a str, int, bool, UUID or datetime"
            raise JobMisdeclared(message)
        found[each.name] = (plain[0], len(plain) != len(parts))
    return found
