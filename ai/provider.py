"""The port to a model provider. Drivers know one wire format each; nobody else does."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from pydantic import SecretStr

from ai.messages import Completion, Delta, End, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, in seconds: for a connection, the first sign of an answer, each next one, and for closing."""

    connect: float = 3.0
    first: float = 20.0
    between: float = 15.0
    close: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What opens a provider: its key, or the address of a server of one's own, or both."""

    secret: SecretStr | None = None
    address: str | None = None

    @cached_property
    def scope(self) -> str:
        """A name that is the same for the same key in every process, and from which no key can be made."""
        secret = self.secret.get_secret_value() if self.secret is not None else ""
        return hashlib.blake2s(f"{self.address}\n{secret}".encode(), digest_size=8).hexdigest()

    @property
    def is_shared(self) -> bool:
        """Whether it opens the provider's own servers, which everybody asks."""
        return self.address is None


class Provider(Protocol):
    """A provider with one key."""

    @property
    def name(self) -> str:
        """The provider's name in the catalogue."""
        ...

    @property
    def scope(self) -> str:
        """A name for the key that says nothing of it: what a key may not do, another may."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether everybody asks the same servers; not with an address of one's own."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[Delta | End]:
        """Ask, and yield the answer as it comes: deltas, then one `End`. To close it closes the connection at once.

        Raises:
            ProviderFailed: of any kind, at any place.
        """
        ...


async def complete(provider: Provider, request: Request) -> Completion:
    """Ask, and wait for the whole answer. It is streamed underneath, so that silence is noticed and no time is lost.

    Raises:
        ProviderFailed: of any kind.
    """
    pieces: list[str] = []
    async with aclosing(provider.stream(request)) as stream:
        async for each in stream:
            if isinstance(each, End):
                return Completion(text="".join(pieces), finish=each.finish, usage=each.usage, model=request.model)
            pieces.append(each.text)
    raise AssertionError("a stream ends with its End or an error")
