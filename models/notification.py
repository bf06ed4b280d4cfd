"""What a person is told of because it concerns them, and which of their settings silences it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy.orm import InstrumentedAttribute

from models.setting import MemberSettings


class NotificationKind(StrEnum):
    """What happened to a person."""

    CONTACT_ASSIGNED = "contact_assigned"
    ROLE_CHANGED = "role_changed"
    INVITE_ACCEPTED = "invite_accepted"
    CREDITS_LOW = "credits_low"


SILENCED_BY: Mapping[NotificationKind, InstrumentedAttribute[bool]] = MappingProxyType(
    {NotificationKind.CONTACT_ASSIGNED: MemberSettings.notify_assignment}
)
"""The setting without which a person does not hear of a kind. What is not here is always told."""
