"""Personas: the voices of suggested replies. Six come with the product, a workspace may write fifty of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from ai.personas import Voice, spoken, voices
from core import text
from core.database import RowReading, constraint_of
from core.errors import Conflict, Invalid, NotFound, Problems
from core.ground import Ground
from core.ids import decode, encode, uuid7
from core.unset import UNSET, UnsetType
from models import BUILT_IN, CustomPersona, EventType, Permission, Persona, WorkspaceSettings
from services.access import Actor
from services.transaction import Transaction

MOST: Final = 50
NAME_LONGEST: Final = 60
INSTRUCTIONS_LONGEST: Final = 2_000
TOKENS: Final = (50, 2_000)
_PREFIX: Final = "persona"
_NAME_KEY: Final = "uq_personas_workspace_id_name_key"
_OWN: Final = "SELECT name, instructions, temperature, max_tokens FROM personas WHERE workspace_id = $1 AND id = $2"


class PersonaUnknown(NotFound):
    """There is no such persona: name one of the product's by its key, or one of the workspace's by its id."""


class PersonaNameTaken(Conflict):
    """There is a persona with this name; accents and case do not count."""

    code = "PERSONA_NAME_TAKEN"


class PersonasFull(Conflict):
    """A workspace may have 50 personas of its own."""

    code = "LIMIT_REACHED"


class TemperatureInvalid(Invalid):
    """Give a temperature from 0, always alike, to 1, most varied."""

    code = "TEMPERATURE_INVALID"


class MaxTokensInvalid(Invalid):
    """Let a reply have 50 to 2,000 tokens at most."""

    code = "MAX_TOKENS_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaDraft:
    """What is said of a persona; what is not given stays."""

    name: str | UnsetType | None = UNSET
    instructions: str | UnsetType | None = UNSET
    temperature: float | UnsetType | None = UNSET
    max_tokens: int | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenVoice:
    """A persona as a model is told of it, in one language."""

    name: str
    instructions: str
    temperature: float
    max_tokens: int


async def create(tx: Transaction, draft: PersonaDraft) -> CustomPersona:
    """Add a persona.

    Raises:
        Invalid: values are not acceptable; all are told.
        PersonaNameTaken: another persona of the workspace has the name.
        PersonasFull: there are fifty.
    """
    tx.require(Permission.AI_MANAGE)
    values = _checked(draft)
    await _lock(tx)
    count = select(func.count()).select_from(CustomPersona).where(CustomPersona.workspace_id == tx.workspace_id)
    if (await tx.session.scalar(count) or 0) >= MOST:
        raise PersonasFull
    row = CustomPersona(id=uuid7(), workspace_id=tx.workspace_id, created_by_id=tx.actor.user_id, **values)
    tx.session.add(row)
    await _note(tx, "persona.create", row)
    return row


async def change(tx: Transaction, persona_id: UUID, draft: PersonaDraft) -> CustomPersona:
    """Change a persona of the workspace; raises as `create` does, or `PersonaUnknown`."""
    tx.require(Permission.AI_MANAGE)
    values = _checked(draft)
    row = await _locked(tx, persona_id)
    for name, value in values.items():
        setattr(row, name, value)
    if tx.session.is_modified(row):
        await _note(tx, "persona.update", row)
    return row


async def remove(tx: Transaction, persona_id: UUID) -> UUID:
    """Delete a persona of the workspace.

    Raises:
        PersonaUnknown: it does not exist, or comes with the product.
    """
    tx.require(Permission.AI_MANAGE)
    row = await _locked(tx, persona_id)
    tx.audit("persona.delete", row, changes={"name": {"before": row.name, "after": None}})
    await tx.session.delete(row)
    tx.publish(EventType.SETTINGS_UPDATED, tx.workspace_id, changed=["personas"])
    return persona_id


async def every(ground: Ground, actor: Actor) -> Sequence[CustomPersona]:
    """Return all personas: the product's in the language of the workspace, then its own by name. The product's are made
    for this answer, and stored nowhere.
    """
    actor.require(Permission.AI_USE)
    own = select(CustomPersona).where(CustomPersona.workspace_id == actor.workspace_id)
    language = select(WorkspaceSettings.language).where(WorkspaceSettings.workspace_id == actor.workspace_id)
    async with ground.database.read(actor.workspace_id) as session:
        tag = await session.scalar(language) or ""
        rows = list(await session.scalars(own.order_by(CustomPersona.name_key, CustomPersona.id).limit(MOST)))
    return [*(_shown(own_id, _told(voices()[key], tag)) for own_id, key in BUILT_IN.items()), *rows]


async def find(reading: RowReading, workspace_id: UUID, name_or_id: str, language: str) -> SpokenVoice:
    """Return a persona as a model is told of it: the product's by its key (in either case) or id in a language (a
    BCP 47 tag), one of the workspace's by its id `persona_...` as it was written.

    Raises:
        PersonaUnknown: there is none.
    """
    key = decode(_PREFIX, name_or_id)
    voice = voices().get(known_as(name_or_id))
    if voice is not None:
        return _told(voice, language)
    rows: Sequence[Any] = () if key is None else await reading.fetch(_OWN, (workspace_id, key))
    if not rows:
        raise PersonaUnknown(field=("persona",))
    return SpokenVoice(**rows[0])


def default_of(chosen: Persona, own: UUID | None) -> str:
    """Return the one name of a workspace's voice: one of its own before the product's."""
    return chosen.value if own is None else encode(_PREFIX, own)


def known_as(name_or_id: str) -> str:
    """Return the one name of a persona: the product's have their key, the workspace's their id; what is none stays."""
    key = decode(_PREFIX, name_or_id)
    low = name_or_id.lower() if key is None else BUILT_IN.get(key, "")
    return low if low in voices() else name_or_id


def _told(voice: Voice, tag: str) -> SpokenVoice:
    language = spoken(tag)
    return SpokenVoice(
        name=voice.titles[language],
        instructions=voice.instructions[language],
        temperature=voice.temperature,
        max_tokens=voice.max_tokens,
    )


def _shown(id: UUID, voice: SpokenVoice) -> CustomPersona:
    return CustomPersona(
        id=id,
        name=voice.name,
        instructions=voice.instructions,
        temperature=voice.temperature,
        max_tokens=voice.max_tokens,
    )


async def _lock(tx: Transaction) -> None:
    """Let personas be added to the workspace one at a time: a new one needs to know how many there are."""
    name = f"personas {tx.workspace_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def _locked(tx: Transaction, persona_id: UUID) -> CustomPersona:
    here = (CustomPersona.workspace_id == tx.workspace_id, CustomPersona.id == persona_id)
    row = await tx.session.scalar(select(CustomPersona).where(*here).with_for_update())
    if row is None:
        raise PersonaUnknown(field=("id",))
    return row


async def _note(tx: Transaction, action: str, row: CustomPersona) -> None:
    tx.audit(action, row)
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == _NAME_KEY:
            raise PersonaNameTaken(field=("name",)) from error
        raise
    tx.publish(EventType.SETTINGS_UPDATED, tx.workspace_id, changed=["personas"])


def _checked(draft: PersonaDraft) -> dict[str, str | float | int]:
    problems = Problems()
    values: dict[str, str | float | int] = {}
    for name in ("name", "instructions", "temperature", "max_tokens"):
        value: str | float | UnsetType | None = getattr(draft, name)
        if isinstance(value, UnsetType):
            continue
        with problems.noting():
            values[name] = _clean(name, value)
    problems.raise_any()
    return values


def _clean(name: str, value: str | float | None) -> str | float | int:
    match name, value:
        case "name", str():
            return text.clean_line(value, field=(name,), most=NAME_LONGEST)
        case "instructions", str():
            return text.clean_text(value, field=(name,), most=INSTRUCTIONS_LONGEST)
        case "temperature", int() | float():
            if not 0 <= value <= 1:
                raise TemperatureInvalid(field=(name,))
            return value
        case "max_tokens", int():
            if not TOKENS[0] <= value <= TOKENS[1]:
                raise MaxTokensInvalid(field=(name,))
            return value
        case _:
            raise text.Required(field=(name,))
