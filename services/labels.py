"""Labels: coloured words that contacts are sorted with, in an order of the workspace's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, cast, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from core import text
from core.database import constraint_of
from core.errors import Conflict, DomainError, Invalid, NotFound, Problems
from core.ids import uuid7
from core.unset import UNSET, UnsetType
from models import EventType, Label, Permission
from services.transaction import Transaction

NAME_LONGEST: Final = 60
DESCRIPTION_LONGEST: Final = 500
MOST: Final = 500
_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_NAME_KEY: Final = "uq_labels_name"


class LabelUnknown(NotFound):
    """There is no such label in this workspace."""


class LabelNameTaken(Conflict):
    """There is a label with this name; accents and case do not count."""

    code = "LABEL_NAME_TAKEN"


class ColorInvalid(Invalid):
    """Write a colour as #RRGGBB."""

    code = "COLOR_INVALID"


class LabelsFull(Conflict):
    """A workspace may have 500 labels."""

    code = "LIMIT_REACHED"


class OrderIncomplete(Invalid):
    """Name every label once, in the new order."""

    code = "ORDER_INCOMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDraft:
    """What is said of a label; what is not given stays."""

    name: str | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET


async def create(tx: Transaction, draft: LabelDraft) -> Label:
    """Add a label, behind all others.

    Raises:
        Invalid: values are not acceptable; all are told.
        LabelNameTaken: another label has the name.
        LabelsFull: there are five hundred.
    """
    tx.require(Permission.LABELS_WRITE)
    values = _checked(draft)
    ordered = await _lock_order(tx)
    if len(ordered) >= MOST:
        raise LabelsFull
    last = max((each.position for each in ordered), default=0)
    label = Label(id=uuid7(), workspace_id=tx.workspace_id, position=last + 1, **values)
    tx.session.add(label)
    tx.audit("label.create", label)
    await _flush(tx)
    tx.publish(EventType.LABEL_CREATED, label.id)
    return label


async def change(tx: Transaction, label_id: UUID, draft: LabelDraft) -> Label:
    """Change a label; raises as `create` does, or `LabelUnknown`."""
    tx.require(Permission.LABELS_WRITE)
    values = _checked(draft)
    label = await _locked(tx, label_id)
    for name, value in values.items():
        setattr(label, name, value)
    if tx.session.is_modified(label):
        tx.audit("label.update", label)
        await _flush(tx)
        tx.publish(EventType.LABEL_UPDATED, label.id)
    return label


async def remove(tx: Transaction, label_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Delete labels, and take them off all contacts.

    Raises:
        LabelUnknown: one of them does not exist; nothing is changed.
    """
    tx.require(Permission.LABELS_WRITE)
    wanted = list(dict.fromkeys(label_ids))
    here = (Label.workspace_id == tx.workspace_id, Label.id.in_(wanted[:MOST]))
    found = (await tx.session.scalars(select(Label).where(*here).order_by(Label.id).with_for_update())).all()
    if len(found) != len(wanted):
        raise LabelUnknown(field=("ids",))
    for each in found:
        tx.audit("label.delete", each, changes={"name": {"before": each.name, "after": None}})
    await tx.session.execute(delete(Label).where(*here), execution_options={"synchronize_session": False})
    if wanted:
        tx.publish(EventType.LABEL_DELETED, *wanted)
    return wanted


async def reorder(tx: Transaction, label_ids: Sequence[UUID]) -> Sequence[Label]:
    """Put all labels into a new order.

    Raises:
        OrderIncomplete: the list does not name every label exactly once.
    """
    tx.require(Permission.LABELS_WRITE)
    labels = {each.id: each for each in await _lock_order(tx)}
    if sorted(labels) != sorted(label_ids):
        raise OrderIncomplete(field=("ids",))
    before = sorted(labels, key=lambda each: (labels[each].position, each))
    if before != list(label_ids):
        await _put(tx, label_ids)
        tx.audit("label.reorder", labels[before[0]], changes={"order": {"before": before, "after": list(label_ids)}})
        tx.publish(EventType.LABELS_REORDERED, *label_ids)
    return [labels[each] for each in label_ids]


async def _put(tx: Transaction, label_ids: Sequence[UUID]) -> None:
    """Give labels their places, in one statement, and load them again."""
    places = func.unnest(cast(list(label_ids), ARRAY(Uuid))).table_valued("id", with_ordinality="place")
    here = places.render_derived(name="places")
    moved = (Label.workspace_id == tx.workspace_id, Label.id == here.c.id)
    await tx.session.execute(
        update(Label).where(*moved).values(position=here.c.place), execution_options={"synchronize_session": False}
    )
    again = select(Label).where(Label.workspace_id == tx.workspace_id, Label.id.in_(label_ids))
    await tx.session.scalars(again.execution_options(populate_existing=True))


async def _lock_order(tx: Transaction) -> Sequence[Label]:
    """Lock the workspace's labels as a whole: a new one, and a new order, need to know all others."""
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"labels {tx.workspace_id}", 0))))
    statement = select(Label).where(Label.workspace_id == tx.workspace_id).order_by(Label.id).limit(MOST + 1)
    return (await tx.session.scalars(statement.with_for_update())).all()


async def _locked(tx: Transaction, label_id: UUID) -> Label:
    statement = select(Label).where(Label.workspace_id == tx.workspace_id, Label.id == label_id)
    label = await tx.session.scalar(statement.with_for_update())
    if label is None:
        raise LabelUnknown(field=("id",))
    return label


async def _flush(tx: Transaction) -> None:
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == _NAME_KEY:
            raise LabelNameTaken(field=("name",)) from error
        raise


def _checked(draft: LabelDraft) -> dict[str, str | None]:
    problems = Problems()
    values: dict[str, str | None] = {}
    for name in ("name", "color", "description"):
        value: str | UnsetType | None = getattr(draft, name)
        if isinstance(value, UnsetType):
            continue
        try:
            values[name] = _clean(name, value)
        except DomainError as error:
            problems.extend(error)
    problems.raise_any()
    return values


def _clean(name: str, value: str | None) -> str | None:
    if name == "description":
        return text.clean_text(value or "", field=(name,), most=DESCRIPTION_LONGEST, least=0) or None
    if value is None:
        raise text.Required(field=(name,))
    if name == "name":
        return text.clean_line(value, field=(name,), most=NAME_LONGEST)
    if not _COLOR.fullmatch(value):
        raise ColorInvalid(field=(name,))
    return value.upper()
