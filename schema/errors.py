"""How a mutation tells what it refused: a list of user errors beside its answer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

import strawberry
from strawberry.utils.str_converters import to_camel_case

from core.errors import Problem
from schema.enums import described


class ErrorCode(StrEnum):
    """Stable names of what can be refused."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    UNAVAILABLE = "UNAVAILABLE"
    REQUIRED = "REQUIRED"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    TEXT_INVALID = "TEXT_INVALID"
    EMAIL_INVALID = "EMAIL_INVALID"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    URL_INVALID = "URL_INVALID"
    URL_NOT_ALLOWED = "URL_NOT_ALLOWED"
    PAGE_REFUSED = "PAGE_REFUSED"
    FETCH_FAILED = "FETCH_FAILED"
    FILE_KIND_UNKNOWN = "FILE_KIND_UNKNOWN"
    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_ENCRYPTED = "FILE_ENCRYPTED"
    FILE_WITHOUT_TEXT = "FILE_WITHOUT_TEXT"
    FILE_TOO_COMPLEX = "FILE_TOO_COMPLEX"
    COLUMNS_UNKNOWN = "COLUMNS_UNKNOWN"
    TOO_LARGE = "TOO_LARGE"
    UPLOAD_UNFINISHED = "UPLOAD_UNFINISHED"
    PHONE_INVALID = "PHONE_INVALID"
    WHATSAPP_ID_INVALID = "WHATSAPP_ID_INVALID"
    DOCUMENT_INVALID = "DOCUMENT_INVALID"
    TIMEZONE_UNKNOWN = "TIMEZONE_UNKNOWN"
    LANGUAGE_UNKNOWN = "LANGUAGE_UNKNOWN"
    CURRENCY_UNKNOWN = "CURRENCY_UNKNOWN"
    REGION_UNKNOWN = "REGION_UNKNOWN"
    PROVIDER_UNKNOWN = "PROVIDER_UNKNOWN"
    PROVIDER_KEYLESS = "PROVIDER_KEYLESS"
    KEY_INVALID = "KEY_INVALID"
    PERSONA_NAME_TAKEN = "PERSONA_NAME_TAKEN"
    TEMPERATURE_INVALID = "TEMPERATURE_INVALID"
    MAX_TOKENS_INVALID = "MAX_TOKENS_INVALID"
    PLACEHOLDER_UNKNOWN = "PLACEHOLDER_UNKNOWN"
    BUDGET_INVALID = "BUDGET_INVALID"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    PASSWORD_WEAK = "PASSWORD_WEAK"  # noqa: S105
    SECOND_FACTOR_REQUIRED = "SECOND_FACTOR_REQUIRED"
    SECOND_FACTOR_INVALID = "SECOND_FACTOR_INVALID"
    SECOND_FACTOR_ENABLED = "SECOND_FACTOR_ENABLED"
    SECOND_FACTOR_MISSING = "SECOND_FACTOR_MISSING"
    LINK_INVALID = "LINK_INVALID"
    REFRESH_INVALID = "REFRESH_INVALID"
    INVITE_INVALID = "INVITE_INVALID"
    ALREADY_MEMBER = "ALREADY_MEMBER"
    LAST_OWNER = "LAST_OWNER"
    RANK_TOO_HIGH = "RANK_TOO_HIGH"
    CONFIRMATION_WRONG = "CONFIRMATION_WRONG"
    LIMIT_REACHED = "LIMIT_REACHED"
    IDEMPOTENCY_KEY_INVALID = "IDEMPOTENCY_KEY_INVALID"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    GONE = "GONE"
    AI_DISABLED = "AI_DISABLED"
    PROVIDER_NEEDED = "PROVIDER_NEEDED"
    NO_MODEL_FITS = "NO_MODEL_FITS"
    CONTENT_BLOCKED = "CONTENT_BLOCKED"
    TOO_MANY_STREAMS = "TOO_MANY_STREAMS"
    CREDITS_SPENT = "CREDITS_SPENT"
    FEATURE_BUDGET_SPENT = "FEATURE_BUDGET_SPENT"
    ADDRESS_MISSING = "ADDRESS_MISSING"
    CONTACT_DUPLICATE = "CONTACT_DUPLICATE"
    STALE = "STALE"
    OWNER_UNKNOWN = "OWNER_UNKNOWN"
    LEAD_SCORE_INVALID = "LEAD_SCORE_INVALID"
    CUSTOM_VALUE_INVALID = "CUSTOM_VALUE_INVALID"
    FIELD_KEY_INVALID = "FIELD_KEY_INVALID"
    FIELD_KEY_TAKEN = "FIELD_KEY_TAKEN"
    OPTIONS_INVALID = "OPTIONS_INVALID"
    LABEL_NAME_TAKEN = "LABEL_NAME_TAKEN"
    COLOR_INVALID = "COLOR_INVALID"
    PAIRS_INVALID = "PAIRS_INVALID"
    CONTENT_INVALID = "CONTENT_INVALID"
    ORDER_INCOMPLETE = "ORDER_INCOMPLETE"
    BAD_CURSOR = "BAD_CURSOR"
    BAD_FILTER = "BAD_FILTER"
    BAD_ORDER = "BAD_ORDER"
    BAD_PAGE_SIZE = "BAD_PAGE_SIZE"


_MEANINGS = {
    "INVALID": "A value is not acceptable; the message says what is.",
    "NOT_FOUND": "There is no such thing in this workspace.",
    "CONFLICT": "The stored state does not allow this.",
    "UNAVAILABLE": "A part of the service was not available.",
    "REQUIRED": "A value is missing, or empty.",
    "TOO_LONG": "A text is too long.",
    "TOO_MANY": "More things at once than are accepted.",
    "TEXT_INVALID": "A text holds control characters.",
    "EMAIL_INVALID": "This is no e-mail address.",
    "EMAIL_TAKEN": "There is an account with this e-mail address.",
    "URL_INVALID": "This is no web address.",
    "URL_NOT_ALLOWED": "This address leads to no page of the public internet.",
    "PAGE_REFUSED": "The page's server does not give it out.",
    "FETCH_FAILED": "The page's server did not answer as it should, several times.",
    "FILE_KIND_UNKNOWN": "Files of this kind cannot be read.",
    "FILE_UNREADABLE": "The file is damaged, or is not of the kind that it says.",
    "FILE_ENCRYPTED": "The file asks for a password.",
    "FILE_WITHOUT_TEXT": "There is no text in the file: it may be scanned.",
    "FILE_TOO_COMPLEX": "The file takes too long, or too much memory, to be read.",
    "COLUMNS_UNKNOWN": "The first line of a table of products does not name its columns.",
    "TOO_LARGE": "A file has too many bytes.",
    "UPLOAD_UNFINISHED": "The file of this upload has not arrived.",
    "PHONE_INVALID": "This is no phone number.",
    "WHATSAPP_ID_INVALID": "This is no WhatsApp id.",
    "DOCUMENT_INVALID": "The check digits of a CPF or CNPJ do not fit.",
    "TIMEZONE_UNKNOWN": "This is no time zone of the IANA list.",
    "LANGUAGE_UNKNOWN": "This is no language tag (BCP 47).",
    "CURRENCY_UNKNOWN": "This is no currency of ISO 4217.",
    "REGION_UNKNOWN": "This is no country of ISO 3166 that has phone numbers.",
    "PROVIDER_UNKNOWN": "There is no such provider of models.",
    "PROVIDER_KEYLESS": "This provider is opened by the server's address of it, not by a key of a workspace.",
    "KEY_INVALID": "This is no key of a provider.",
    "PERSONA_NAME_TAKEN": "There is a persona with this name.",
    "TEMPERATURE_INVALID": "A temperature is from 0 to 1.",
    "MAX_TOKENS_INVALID": "A reply has 50 to 2,000 tokens at most.",
    "PLACEHOLDER_UNKNOWN": "There is nothing that a placeholder of this name could stand for.",
    "BUDGET_INVALID": "A budget is from 0 to 1,000,000,000 credits a month.",
    "INVALID_CREDENTIALS": "The e-mail address or the password is not right.",
    "PASSWORD_WEAK": "The password is too short, or easy to guess.",
    "SECOND_FACTOR_REQUIRED": "The account asks for a code of its second factor.",
    "SECOND_FACTOR_INVALID": "The code of the second factor is not right, or was used.",
    "SECOND_FACTOR_ENABLED": "The second factor is on already.",
    "SECOND_FACTOR_MISSING": "The second factor is off.",
    "LINK_INVALID": "A mailed link was used, has run out, or never was.",
    "REFRESH_INVALID": "A refresh token was used, has run out, or never was: sign in again.",
    "INVITE_INVALID": "An invitation was used or withdrawn, has run out, or is for somebody else.",
    "ALREADY_MEMBER": "The person is in the workspace already.",
    "LAST_OWNER": "A workspace keeps at least one owner.",
    "RANK_TOO_HIGH": "Nobody gives more than they have, or changes somebody above them.",
    "CONFIRMATION_WRONG": "What had to be typed to confirm was not typed exactly.",
    "LIMIT_REACHED": "There are as many as there may be.",
    "IDEMPOTENCY_KEY_INVALID": "This is no idempotency key.",
    "IDEMPOTENCY_KEY_REUSED": "The idempotency key was used for something else in the last 24 hours.",
    "CREDITS_SPENT": "The workspace has too few credits left.",
    "FEATURE_BUDGET_SPENT": "This feature has used what it may in this month.",
    "PROVIDER_NEEDED": "Only a model can do this, and none can be asked: a key is missing.",
    "NO_MODEL_FITS": "No model that can be asked fits this; `aiRouteExplain` shows why.",
    "CONTENT_BLOCKED": "The safety filter has stopped this; the message says why.",
    "TOO_MANY_STREAMS": "You follow as many suggestions at once as you may.",
    "AI_DISABLED": "Suggestions are turned off in this workspace.",
    "GONE": "It was done under this key before, and what it made is gone by now.",
    "ADDRESS_MISSING": "Nothing names the contact.",
    "CONTACT_DUPLICATE": "Another contact has this address: see `duplicateOf`.",
    "STALE": "It was changed meanwhile: load it again.",
    "OWNER_UNKNOWN": "The owner is nobody of this workspace.",
    "LEAD_SCORE_INVALID": "A lead score is from 0 to 100.",
    "CUSTOM_VALUE_INVALID": "A custom field does not accept this value.",
    "FIELD_KEY_INVALID": "This is no key of a custom field.",
    "FIELD_KEY_TAKEN": "There is, or was, a custom field with this key.",
    "OPTIONS_INVALID": "Select fields have 1 to 200 different options, all others none.",
    "LABEL_NAME_TAKEN": "There is a label with this name.",
    "COLOR_INVALID": "This is no colour of the form #RRGGBB.",
    "PAIRS_INVALID": "A FAQ has 1 to 500 pairs and no text of its own; anything else has a text.",
    "CONTENT_INVALID": "A source is made from one thing: a text, pairs, a page or a file.",
    "ORDER_INCOMPLETE": "A new order names everything once.",
    "BAD_CURSOR": "A cursor belongs to another list, or is none.",
    "BAD_FILTER": "A filter is not acceptable.",
    "BAD_ORDER": "An order is not acceptable.",
    "BAD_PAGE_SIZE": "A page has 1 to 100 items.",
}

described(ErrorCode, "Why a mutation was refused. New codes may be added: treat an unknown one as INVALID.", _MEANINGS)


@strawberry.type(description="One value, or one act, that was refused. Nothing was changed.")
class UserError:
    code: ErrorCode = strawberry.field(description="The stable name of the reason.")
    message: str = strawberry.field(description="A sentence that says what would be accepted.")
    field: list[str] = strawberry.field(
        description="The path of the refused value inside `input`; empty for the whole."
    )


@strawberry.interface(description="What every mutation answers.")
class MutationPayload:
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was refused, and why; empty when it was done."
    )

    @classmethod
    def refusing(cls, problems: Sequence[Problem]) -> Self:
        """Make the answer to a refused mutation. Payloads that tell more of a conflict override this."""
        return cls(user_errors=[user_error(problem) for problem in problems])


def user_error(problem: Problem) -> UserError:
    """Show one refused value."""
    return UserError(code=ErrorCode(problem.code), message=problem.message, field=spelled(problem.field))


def spelled(field: Sequence[str]) -> list[str]:
    """Spell a path as the API does. Below `customFields` stand the workspace's own keys, which are left alone."""
    path: list[str] = []
    for each in field:
        path.append(each if "customFields" in path else to_camel_case(each))
    return path
