"""What a resolver gets as `info.context`: who asks, the ground, and the loaders of this one operation."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, TypeVar

import strawberry

from core.errors import DomainError, Unauthenticated, Unavailable
from core.ground import Ground
from graph import Context as GraphContext
from services.access import Actor, Identity, NotWorkspaceMember, Origin
from services.accounts import sessions
from services.assistant.assistant import Assistant
from services.feed import Feed
from services.group_commit import GroupCommit, Seat
from services.idempotency import Asked

_BEARER: Final = "bearer "
_RECHECK_AFTER: Final = 5.0
_ENDS: Final = 5.0

T = TypeVar("T")


class ClientGone(Unavailable):
    """Nobody waits for this any more."""


class Keys:
    """What happens to be done once in an operation. `given` is the request's key.

    `asked` is what a mutation of accounts is asked for under a key, and `replayed` are the mutations that were answered
    again from what was kept.
    """

    def __init__(self, given: str | None) -> None:
        self.given = given
        self.asked: Asked | None = None
        self.replayed: list[str] = []
        self._taken = 0

    def take(self) -> tuple[str | None, bool]:
        """Return the request's key, and whether this is the first time that it is taken."""
        self._taken += 1
        return self.given, self._taken == 1


class _Standing:
    """Who signed in, or why nobody did; shared by all that runs on one socket, so that a renewal reaches all of it."""

    # each request makes one and sets little of it: the rest stays with the class
    caller: Identity | None = None
    refusal: DomainError | None = None
    lost: DomainError | None = None
    checked_at: float = 0.0
    is_dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all operations of a process stand on."""

    ground: Ground
    feed: Feed
    assistant: Assistant
    groups: GroupCommit


class Context:
    """One operation's surroundings. A socket keeps one for its life, and every operation on it works with a fork.

    `resume_after` is the cursor after which a dropped stream goes on (the header `Last-Event-ID`), `idempotency_key`
    the header of that name. Whoever opened a socket or a stream looks now and then whether the caller may stay.
    `hung_up` waits until the client is gone, where the operation is not cancelled by that itself.
    """

    hung_up: Callable[[], Coroutine[Any, Any, None]] | None = None
    _keys: Keys | None = None
    _graph: GraphContext | None = None
    _acting: tuple[Identity, Identity] | None = None

    def __init__(
        self,
        house: House,
        origin: Origin,
        *,
        resume_after: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        self.ground = house.ground
        self.feed = house.feed
        self.assistant = house.assistant
        self.groups = house.groups
        self.seat: Seat | None = None
        self.origin = origin
        self.resume_after = resume_after
        self.idempotency_key = idempotency_key
        self._standing = _Standing()

    @property
    def keys(self) -> Keys:
        """What happens to be done once in this operation."""
        if self._keys is None:
            self._keys = Keys(self.idempotency_key)
        return self._keys

    @property
    def replayed(self) -> list[str] | None:
        """The mutations that were answered again from what was kept, if any were."""
        return None if self._keys is None else self._keys.replayed

    @property
    def caller(self) -> Identity | None:
        """Who signed in, if anybody did: without an origin, which `identity` has."""
        return self._standing.caller

    @property
    def lost(self) -> DomainError | None:
        """Why who was signed in is so no more, or not in the workspace any more; None while they are."""
        return self._standing.lost

    @property
    def is_dropped(self) -> bool:
        """Whether the line to the client broke, rather than that the client ended what it followed."""
        return self._standing.is_dropped

    def drop(self) -> None:
        """Note that the line to the client breaks, here and in all forks."""
        self._standing.is_dropped = True

    async def while_heard(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what is worth its cost to a client that waits for it, such as asking a model: it is cancelled when the
        client hangs up. What writes for the workspace is not done here, and goes on.

        Raises:
            ClientGone: the client hung up.
        """
        if self.hung_up is None:
            return await work
        doing = asyncio.create_task(work, name="work for a client")
        leaving = asyncio.create_task(self.hung_up(), name="a client that may hang up")
        try:
            await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                # a line that broke looks the same
                self.drop()
                raise ClientGone
            return doing.result()
        finally:
            running = [each for each in (doing, leaving) if each.cancel()]
            if running:
                await asyncio.wait(running, timeout=_ENDS)

    def renew(self, caller: Identity) -> None:
        """Take a new sign-in of the same person, here and in all forks."""
        self._standing.caller, self._standing.refusal, self._standing.lost = caller, None, None

    @property
    def identity(self) -> Identity:
        """Who signed in.

        Raises:
            Unauthenticated: nobody did, or their token is not good (any more).
        """
        caller = self._signed_in
        if self._acting is None or self._acting[0] is not caller:
            self._acting = (caller, caller.coming_from(self.origin))
        return self._acting[1]

    @property
    def _signed_in(self) -> Identity:
        caller = self._standing.caller
        if caller is None:
            raise self._standing.refusal or Unauthenticated
        return caller

    @property
    def actor(self) -> Actor:
        """Who acts in which workspace.

        Raises:
            Unauthenticated: nobody signed in.
            NotWorkspaceMember: they are in no workspace.
        """
        return self.identity.working

    @property
    def graph(self) -> GraphContext:
        """The loaders of this operation, which see the actor's workspace."""
        if self._graph is None:
            self._graph = GraphContext(self._signed_in.working, self.ground.database)
        return self._graph

    def place(self, after: str | None) -> str | None:
        """Return the cursor that a stream begins behind: the given one, else where the client was when it dropped."""
        return self.resume_after if after is None else after

    def recognise(self, authorization: str) -> bool:
        """Take the line `Bearer <accessToken>` if that needs no look into the database, and tell whether it was so. A
        bad token is remembered, and refused where an identity is needed.
        """
        standing = self._standing
        standing.checked_at = time.monotonic()
        if authorization[: len(_BEARER)].lower() != _BEARER:
            return True
        try:
            found = sessions.recall(self.ground, _token(authorization))
        except DomainError as error:
            standing.refusal = error
            return True
        if found is not None:
            standing.caller = found
        return found is not None

    async def sign_in(self, authorization: str | None) -> None:
        """Take the line, with a look into the database if need be."""
        if not authorization or self.recognise(authorization):
            return
        try:
            self._standing.caller = await sessions.authenticate(self.ground, _token(authorization))
        except DomainError as error:
            self._standing.refusal = error

    @property
    def is_due(self) -> bool:
        """Whether it is time to look again at who signed in."""
        standing = self._standing
        return standing.caller is not None and time.monotonic() - standing.checked_at >= _RECHECK_AFTER

    async def recheck(self, *, now: bool = False) -> None:
        """Look again whether the session and the membership stand; at most every five seconds unless `now`.

        Raises:
            Unauthenticated: the session was ended.
            NotWorkspaceMember: the person was removed.
        """
        standing = self._standing
        caller = standing.caller
        if caller is None or not (now or self.is_due):
            return
        try:
            checked = await sessions.still_valid(self.ground, caller)
        except Unauthenticated as error:
            if standing.caller is not caller:
                return  # renewed meanwhile
            standing.caller, standing.refusal, standing.lost = None, error, error
            raise
        if standing.caller is not caller:
            return
        standing.caller, standing.checked_at = checked, time.monotonic()
        self._graph = None
        if caller.actor is not None and checked.actor is None:
            standing.lost = NotWorkspaceMember()
            raise standing.lost

    def fork(self) -> Self:
        """Make the surroundings of another operation of the same caller, with loaders of its own."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.keep_apart()
        return other

    def keep_apart(self) -> None:
        """Have keys and loaders of its own."""
        self._keys = self._graph = None

    def forget(self) -> None:
        """Drop what the loaders know: after a mutation, and before each event of a subscription."""
        self._graph = None


def _token(authorization: str) -> str:
    return authorization[len(_BEARER) :].strip()


Info: TypeAlias = strawberry.Info[Context, None]
