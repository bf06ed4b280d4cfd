"""GraphQL over HTTP: one request, one answer, or a stream of them (September 2026 release of the specification).

Where the public audits of graphql-http and the published text differ, docs/decisions/0007 says what is done.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from resolvers.context import Context
from server.engine import Answer, Parameters, RequestRefused
from server.engine import errors as shown_errors
from server.engine.engine import Operation
from server.middleware import BODY_LIMIT, Head, Header, careful, request_id_of
from server.protocols import asgi, json_text, streams
from server.protocols.backing import Backing
from server.protocols.negotiation import Form, accepted, accepted_stream
from server.protocols.sockets import SocketsEnding, SocketsFull
from server.protocols.standing import until_unwelcome
from services.access import Origin

PREFLIGHT: Final = (b"graphql-require-preflight", b"apollo-require-preflight", b"x-graphql-require-preflight")
_USER_AGENT_LIMIT: Final = 300
_QUERY_LIMIT: Final = 8_192
_FIELDS: Final = 20
_OK: Final = 200
_PARTIAL: Final = 294
_IDENTITY: Final = b"identity"
_KINDS: Final = 100
_UTF_8: Final = frozenset({"utf-8", "utf8"})
_REFUSED: Final[Mapping[int, list[Header]]] = {
    405: [(b"allow", b"GET, POST")],
    408: [(b"connection", b"close")],
    415: [(b"accept-post", b"application/json")],
}
_RETRY: Final = {"RATE_LIMITED": 429, "COST_EXCEEDED": 422, "UNAVAILABLE": 503, "TIMEOUT": 503}


class HttpEndpoint:
    """Answers HTTP requests at the endpoint. A browser that opens the address gets `page`.

    `patience` is how many seconds a body may take to arrive, `pace` that of streams.
    """

    patience = 20.0
    pace = streams.Pace()

    def __init__(self, backing: Backing, page: Callable[[Request], Response]) -> None:
        self._engine = backing.engine
        self._persisted = backing.persisted
        self._house = backing.house
        self._sockets = backing.sockets
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        head = asgi.head_of(scope)
        if scope["method"] in ("GET", "HEAD") and _opens_a_page(scope, head):
            await self._page(Request(scope))(scope, receive, send)
            return
        form = accepted(asgi.line(head, b"accept"))
        ours: Sequence[Header] = scope["state"].get("ours", ())
        try:
            if form is None:
                message = f"Accept one of: {', '.join(each.value for each in Form)}."
                raise RequestRefused.because(message, status=406)
            operation = await self._prepared(scope, head, receive)
            if operation.kind is OperationType.SUBSCRIPTION:
                await self._stream(_streaming(form, head), operation, receive, careful(send, ours))
                return
            try:
                with self._sockets.operating():
                    answer = await self._engine.run(operation)
            except SocketsEnding:
                raise _cut(operation) from None
            if answer.errors or form.is_stream:
                await _respond(careful(send, ours), form, answer)
            else:
                await asgi.reply(send, _OK, asgi.encoded(answer.body), form.line, ours)
        except RequestRefused as refusal:
            await _refuse(careful(send, ours), form, refusal)
        except asgi.ClientGone:
            return

    async def _stream(self, form: Form, operation: Operation, receive: Receive, send: Send) -> None:
        """Send what a subscription yields, as long as its caller may listen."""
        context = operation.context
        # nobody can end a stream over HTTP but by hanging up, which a network does too
        context.drop()
        try:
            with self._sockets.streaming(context.origin.ip or "", context.caller):
                unwelcome = partial(until_unwelcome, context.fork(), self._sockets.limits.look)
                followed = streams.Followed(answers=self._engine.follow(operation), unwelcome=unwelcome)
                await streams.send_all(form, followed, receive, send, self.pace)
        except SocketsFull as full:
            raise RequestRefused.because(f"{full}.", code="TOO_MANY_STREAMS", status=429) from None

    async def _prepared(self, scope: Scope, head: Head, receive: Receive) -> Operation:
        """Read a request and check its operation. A bug on the way is shown as one."""
        try:
            is_get = scope["method"] == "GET"
            if is_get:
                parameters = _from_query(scope, head)
            else:
                _require_json(scope, head)
                first = asgi.Arrival(receive)
                body = asgi.whole(first.message, BODY_LIMIT)
                parameters = Parameters.of(_parsed(await self._late_body(first, receive) if body is None else body))
            is_stored = self._persisted.concern(parameters)
            if is_stored:
                parameters = await self._persisted.resolve(parameters)
            context = self._context(scope, head, receive)
            authorization = asgi.line(head, b"authorization")
            if authorization is not None and not context.recognise(authorization):
                await context.sign_in(authorization)
            operation = self._engine.prepare_known(parameters, context)
            if operation is None:
                operation = await self._engine.prepare(parameters, context)
            if is_get:
                _require_harmless(operation)
            if is_stored:
                await self._persisted.keep(parameters, context.origin.ip or "")
        except (RequestRefused, asgi.ClientGone):
            raise
        except Exception as error:  # noqa: BLE001  (whoever asks is told a request id, and the log what it was)
            shown = shown_errors.bug(request_id_of(scope), error)
            raise RequestRefused([GraphQLError(shown["message"], extensions=shown["extensions"])], 500) from None
        return operation

    async def _late_body(self, first: asgi.Arrival, receive: Receive) -> bytes:
        """Read a body of several messages, or one that is not here yet."""
        try:
            with self._sockets.arriving():
                async with asyncio.timeout(self.patience):
                    body = await asgi.body_of(first, receive, BODY_LIMIT)
        except SocketsEnding:
            raise asgi.ClientGone from None
        except TimeoutError:
            raise RequestRefused.because("The request took too long to arrive.", status=408) from None
        if body is None:
            message = f"The body may have {BODY_LIMIT} bytes."
            raise RequestRefused.because(message, code="PAYLOAD_TOO_LARGE", status=413)
        return body

    def _context(self, scope: Scope, head: Head, receive: Receive) -> Context:
        """Return the surroundings of a request's operation, before anybody signs in."""
        client, agent = scope.get("client"), head.get(b"user-agent")
        origin = Origin(
            client[0] if client else None,
            agent.decode("latin-1")[:_USER_AGENT_LIMIT] if agent else None,
            request_id_of(scope),
        )
        # what few requests bring is not read of the others
        after = asgi.line(head, b"last-event-id") if b"last-event-id" in head else None
        key = asgi.line(head, b"idempotency-key") if b"idempotency-key" in head else None
        context = Context(self._house, origin, resume_after=after, idempotency_key=key)
        context.hung_up = partial(asgi.hung_up, receive)
        return context


def _streaming(form: Form, head: Head) -> Form:
    """Return the form of a subscription's answers."""
    chosen = form if form.is_stream else accepted_stream(asgi.line(head, b"accept"))
    if chosen is None:
        message = f"A subscription streams: accept {Form.EVENTS.value} or {Form.MULTIPART.value}, or use a socket."
        raise RequestRefused.because(message, status=406)
    return chosen


def _cut(operation: Operation) -> RequestRefused:
    """Tell that the server stops before the answer is there. What others have a part in goes on without who asked."""
    seat = operation.context.seat
    if seat is not None and seat.is_cut:
        message = "The server is stopping: this may be done, or not. Look before you do it again."
        return RequestRefused.because(message, code="OUTCOME_UNKNOWN", status=503)
    return RequestRefused.because("The server is stopping: ask again.", code="UNAVAILABLE", status=503)


def _opens_a_page(scope: Scope, head: Head) -> bool:
    return b"text/html" in head.get(b"accept", b"") and not scope["query_string"]


def _from_query(scope: Scope, head: Head) -> Parameters:
    """Read a GET: stored documents alone, and only with a header that no page of a foreign origin can send unasked."""
    if not any(head.get(name) for name in PREFLIGHT):
        message = f"A GET needs the header `{PREFLIGHT[0].decode()}`; send other requests by POST."
        raise RequestRefused.because(message, status=405)
    raw = cast("bytes", scope["query_string"])
    if len(raw) > _QUERY_LIMIT:
        raise RequestRefused.because("The address is too long: send the request by POST.", status=414)
    try:
        given: dict[str, Any] = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        raise RequestRefused.because(f"The address may have {_FIELDS} parameters.") from None
    if "query" in given:
        raise RequestRefused.because("A GET names a stored document (`documentId`); send a text by POST.", status=405)
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _parsed(given[name].encode("utf-8", "surrogatepass"))
    return Parameters.of(given)


def _require_json(scope: Scope, head: Head) -> None:
    """Let nothing in that a page of a foreign origin may send without asking first, and nothing that is not UTF-8."""
    if scope["method"] != "POST":
        raise RequestRefused.because("Send the request by POST.", status=405)
    if not _is_json(head.get(b"content-type", b"")):
        raise RequestRefused.because("Send the request as application/json, in UTF-8.", status=415)
    encoding = head.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() != _IDENTITY:
        raise RequestRefused.because("Send the request uncompressed.", status=415)


def _require_harmless(operation: Operation) -> None:
    """Let no address that somebody follows change anything."""
    if operation.kind is OperationType.MUTATION:
        raise RequestRefused.because("Send a mutation by POST.", status=405)


@lru_cache(_KINDS)
def _is_json(line: bytes) -> bool:
    kind, *parameters = line.decode("latin-1").lower().split(";")
    given = {name.strip(): value.strip().strip('"') for name, _, value in (each.partition("=") for each in parameters)}
    return kind.strip() == "application/json" and given.get("charset", "utf-8") in _UTF_8


def _parsed(text: bytes) -> object:
    try:
        return json_text.parsed(text)
    except json_text.JsonRefused as error:
        message = f"Send a JSON object: {error}."
        code = "LIMIT_EXCEEDED" if isinstance(error, json_text.JsonTooDeep) else "BAD_REQUEST"
        raise RequestRefused.because(message, code=code) from None


def _status(form: Form, answer: Answer) -> int:
    code = answer.errors[0]["extensions"].get("code") if answer.errors else None
    if answer.is_refusal or (answer.data is None and code in _RETRY):
        return _RETRY.get(str(code), _OK)
    is_partial = form is Form.RESPONSE and answer.errors and answer.data is not None
    return _PARTIAL if is_partial else _OK


def _retry(answer: Answer) -> list[Header]:
    wait = answer.errors[0]["extensions"].get("retryAfter") if answer.errors else None
    return [] if wait is None else [(b"retry-after", str(max(1, round(wait))).encode())]


async def _respond(send: Send, form: Form, answer: Answer) -> None:
    """Send an answer that has errors, or is asked for as a stream."""
    if form.is_stream:
        await streams.send_one(form, answer, send)
    else:
        await _send(send, form, answer, _status(form, answer), _retry(answer))


async def _refuse(send: Send, form: Form | None, refusal: RequestRefused) -> None:
    """Tell what is wrong with a request. What is wrong with its document is told in a stream where one is asked for."""
    if form is not None and form.is_stream and refusal.of_document:
        await streams.send_one(form, refusal.answer, send)
        return
    shown = form if form is not None else Form.JSON
    status = _OK if refusal.of_document and shown is Form.JSON else refusal.status
    await _send(send, shown, refusal.answer, status, _REFUSED.get(refusal.status, []))


async def _send(send: Send, form: Form, answer: Answer, status: int, more: list[Header]) -> None:
    shown = Form.JSON if form.is_stream else form
    await asgi.reply(send, status, asgi.encoded(answer.body), shown.line, more)
