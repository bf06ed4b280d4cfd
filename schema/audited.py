"""How the changes of an audit entry are shown: in the API's words, and without phone numbers to those who may not read
them. What is stored keeps its own spelling, because the chain of the log covers it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

from strawberry.utils.str_converters import to_camel_case

from ai.catalogue import ModelProvider
from core import masking
from core.ids import encode
from models import Feature, FieldKind, IdentityKind, Permission, Persona, Role, RoutingStrategy, Sentiment
from schema.scalars import JSON

PREFIXES: Final[Mapping[str, str]] = {
    "Contact": "contact",
    "KnowledgeSource": "source",
    "Label": "label",
    "CustomField": "field",
    "CustomPersona": "persona",
    "PromptTemplate": "prompt",
    "User": "user",
    "Workspace": "workspace",
    "WorkspaceMember": "member",
    "WorkspaceInvite": "invite",
}
_REFERENCES: Final[Mapping[str, str]] = {
    "owner_id": "user",
    "created_by_id": "user",
    "invited_by_id": "user",
    "user_id": "user",
    "ai_persona_id": "persona",
    "workspace_id": "workspace",
    "session": "session",
    "labels": "label",
    "order": "label",
}
_NAMES: Final[Mapping[str, str]] = {
    "custom": "customFields",
    "external": "externalId",
    "whatsapp_lid": "whatsappId",
    "session": "sessionId",
}
_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "role": Role,
    "granted": Permission,
    "revoked": Permission,
    "sentiment": Sentiment,
    "kind": FieldKind,
    "ai_strategy": RoutingStrategy,
    "ai_persona": Persona,
    "ai_providers": ModelProvider,
    "provider": ModelProvider,
    "feature": Feature,
}
_ADDRESSES: Final = ("external", "whatsapp_lid")
_SIDES: Final = ("before", "after")

_Changes = dict[str, dict[str, Any]]


def shown(subject: str, changes: dict[str, Any]) -> JSON:
    """Show what changed."""
    found = _paired(changes)
    named_after = found.pop("named_after", None)
    if named_after is not None:
        name = found.get("name", {})
        found["name"] = {side: named_after[side] or name.get(side) for side in _SIDES}
    return _spelled(subject, found)


def masked(subject: str, changes: dict[str, Any]) -> JSON:
    """Show what changed, with most of each number and address hidden."""
    found = _paired(changes)
    found.pop("named_after", None)
    for name in _ADDRESSES:
        if name in found:
            found[name] = {side: _masked_address(found[name][side]) for side in _SIDES}
    if "identities" in found:
        identities = found["identities"]
        found["identities"] = {side: [_masked_identity(each) for each in identities[side] or ()] for side in _SIDES}
    return _spelled(subject, cast("_Changes", masking.numbers(found)))


def spelled(name: str) -> str:
    """Write the name of a column as the API does."""
    return _NAMES.get(name) or to_camel_case(name)


def _paired(changes: dict[str, Any]) -> _Changes:
    """Give every change its two sides: what was logged before all had them counts as what came."""
    return {name: _sides(value) for name, value in changes.items()}


def _sides(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not set(_SIDES).issuperset(cast("dict[str, Any]", value)):
        return {"before": None, "after": value}
    sides = cast("dict[str, Any]", value)
    return {side: sides.get(side) for side in _SIDES}


def _masked_address(value: str | None) -> str | None:
    return None if value is None else masking.address(value)


def _masked_identity(identity: dict[str, str]) -> dict[str, str]:
    return {**identity, "value": masking.address(identity["value"])}


def _spelled(subject: str, changes: _Changes) -> JSON:
    prefixes = {**_REFERENCES, "id": PREFIXES.get(subject)}

    def written(name: str, value: Any) -> Any:
        if name == "identities":
            return [{**each, "kind": _member(IdentityKind, each["kind"])} for each in value or ()]
        return _id(prefixes.get(name), value) if name not in _ENUMS else _member(_ENUMS[name], value)

    return cast(
        "JSON",
        {spelled(name): {side: written(name, value[side]) for side in _SIDES} for name, value in changes.items()},
    )


def _member(kind: type[StrEnum], value: Any) -> Any:
    """Write an enum's value as the API names it; one that there is no more stays."""
    if isinstance(value, list):
        return [_member(kind, each) for each in cast("list[Any]", value)]
    return kind(value).name if isinstance(value, str) and value in set(kind) else value


def _id(prefix: str | None, value: Any) -> Any:
    """Write ids as the API does; anything else stays."""
    if prefix is None or value is None:
        return value
    if isinstance(value, list):
        return [_id(prefix, each) for each in cast("list[Any]", value)]
    return encode(prefix, UUID(value))
