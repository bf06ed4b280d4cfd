"""Which function does which job. Handlers register when their module is imported; `workers.topics` imports all.

A handler opens its own transactions through a service's verb, and must bear being run twice: delivery is at least once.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeVar

from core.ground import Ground
from services.jobs import Job

J = TypeVar("J", bound=Job)

TIMEOUT: Final = 60.0
TRIES: Final = 5


class HandlerMisdeclared(TypeError):
    """Two functions want the same job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """A registered function, how many seconds it may take, and how often it is tried before the job is held."""

    call: Callable[[Ground, Any], Awaitable[None]]
    timeout: float
    tries: int


_handlers: dict[str, Handler] = {}


def handles(
    kind: type[J], *, timeout: float = TIMEOUT, tries: int = TRIES
) -> Callable[[Callable[[Ground, J], Awaitable[None]]], Callable[[Ground, J], Awaitable[None]]]:
    """Register the decorated function as the one that does jobs of a class."""

    def register(call: Callable[[Ground, J], Awaitable[None]]) -> Callable[[Ground, J], Awaitable[None]]:
        if kind.entrypoint in _handlers:
            message = f"{kind.__qualname__} has a handler already"
            raise HandlerMisdeclared(message)
        _handlers[kind.entrypoint] = Handler(call=call, timeout=timeout, tries=tries)
        return call

    return register


def handlers() -> Mapping[str, Handler]:
    """Return the handlers by entrypoint."""
    return MappingProxyType(_handlers)
