"""The engine: takes the parameters of a request, and answers with data, errors and extensions."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Hashable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    VariableNode,
)
from graphql.execution.values import VariableValues

from core.errors import DomainError
from core.limits import Quota
from core.settings import Introspection
from resolvers.context import Context
from resolvers.moments import Moment
from server.engine import amounts, budget, coercion, errors, execution
from server.engine.budget import Budget, BudgetSpent, Charge, OperationTooExpensive
from server.engine.documents import Definition, Document, Documents
from server.engine.execution import Execution
from server.engine.planned import NOTHING, Planned, Plans, Showing, Told
from server.engine.pricing import Price, Pricing
from server.engine.request import Answer, Parameters, RequestRefused
from server.engine.sharing import Answers, Group, Groups
from server.engine.verbs import Performance

TIMEOUT: Final = 30.0


@dataclass(slots=True)
class Operation:
    """One operation, ready to run: its document fits the schema, and its variables fit the document."""

    schema: GraphQLSchema
    definition: Definition
    parameters: Parameters
    variables: VariableValues
    context: Context
    price: Price
    plans: Plans
    told: Told | None = None
    _execution: Execution | None = None

    @property
    def execution(self) -> Execution:
        """The operation as the executor runs it."""
        if self._execution is None:
            self._execution = self.execution_of(self.definition.document.node)
        return self._execution

    def execution_of(self, document: DocumentNode) -> Execution:
        """The operation in another form of its document."""
        tells = self.definition.document.asks_for_schema
        return self._built(document, None if tells else self._showing())

    @property
    def performance(self) -> Performance | None:
        """The operation as a mutation whose root fields run by themselves; None if the executor runs all of it."""
        roots = self.plans.verbs(self.definition, self.variables, self.context)
        if roots is None:
            return None
        return Performance(
            roots=roots,
            variables=self.variables,
            context=self.context,
            told=self.told,
            build=self._beside,
        )

    def _beside(self) -> tuple[Execution, Showing | None]:
        """Make the executor for what verbs leave to it, and what shows rows there."""
        showing = self._showing()
        return self._built(self.definition.document.node, showing), showing

    def _showing(self) -> Showing | None:
        return self.plans.showing(self.definition, self.variables, self.context, self.told)

    def _built(self, document: DocumentNode, show: Showing | None) -> Execution:
        return execution.build(self.schema, document, self.parameters, self.context, show)

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.definition.kind

    @property
    def request_id(self) -> str | None:
        """What a caller is told to quote."""
        return self.context.origin.request_id


class Engine:
    """Runs the operations of one schema. `introspection` says who may ask for it; an operation may take `timeout`
    seconds. One that `explains` tells which root fields were compiled, and where resolvers' rows were shown by compiled
    views, and why others were not.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        points: Budget,
        introspection: Introspection,
        *,
        timeout: float = TIMEOUT,
        explains: bool = False,
    ) -> None:
        self.schema = schema
        self.documents = Documents(schema)
        self._pricing = Pricing(schema)
        self._points = points
        self._introspection = introspection
        self._timeout = timeout
        self._plans = Plans(schema, timeout)
        self._explains = explains
        self._groups = Groups()
        self._turn = asyncio.Lock()

    async def prepare(self, parameters: Parameters, context: Context) -> Operation:
        """Check a request. Its operation has the context for itself: whoever has further ones gives it a fork.

        Raises:
            RequestRefused: the request is faulty; nothing of it runs.
        """
        if parameters.query is None:
            raise RequestRefused.because("The request needs `query`, the text of a document.")
        suggests = self.shows_schema(context)
        document = self.documents.known(parameters.query) or await self._checked(parameters.query, suggests=suggests)
        if context.is_due:
            with suppress(DomainError):
                # a caller that lost the right is refused by the field that asks for it
                await context.recheck()
        return self._operation(document, parameters, context)

    def prepare_known(self, parameters: Parameters, context: Context) -> Operation | None:
        """Check a request, as `prepare` does, if nothing has to be waited for: its document is known, and nobody has to
        be looked at again.
        """
        document = None if parameters.query is None else self.documents.known(parameters.query)
        return None if document is None or context.is_due else self._operation(document, parameters, context)

    def _operation(self, document: Document, parameters: Parameters, context: Context) -> Operation:
        is_open = self.shows_schema(context)
        if not is_open and document.asks_for_schema:
            message = "This server does not show its schema here."
            raise RequestRefused.because(message, code="INTROSPECTION_REFUSED", status=403)
        definition = document.operation(parameters.operation_name)
        variables = definition.coercion.straight(parameters.variables)
        if variables is None:
            variables = self._coerced(definition, parameters, suggests=is_open)
        return Operation(
            self.schema,
            definition,
            parameters,
            variables,
            context,
            self._pricing.price(definition, variables.coerced),
            self._plans,
            Told() if self._explains and definition.kind is not OperationType.QUERY else None,
        )

    def _coerced(self, definition: Definition, parameters: Parameters, *, suggests: bool) -> VariableValues:
        """Look at the variables of a request, and coerce them.

        Raises:
            RequestRefused: they are too many, or do not fit.
        """
        node, given = definition.node, parameters.variables
        amounts.check(node, given, definition.document.uses)
        found = definition.coercion.of(given, suggests=suggests)
        if isinstance(found, list):
            raise RequestRefused(coercion.faults(self.schema, node, given, shows=suggests), of_document=True)
        return found

    async def _checked(self, text: str, *, suggests: bool) -> Document:
        """Check a document. Of those that are new one is looked at in a turn of the loop: whoever sends many at once
        waits for themselves, and the others do not.
        """
        async with self._turn:
            await asyncio.sleep(0)
            return self.documents.check(text, suggests=suggests)

    async def run(self, operation: Operation) -> Answer:
        """Run a query or a mutation, within its budget and its time."""
        price, context = operation.price, operation.context
        account, quota = _account_of(context)
        charge = self._points.charge_at_once(account, price.points, quota)
        if charge is None:
            try:
                charge = await self._points.charge(account, price.points, quota)
            except DomainError as refusal:
                return _refused(refusal)
        try:
            if operation.definition.kind is OperationType.QUERY:
                planned = await self._plans.answer(operation.definition, operation.variables, context)
            else:
                planned = NOTHING
            if planned.is_whole:
                answer = Answer(planned.data)
                if planned.errors:
                    answer.errors = errors.dressed(planned.errors, operation.request_id)
                spent = price.spent(None, planned.points)
            else:
                async with asyncio.timeout(self._timeout):
                    result = await self._left(operation, planned)
                # a null that reached the top is all that is answered
                spent = price.spent(result.data, 0 if result.data is None else planned.points)
                answer = _together(planned, result, operation)
        except TimeoutError:
            return self._timed_out(operation, charge)
        answer.extensions["cost"] = charge.settled(spent)
        if self._explains and planned.plan is not None:
            answer.extensions["plan"] = planned.told()
        if context.replayed:
            answer.extensions["idempotency"] = {"replayed": context.replayed}
        return answer

    async def _left(self, operation: Operation, planned: Planned) -> ExecutionResult:
        """Answer by resolvers what a plan leaves, with loaders that know nothing of its attempt."""
        operation.context.forget()
        performance = operation.performance if operation.kind is OperationType.MUTATION else None
        if performance is not None:
            return await performance.result()
        definition = operation.definition
        document = planned.remainder(definition.document.node, definition.node)
        return await operation.execution_of(document).result()

    async def follow(self, operation: Operation) -> AsyncGenerator[Answer]:
        """Run a subscription: yields an answer for each event, and ends with the last one. A refusal is the last.

        The first answer tells the cost: a subscription is paid for when it begins.
        """
        opening: dict[str, Any] = {}
        try:
            account, quota = _account_of(operation.context)
            charge = await self._points.charge(account, operation.price.points, quota)
            opening = {"cost": charge.settled(operation.price.points)}
            _heed_cancellation()
            source = await operation.execution.source()
            if isinstance(source, ExecutionResult):
                dressed = errors.dressed(source.errors, operation.request_id)
                yield Answer(errors=dressed, extensions=opening, is_refusal=True)
                return
            with self._groups.joined(_group_of(operation)) as group:
                async with aclosing(cast("AsyncGenerator[object]", source)) as events:
                    _heed_cancellation()
                    async for event in events:
                        for answer in await _answers(event, operation, group):
                            if answer is not None:
                                yield answer.opening(opening) if opening else answer
                                opening = {}
        except DomainError as error:
            yield _refused(error).opening(opening)
        except GraphQLError as error:
            dressed = errors.dressed([error], operation.request_id)
            yield Answer(errors=dressed, extensions=opening, is_refusal=True)
        except Exception as error:  # noqa: BLE001  (a bug of a source ends its stream, and nothing else)
            yield Answer(errors=[errors.bug(operation.request_id, error)], extensions=opening, is_refusal=True)

    def shows_schema(self, context: Context) -> bool:
        """Tell whether somebody may see the schema, and is told its names."""
        if self._introspection is Introspection.SIGNED_IN:
            return context.caller is not None
        return self._introspection is Introspection.ANYBODY

    def _timed_out(self, operation: Operation, charge: Charge) -> Answer:
        """Tell that the time is up. What was worked until then is not known: it costs what it might have."""
        seat = operation.context.seat
        advice = "this may be done, or not" if seat is not None and seat.is_cut else "ask for less"
        message = f"The operation took longer than {self._timeout:g} s: {advice}."
        extensions = {"code": "TIMEOUT", "requestId": operation.request_id}
        cost = charge.settled(operation.price.points)
        return Answer(errors=[{"message": message, "extensions": extensions}], extensions={"cost": cost})


def _account_of(context: Context) -> tuple[str, Quota]:
    """Name who pays, and out of which bucket."""
    caller = context.caller
    if caller is None:
        return f"address:{context.origin.ip or ''}", budget.ANONYMOUS
    return caller.account, budget.SIGNED_IN


def _together(planned: Planned, rest: ExecutionResult, operation: Operation) -> Answer:
    """Put both ways' answers together: a null that reaches the top is the whole answer."""
    if rest.data is None or planned.plan is None:
        return _answer(rest, operation)
    found = [*planned.errors, *(rest.errors or ())]
    return Answer(data=planned.merged(rest.data), errors=errors.dressed(found, operation.request_id))


def _refused(error: DomainError) -> Answer:
    """Answer with an expected error alone; one about points tells what was asked for and what is left."""
    is_about_points = isinstance(error, BudgetSpent | OperationTooExpensive)
    extensions: dict[str, Any] = {"cost": error.cost} if is_about_points else {}
    return Answer(errors=[errors.shown(error)], extensions=extensions, is_refusal=True)


def _heed_cancellation() -> None:
    """End here if this task was cancelled: what it awaited may have lost that, and a subscription would go on for ever.

    Until Python 3.12, `asyncio.wait_for`, which redis-py sends with, loses what comes while its work ends.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _answers(event: object, operation: Operation, group: Group) -> Answers:
    """Answer an event; one of a log is answered once for its whole group."""
    if not isinstance(event, Moment):
        operation.context.forget()
        return [_answer(await execution.awaited(operation.execution.event(event)), operation, event)]
    answers = await group.answers(event.seq, partial(_begun, event, operation))
    return answers[event.seen :] if event.seen else answers


def _begun(moment: Moment, operation: Operation) -> Answers | Awaitable[Answers]:
    """Answer a moment: at once when nothing has to be waited for, as it mostly is."""
    operation.context.forget()
    shown = moment.show()
    if inspect.isawaitable(shown):
        return _finished(shown, operation)
    results = [_event(each, operation) for each in shown]
    if any(inspect.isawaitable(each) for each in results):
        return _gathered(results, shown, operation)
    return [
        None if each is None else _answer(cast("ExecutionResult", result), operation, each)
        for result, each in zip(results, shown, strict=True)
    ]


def _event(payload: object, operation: Operation) -> object:
    return None if payload is None else operation.execution.event(payload)


async def _finished(shown: Awaitable[Sequence[object]], operation: Operation) -> Answers:
    events = await shown
    return await _gathered([_event(each, operation) for each in events], events, operation)


async def _gathered(results: Sequence[object], events: Sequence[object], operation: Operation) -> Answers:
    ended = [await execution.awaited(each) for each in results]
    return [
        None if each is None else _answer(result, operation, each) for result, each in zip(ended, events, strict=True)
    ]


def _group_of(operation: Operation) -> Hashable:
    """Name who gets the same answers: same text, variables (but the place to begin at), workspace and permissions."""
    caller = operation.context.caller
    actor = None if caller is None else caller.actor
    if actor is None:
        return object()
    place = _place_of(operation)
    given = {name: value for name, value in operation.variables.coerced.items() if name != place}
    written = orjson.dumps(given, default=repr, option=orjson.OPT_SORT_KEYS)
    node = operation.definition.node
    name = None if node.name is None else node.name.value
    return operation.definition.document.text, name, written, actor.workspace_id, actor.permissions


def _place_of(operation: Operation) -> str | None:
    """Name the variable that says after which event to begin, if it says nothing else."""
    arguments = [
        argument
        for each in operation.definition.node.selection_set.selections
        if isinstance(each, FieldNode)
        for argument in each.arguments or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    ]
    names = [cast("VariableNode", each.value).name.value for each in arguments]
    uses = operation.definition.document.uses
    return names[0] if names and uses.get(names[0]) == 1 else None


def _answer(result: ExecutionResult, operation: Operation, event: object = None) -> Answer:
    cursor: Any = getattr(event, "cursor", None)
    answer = Answer(data=result.data, errors=errors.dressed(result.errors, operation.request_id), cursor=cursor)
    if operation.told is not None:
        answer.extensions["plan"] = operation.told.words()
    return answer
