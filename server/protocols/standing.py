"""Who listens to a stream over HTTP has to stay welcome: their token, their session and their membership."""

import asyncio

from core import clock
from core.errors import DomainError, Unavailable
from core.security.tokens import TokenExpired
from resolvers.context import Context


async def until_unwelcome(context: Context, look: float) -> DomainError:
    """Wait until who is signed in may not stay, looked at every `look` seconds; return the reason.

    Nobody loses a stream because a store is away, and who is not signed in has nothing to lose.
    """
    while context.lost is None:
        left = look
        if context.caller is not None:
            left = (context.caller.expires_at - clock.now()).total_seconds()
            if left <= 0:
                return TokenExpired()
        await asyncio.sleep(min(look, left))
        try:
            await context.recheck(now=True)
        except Unavailable:
            continue
        except DomainError as error:
            return error
    return context.lost
