"""What can be refused about workspaces and the people in them."""

from core.errors import Conflict, Invalid, NotFound
from services.workspaces.founding import LimitReached

__all__ = [
    "AlreadyMember",
    "ConfirmationWrong",
    "InviteInvalid",
    "InviteUnknown",
    "LastOwner",
    "LimitReached",
    "MemberUnknown",
    "OwnerUnlimited",
    "RankTooHigh",
]


class LastOwner(Conflict):
    """A workspace keeps at least one owner: make somebody else an owner first."""

    code = "LAST_OWNER"


class RankTooHigh(Invalid):
    """You cannot give more than you have, nor change somebody above you."""

    code = "RANK_TOO_HIGH"


class OwnerUnlimited(Invalid):
    """Owners may do everything: give another role first."""


class MemberUnknown(NotFound):
    """There is no such person in this workspace."""


class InviteUnknown(NotFound):
    """There is no such open invitation in this workspace."""


class InviteInvalid(Invalid):
    """This invitation is not valid any more, or was made for another e-mail address."""

    code = "INVITE_INVALID"


class AlreadyMember(Conflict):
    """This person is in the workspace already."""

    code = "ALREADY_MEMBER"


class ConfirmationWrong(Invalid):
    """Type the workspace's name exactly to delete it."""

    code = "CONFIRMATION_WRONG"
