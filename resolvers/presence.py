"""Who of the team is at a contact right now."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Final
from uuid import UUID

import strawberry

from core.ephemeral import Members, Seat
from models import Permission
from resolvers.context import Context
from resolvers.fields import account_mutation, subscription
from resolvers.listening import heard
from schema.contact import Contact
from schema.presence import Presence, PresenceChanged, PresenceState, TypingSetInput, TypingSetPayload
from services import presence as at_contact

ContactId = Annotated[strawberry.ID, strawberry.argument(description="The contact that one looks at.")]

_QUIET: Final = 15.0


@subscription(Permission.CONTACTS_READ, PresenceChanged)
async def presence(context: Context, contact_id: ContactId) -> AsyncIterator[PresenceChanged]:
    """Who of the team is at a contact: first as it is, then each change. Whoever subscribes is there themselves, until
    they leave; whoever vanishes is gone after ten seconds. Nothing is kept, so there is nothing to resume.
    """
    key = Contact.key_of(contact_id, field=("contact_id",))
    with await at_contact.enter(context.ground, context.actor, context.identity.user_id, key) as seat:
        async with _while_allowed(context, seat):
            while True:
                members = await seat.get(_QUIET)
                if members is not None:
                    yield PresenceChanged(contact_id=contact_id, people=_people(members))


@asynccontextmanager
async def _while_allowed(context: Context, seat: Seat) -> AsyncGenerator[None]:
    """Listen to the log meanwhile, as other subscriptions do: whoever loses the right loses the seat."""
    listening = asyncio.create_task(_listen(context, seat), name="presence")
    try:
        yield
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _listen(context: Context, seat: Seat) -> None:
    try:
        async for _ in heard(context, None, Permission.CONTACTS_READ):
            pass
    except Exception as error:  # noqa: BLE001  (whoever holds the seat raises it again)
        seat.fail(error)


def _people(members: Members) -> list[Presence]:
    states = {False: PresenceState.VIEWING, True: PresenceState.TYPING}
    return [Presence(user_id=UUID(hex=each.name), state=states[each.is_busy]) for each in members]


@account_mutation(permission=Permission.CONTACTS_WRITE)
async def typing_set(context: Context, input: TypingSetInput) -> TypingSetPayload:
    """Say that one writes to a contact, or has stopped. It is told to whoever follows `presence`, and not kept."""
    key, user_id = Contact.key_of(input.contact_id, field=("contact_id",)), context.identity.user_id
    ground, actor = context.ground, context.actor
    return TypingSetPayload(holds_for=await at_contact.write(ground, actor, user_id, key, is_typing=input.is_typing))


MUTATIONS = (typing_set,)
SUBSCRIPTIONS = (presence,)
