"""Prompt templates: what a workspace adds to the instructions of a feature, in versions of which one is active or none.

A template holds placeholders such as `{{company}}`. Their values are facts, some of which customers write themselves:
each becomes one short line, and is never read as a placeholder again.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from core import clock, text
from core.errors import Invalid, NotFound
from core.ids import uuid7
from models import EventType, Feature, Permission, PromptTemplate
from services.transaction import Transaction

BODY_LONGEST: Final = 4_000
FACT_LONGEST: Final = 100
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_SAYABLE: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069{}]+")


class Placeholder(StrEnum):
    """What a template may leave open. `today` is the date where the workspace is, as its language writes dates."""

    COMPANY = "company"
    CONTACT_NAME = "contact_name"
    AGENT_NAME = "agent_name"
    TODAY = "today"


class TemplateUnknown(NotFound):
    """There is no such version of a prompt in this workspace."""


class PlaceholderUnknown(Invalid):
    """There is nothing that this placeholder could stand for."""

    code = "PLACEHOLDER_UNKNOWN"


async def save(tx: Transaction, feature: Feature, body: str) -> PromptTemplate:
    """Add a version for a feature, and make it the active one. The text that is active already stays as it is.

    Raises:
        Required, TextTooLong, TextInvalid: the text is not acceptable.
        PlaceholderUnknown: it holds a placeholder that nothing fills.
    """
    tx.require(Permission.AI_MANAGE)
    clean = _checked(body)
    await _lock(tx, feature)
    before = await _active(tx, feature)
    if before is not None and before.body == clean:
        return before
    await _rest(tx, before)
    here = (PromptTemplate.workspace_id == tx.workspace_id, PromptTemplate.feature == feature)
    newest = await tx.session.scalar(select(func.max(PromptTemplate.version)).where(*here))
    row = PromptTemplate(
        id=uuid7(),
        workspace_id=tx.workspace_id,
        feature=feature,
        version=(newest or 0) + 1,
        body=clean,
        is_active=True,
        created_by_id=tx.actor.user_id,
        created_at=clock.now(),
    )
    tx.session.add(row)
    await _note(tx, "prompt_template.save", row)
    return row


async def activate(tx: Transaction, template_id: UUID) -> PromptTemplate:
    """Make a version the active one of its feature.

    Raises:
        TemplateUnknown: there is none.
    """
    tx.require(Permission.AI_MANAGE)
    here = (PromptTemplate.workspace_id == tx.workspace_id, PromptTemplate.id == template_id)
    feature = await tx.session.scalar(select(PromptTemplate.feature).where(*here))
    if feature is None:
        raise TemplateUnknown(field=("id",))
    await _lock(tx, feature)
    row = (await tx.session.scalars(select(PromptTemplate).where(*here).with_for_update())).one()
    if not row.is_active:
        await _rest(tx, await _active(tx, feature))
        row.is_active = True
        await _note(tx, "prompt_template.activate", row)
    return row


async def deactivate(tx: Transaction, feature: Feature) -> PromptTemplate | None:
    """Add nothing to the instructions of a feature any more; return the version that was active, if one was."""
    tx.require(Permission.AI_MANAGE)
    await _lock(tx, feature)
    row = await _active(tx, feature)
    if row is not None:
        row.is_active = False
        await _note(tx, "prompt_template.deactivate", row)
    return row


def filled(body: str, facts: Mapping[str, str]) -> str:
    """Put facts into the placeholders of a text, by the names of `Placeholder`: each as one line of up to 100
    characters, without braces. One that is not given is left out. Names are in it: mask it like any other text.
    """
    return _PLACEHOLDER.sub(lambda found: _line(facts.get(found[1], "")), body)


def _line(fact: str) -> str:
    return " ".join(_UNSEEN.sub(" ", fact).split())[:FACT_LONGEST]


def _checked(body: str) -> str:
    clean = text.clean_text(body, field=("body",), most=BODY_LONGEST)
    for name in _PLACEHOLDER.findall(clean):
        if name not in set(Placeholder):
            said = f"{{{{{name}}}}} stands for nothing: use" if _SAYABLE.fullmatch(name) else "Use"
            known = ", ".join(f"{{{{{each}}}}}" for each in Placeholder)
            raise PlaceholderUnknown(f"{said} {known}.", field=("body",))
    return clean


async def _lock(tx: Transaction, feature: Feature) -> None:
    """Let the versions of a feature be changed by one at a time."""
    name = f"prompt templates {tx.workspace_id} {feature}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def _active(tx: Transaction, feature: Feature) -> PromptTemplate | None:
    here = (PromptTemplate.workspace_id == tx.workspace_id, PromptTemplate.feature == feature)
    return await tx.session.scalar(select(PromptTemplate).where(*here, PromptTemplate.is_active).with_for_update())


async def _rest(tx: Transaction, row: PromptTemplate | None) -> None:
    """Let a version rest before another becomes active: the index allows one at any moment."""
    if row is not None:
        row.is_active = False
        await tx.session.flush()


async def _note(tx: Transaction, action: str, row: PromptTemplate) -> None:
    tx.audit(action, row)
    await tx.session.flush()
    tx.publish(EventType.SETTINGS_UPDATED, tx.workspace_id, changed=["prompt_templates"])
