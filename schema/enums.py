"""The enums of the tables, told to Strawberry once, before any type uses them, with a description of each value."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar, cast

import strawberry
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.enum import StrawberryEnumDefinition

from ai.catalogue import ModelProvider
from models import (
    AiAcceptanceGroup,
    AiUsageGroup,
    AiUsagePreset,
    CreditKind,
    EventType,
    Feature,
    FieldKind,
    IdentityKind,
    NotificationKind,
    Outcome,
    Permission,
    Persona,
    Role,
    RoutingStrategy,
    Sentiment,
    SuggestionState,
)

__all__ = [
    "AiAcceptanceGroup",
    "AiUsageGroup",
    "AiUsagePreset",
    "CreditKind",
    "EventType",
    "Feature",
    "FieldKind",
    "IdentityKind",
    "ModelProvider",
    "NotificationKind",
    "Outcome",
    "Permission",
    "Persona",
    "Role",
    "RoutingStrategy",
    "Sentiment",
    "SuggestionState",
    "described",
]

E = TypeVar("E", bound=type[StrEnum])


class ValueUndescribed(TypeError):
    """An enum's value has no description, or a description has no value."""


def described(kind: E, description: str, values: Mapping[str, str], *, name: str | None = None) -> E:
    """Tell Strawberry of an enum; `values` gives the description of every member by its name. `name` is what the API
    calls it, where that is another.
    """
    strawberry.enum(kind, name=name, description=description)
    definition = cast(
        "StrawberryEnumDefinition | StrawberryObjectDefinition", getattr(kind, "__strawberry_definition__", None)
    )
    if not isinstance(definition, StrawberryEnumDefinition) or {each.name for each in definition.values} != set(values):
        message = f"{kind.__name__}: describe each of its values, and nothing else"
        raise ValueUndescribed(message)
    for each in definition.values:
        each.description = values[each.name]
    return kind


def _sentence(name: str) -> str:
    return name.replace("_", " ").capitalize() + "."


described(
    Role,
    "What a person is in a workspace.",
    {
        "OWNER": "May do everything, and delete the workspace. There is always at least one.",
        "ADMIN": "May do everything but delete the workspace, or touch an owner.",
        "MEMBER": "Works with contacts and labels.",
        "VIEWER": "Reads; phone numbers are masked.",
    },
)

described(
    Permission,
    "One thing that a role, or one member, may be allowed to do.",
    {
        "CONTACTS_READ": "Read contacts.",
        "CONTACTS_WRITE": "Create, change, archive and restore contacts.",
        "CONTACTS_DELETE": "Delete contacts for good.",
        "PHONES_READ": "Read phone numbers in full; without it they are masked.",
        "LABELS_READ": "Read labels.",
        "LABELS_WRITE": "Create, change, order and delete labels.",
        "FIELDS_READ": "Read the definitions of custom fields.",
        "FIELDS_WRITE": "Create, change, order and archive custom fields.",
        "MEMBERS_READ": "See who is in the workspace.",
        "MEMBERS_WRITE": "Invite and remove people, and change what they may do.",
        "WORKSPACE_READ": "Read the workspace's name and usage.",
        "WORKSPACE_WRITE": "Change the workspace's name and description.",
        "WORKSPACE_DELETE": "Delete the workspace.",
        "SETTINGS_READ": "Read the workspace's settings.",
        "SETTINGS_WRITE": "Change the workspace's settings.",
        "AI_USE": "Have texts judged and replies written by models, which uses credits.",
        "AI_MANAGE": "Change keys of model providers, personas, prompts and budgets.",
        "KNOWLEDGE_READ": "Read and search the knowledge base.",
        "KNOWLEDGE_WRITE": "Change the knowledge base.",
        "AUDIT_READ": "Read the audit log, and what a person did.",
        "EVENTS_READ": "Subscribe to events.",
        "HEALTH_READ": "Read the detailed health report.",
    },
)

described(
    EventType,
    "What happened. An event may be about several things of one kind: see `subjectIds`.",
    {
        "CONTACT_CREATED": "Contacts were added.",
        "CONTACT_UPDATED": "Contacts were changed.",
        "CONTACT_ARCHIVED": "Contacts were put away.",
        "CONTACT_RESTORED": "Contacts were brought back.",
        "CONTACT_DELETED": "Contacts were deleted for good.",
        "CONTACT_LABELS_CHANGED": "Labels were put on contacts, or taken off.",
        "LABEL_CREATED": "A label was added.",
        "LABEL_UPDATED": "A label was changed.",
        "LABEL_DELETED": "A label was deleted, and taken off all contacts.",
        "LABELS_REORDERED": "The labels have a new order.",
        "CUSTOM_FIELD_CREATED": "A custom field was defined.",
        "CUSTOM_FIELD_UPDATED": "The definition of a custom field, or the order of the fields, was changed.",
        "CUSTOM_FIELD_ARCHIVED": "A custom field was put away.",
        "MEMBER_JOINED": "A person joined the workspace.",
        "MEMBER_ROLE_CHANGED": "What a person may do was changed.",
        "MEMBER_REMOVED": "A person left, or was removed.",
        "MEMBER_PROFILE_UPDATED": "A person changed their name or picture.",
        "INVITE_CREATED": "Somebody was invited.",
        "INVITE_REVOKED": "An invitation was withdrawn.",
        "SESSION_REVOKED": "A person was signed out on some device.",
        "SETTINGS_UPDATED": (
            "The workspace's settings were changed: `changed` names them, and is `personas`, `aiKeys`,"
            " `promptTemplates` or `aiBudgets` for what is set elsewhere."
        ),
        "CONTACT_LEAD_SCORED": "A contact's score was worked out anew.",
        "KNOWLEDGE_SOURCE_ADDED": "A source came into the knowledge base.",
        "KNOWLEDGE_SOURCE_CHANGED": "A source of the knowledge base has a new version, or is searchable now.",
        "KNOWLEDGE_SOURCE_DELETED": "A source left the knowledge base.",
        "SUGGESTION_CREATED": "A reply was suggested.",
        "SUGGESTION_DECIDED": "Somebody used, changed, rejected or sent a suggested reply.",
        "CREDITS_ADDED": "Credits were added: `amount`, and the `balance` after.",
        "CREDITS_LOW": "Credits run out: `alert` is eighty_percent_used, ten_left or five_left, with the `balance`.",
        "WORKSPACE_CREATED": "The workspace was founded.",
        "WORKSPACE_UPDATED": "The workspace's name or description was changed.",
        "WORKSPACE_DELETED": "The workspace was deleted.",
    },
)

described(
    NotificationKind,
    "Why a person is told. New kinds may be added: show the event as something that happened.",
    {
        "CONTACT_ASSIGNED": "Somebody made them look after a contact. `settings.notifications.assignment` silences it.",
        "ROLE_CHANGED": "Somebody changed what they may do.",
        "INVITE_ACCEPTED": "Somebody joined on their invitation: `actor`.",
        "CREDITS_LOW": "Credits run out, and they have `AI_MANAGE`: `aiCredits` says how many are left.",
    },
)

described(
    FieldKind,
    "What a custom field holds, and how its value is written in `customFields`.",
    {
        "TEXT": "A text of up to 2,000 characters.",
        "NUMBER": "A number.",
        "BOOLEAN": "True or false.",
        "DATE": 'A day: "2026-11-23".',
        "DATETIME": 'A moment with its offset: "2026-11-23T14:30:00-03:00".',
        "SELECT": "One of the field's options.",
        "MULTI_SELECT": "A list of the field's options.",
        "URL": "A web address that begins with http:// or https://.",
        "EMAIL": "An e-mail address.",
        "PHONE": "A phone number.",
    },
)

described(
    IdentityKind,
    "What sort of address names a contact.",
    {
        "PHONE": "A phone number in E.164.",
        "WHATSAPP_LID": "WhatsApp's own identifier of a person who hides their number.",
        "EMAIL": "An e-mail address.",
        "EXTERNAL": "The identifier of another system.",
    },
)

described(
    Sentiment,
    "How a contact sounded last.",
    {"POSITIVE": "Content.", "NEUTRAL": "Neither content nor upset.", "NEGATIVE": "Upset."},
)

described(
    RoutingStrategy,
    "How the model that answers is chosen.",
    {
        "COST_OPTIMIZED": "The cheapest that can do it.",
        "SPEED_OPTIMIZED": "The fastest that can do it.",
        "QUALITY_OPTIMIZED": "The best.",
        "BALANCED": "A balance of price, speed and quality.",
        "FAILOVER": "The first of the list that is available.",
    },
)

described(
    ModelProvider,
    "Who runs models.",
    {
        "OPENAI": "OpenAI.",
        "ANTHROPIC": "Anthropic.",
        "GOOGLE": "Google, with Gemini.",
        "GROQ": "Groq.",
        "MISTRAL": "Mistral AI, in the European Union.",
        "COHERE": "Cohere.",
        "TOGETHER": "Together AI.",
        "OLLAMA": "An Ollama of whoever runs this server.",
    },
)

described(
    Feature,
    "What a model is asked for.",
    {
        "COPILOT": "A reply that is suggested, as it is written.",
        "SMART_REPLIES": "Several short replies to choose from.",
        "SENTIMENT": "How somebody speaks.",
        "INTENT": "What a message is for.",
        "ENTITIES": "What a text names.",
        "SUMMARY": "What was said in a conversation.",
        "TRANSLATION": "A text in another language.",
        "LEAD_SCORE": "How likely a contact is to buy.",
        "CORRECTION": "A text without mistakes, or in another tone.",
        "KNOWLEDGE": "An answer out of the knowledge base.",
    },
)

described(Persona, "The voice of suggested replies.", {each.name: _sentence(each.name) for each in Persona})

described(
    CreditKind,
    "Why credits moved.",
    {
        "GRANT": "They came with the workspace or its plan.",
        "TOPUP": "They were bought.",
        "ADJUSTMENT": "They were put right by hand.",
        "CONSUME": "A model was asked.",
        "REFUND": "They were given back.",
    },
)

described(
    Feature,
    "What a model was asked for.",
    {
        "COPILOT": "A suggested reply.",
        "SMART_REPLIES": "Several short replies.",
        "SENTIMENT": "A mood.",
        "INTENT": "What a message is for.",
        "ENTITIES": "What a text names.",
        "SUMMARY": "A summary of a conversation.",
        "TRANSLATION": "A translation.",
        "LEAD_SCORE": "How promising a contact is.",
        "CORRECTION": "A corrected text.",
        "KNOWLEDGE": "An answer out of the knowledge base.",
    },
    name="AiFeature",
)

described(
    Outcome,
    "What became of a request to a model.",
    {
        "COMPLETED": "It was answered.",
        "PARTIAL": "The answer broke off.",
        "FAILED": "Nobody answered.",
        "BLOCKED": "The question or the answer was not safe.",
        "CANCELLED": "Whoever asked did not wait for the answer.",
    },
    name="AiOutcome",
)

described(
    AiUsageGroup,
    "What requests are counted by.",
    {
        "PROVIDER": "Who answered: `local` for what was found without a model.",
        "MODEL": "The model.",
        "FEATURE": "What it was asked for.",
        "USER": "Who asked.",
        "PERSONA": "The voice of the reply.",
        "OUTCOME": "What became of it.",
        "DAY": "The day.",
        "WEEK": "The week, which begins on Monday.",
        "MONTH": "The month.",
    },
)

described(
    AiUsagePreset,
    "A period by its name. Days begin at midnight in the time zone of the report.",
    {
        "TODAY": "Since midnight.",
        "LAST_7_DAYS": "Today and the six days before it.",
        "LAST_30_DAYS": "Today and the 29 days before it.",
        "THIS_MONTH": "Since the first of this month.",
        "LAST_MONTH": "The whole month before this one.",
    },
)

described(
    AiAcceptanceGroup,
    "What decisions about suggestions are counted by.",
    {"FEATURE": "What suggested it.", "MODEL": "The model that wrote it.", "PERSONA": "The voice of it."},
)

described(
    SuggestionState,
    "What became of a suggestion.",
    {
        "OFFERED": "It was made.",
        "SHOWN": "Somebody saw it.",
        "USED": "It was taken as it is.",
        "EDITED": "It was taken, and changed.",
        "REJECTED": "It was not wanted.",
        "SENT": "It was sent to the customer.",
    },
)
