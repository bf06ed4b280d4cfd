"""People, as their colleagues see them."""

from datetime import datetime

import models
from graph import Entity
from models import Permission


class User(Entity[models.User], prefix="user", members=models.WorkspaceMember.user_id, require=Permission.MEMBERS_READ):
    """A person with an account. Others see of them what is here."""

    name: str
    """How they are called."""

    email: str
    """The address that they sign in with."""

    avatar_url: str | None
    """Where their picture is."""

    language: str
    """The language they chose, as a BCP 47 tag."""

    timezone: str
    """Their time zone, as an IANA name."""

    created_at: datetime
    """When they registered."""
