"""How promising contacts are."""

from functools import partial
from typing import Annotated

import strawberry

from ai.results import LeadScore as Found
from graph import Root
from models import Permission
from resolvers.asking import cost_of, turns_of
from resolvers.context import Context
from resolvers.fields import query
from schema.analysis import origin
from schema.asking import ConversationMessageInput
from schema.contact import Contact
from schema.lead import LeadFactor, LeadScoreResult, Recall
from services import leads
from services.assistant import explaining
from services.assistant.explaining import Reasons

ContactGiven = Annotated[strawberry.ID, strawberry.argument(description="The contact.")]
Messages = Annotated[
    list[ConversationMessageInput] | None,
    strawberry.argument(
        description="Up to 20 messages, the oldest first: what the customer wants, and how they sound, counts. They "
        "are read here, and not kept."
    ),
]

Explain = Annotated[
    bool,
    strawberry.argument(
        description="Whether a model, where one can be asked, is to say why. It needs `AI_USE`, and credits."
    ),
]


@query(Permission.CONTACTS_READ)
async def lead_score(
    context: Context, contact_id: ContactGiven, messages: Messages = None, explain: Explain = False
) -> LeadScoreResult:
    """How promising a contact is, by rules that can be followed: each factor gives some of its points."""
    key, said = Contact.key_of(contact_id, field=("contact_id",)), turns_of(messages or ())
    found = await leads.score(context.ground, context.actor, key, said)
    why = Reasons()
    if explain:
        asking = explaining.reasons(context.assistant, context.actor, key, found, said)
        why = await context.while_heard(asking)
    return _shown(found, why, partial(leads.history, context.ground, context.actor, key))


class LeadQueries(Root):
    """Queries about leads."""

    lead_score: LeadScoreResult = lead_score


def _shown(found: Found, why: Reasons, recall: Recall) -> LeadScoreResult:
    factors = [LeadFactor(name=e.name, points=e.points, most=e.most, known=e.is_known) for e in found.factors]
    return LeadScoreResult(
        score=found.score,
        factors=sorted(factors, key=lambda each: (-each.most, each.name)),
        recommendation=found.recommendation,
        reasons=list(why.texts),
        recall=recall,
        **origin(found, cost_of(why.paid)),
    )
