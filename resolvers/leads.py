"""How promising contacts are."""

from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from ai.results import LeadScore as Found
from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import query
from schema.contact import Contact
from schema.lead import LeadFactor, LeadMessageInput, LeadScoreResult
from services import leads
from services.leads import Message

ContactGiven = Annotated[strawberry.ID, strawberry.argument(description="The contact.")]
Messages = Annotated[
    list[LeadMessageInput] | None,
    strawberry.argument(
        description="Up to 20 messages, the oldest first: what the customer wants, and how they sound, counts. They "
        "are read here, and not kept."
    ),
]


@query(Permission.CONTACTS_READ)
async def lead_score(context: Context, contact_id: ContactGiven, messages: Messages = None) -> LeadScoreResult:
    """How promising a contact is, by rules that can be followed: each factor gives some of its points."""
    key = Contact.key_of(contact_id, field=("contact_id",))
    given = [Message(from_customer=each.from_customer, text=each.text) for each in messages or ()]
    return _shown(await leads.score(context.ground, context.actor, key, given), context, key)


class LeadQueries(Root):
    """Queries about leads."""

    lead_score: LeadScoreResult = lead_score


def _shown(found: Found, context: Context, contact_id: UUID) -> LeadScoreResult:
    factors = [LeadFactor(name=e.name, points=e.points, most=e.most, known=e.is_known) for e in found.factors]
    return LeadScoreResult(
        provider=found.provider,
        method=found.method,
        generated=found.generated,
        score=found.score,
        factors=sorted(factors, key=lambda each: (-each.most, each.name)),
        recommendation=found.recommendation,
        reasons=[],
        recall=partial(leads.history, context.ground, context.actor, contact_id),
    )
