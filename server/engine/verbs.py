"""Mutations that are compiled: their root fields one after the other, each by its verb, without the executor.

What a verb did is never done again. Where an argument, an error or a payload is unusual, the executor runs that root
field, or completes what the verb came to, so that errors have one meaning only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from graphql import ExecutionResult, GraphQLError
from graphql.execution.values import VariableValues

from core.errors import Unavailable
from graph.plan import Root, Run, Verb, given_up
from resolvers.context import Context
from resolvers.once import Call
from server.engine.execution import Execution
from server.engine.planned import Showing, Told, opened


@dataclass(slots=True, kw_only=True)
class Performance:
    """One run of a mutation. `build` makes the executor, which is rarely needed, with what shows rows there."""

    roots: Mapping[str, Root]
    variables: VariableValues
    context: Context
    told: Told | None
    build: Callable[[], tuple[Execution, Showing | None]]
    _built: tuple[Execution, Showing | None] | None = None

    async def result(self) -> ExecutionResult:
        """Run all root fields, up to the first that leaves nothing of the answer."""
        data: dict[str, Any] = {}
        try:
            for key, root in self.roots.items():
                data[key] = await self._field(key, root)
        except GraphQLError as error:
            return self._executor.ended(None, error)
        return ExecutionResult(data, None) if self._built is None else self._executor.ended(data)

    @property
    def _executor(self) -> Execution:
        return self._made[0]

    @property
    def _made(self) -> tuple[Execution, Showing | None]:
        if self._built is None:
            self._built = self.build()
        return self._built

    async def _field(self, key: str, root: Root) -> Any:
        if isinstance(root.does, str):
            return await self._left(key, root, root.does)
        try:
            given = root.does.read(self.variables)
        except Exception as error:  # noqa: BLE001  (the executor meets it again, and tells where it belongs)
            return await self._left(key, root, given_up(error))
        self._note(key, None)
        outcome = root.does.act(self.context, Call(root.does.name, key), **given)
        try:
            payload = await outcome
        except Exception as error:  # noqa: BLE001  (the executor tells where it belongs)
            outcome = _raising(error)
        else:
            return await self._shown(key, root, root.does, payload)
        return await self._executor.completed(key, root.group, outcome)

    async def _left(self, key: str, root: Root, reason: str) -> Any:
        """Leave a root field to the executor before anything of it was done."""
        self._note(key, reason)
        return await self._executor.field(key, root.group)

    async def _shown(self, key: str, root: Root, verb: Verb, payload: object) -> Any:
        """Show a payload; one that is unusual is completed by the executor."""
        if verb.payload is None:
            return await self._completed(key, root, payload, verb.reason)
        note = None if self.told is None else partial(self._note_below, key)
        try:
            return await verb.payload.show(payload, self._opened, note)
        except Unavailable as error:
            lost, reason = error, None
        except Exception as error:  # noqa: BLE001  (the executor meets it again, and tells where it belongs)
            lost, reason = None, given_up(error)
        return await self._completed(key, root, payload, reason, lost)

    async def _completed(
        self, key: str, root: Root, payload: object, reason: str | None, lost: Unavailable | None = None
    ) -> Any:
        """Complete a payload by the executor, which does not ask again for what was `lost`."""
        self._note(key, reason)
        executor, showing = self._made
        if showing is not None:
            showing.lost = lost
        return await executor.completed(key, root.group, _returning(payload))

    def _opened(self) -> Run:
        return opened(self.context, self.variables)

    def _note(self, key: str, reason: str | None) -> None:
        if self.told is not None:
            self.told.note(key, reason)

    def _note_below(self, key: str, place: str) -> None:
        self._note(f"{key}.{place}", None)


async def _returning(payload: object) -> object:
    return payload


async def _raising(error: Exception) -> NoReturn:
    raise error
