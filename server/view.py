"""The GraphQL endpoint: POST, WebSocket (graphql-transport-ws), and the explorer for a browser's GET."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, cast

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLRequestData
from strawberry.schema import BaseSchema
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message
from strawberry.types.unset import UNSET, UnsetType

from core.ground import Ground
from resolvers.context import Context
from server.middleware import request_id_of
from services.access import Origin
from services.feed import Feed

_TIMEOUT: Final = 30.0
_INIT_TIMEOUT: Final = timedelta(seconds=5)
_OPERATIONS_PER_SOCKET: Final = 20
_USER_AGENT_LIMIT: Final = 300


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    """One socket. A fault of one operation never ends it; a message that breaks the protocol does, with 4400."""

    async def handle_message(self, message: Message) -> None:
        """Check the shape of a message before the protocol's own rules."""
        fault = _fault(message)
        if fault is not None:
            await self.handle_invalid_message(fault)
            return
        await super().handle_message(message)

    @staticmethod
    def _get_pre_execution_close_reason(error: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        del error


class View(GraphQL[Context, None]):
    """The endpoint. Each request, and each operation on a socket, has a context of its own."""

    graphql_transport_ws_handler_class = Socket

    def __init__(self, schema: BaseSchema, ground: Ground, feed: Feed, page: Callable[[Request], Response]) -> None:
        super().__init__(
            schema,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=_INIT_TIMEOUT,
            max_subscriptions_per_connection=_OPERATIONS_PER_SOCKET,
            allowed_origins=ground.settings.server.allowed_origins,
        )
        self._ground = ground
        self._feed = feed
        self._page = page

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """Make the context of a request, signed in by its header, or of a socket, which signs in by a message."""
        del response
        origin = Origin(
            ip=request.client.host if request.client is not None else None,
            user_agent=request.headers.get("user-agent", "")[:_USER_AGENT_LIMIT] or None,
            request_id=request_id_of(request.scope),
        )
        context = Context(self._ground, self._feed, origin)
        if isinstance(request, Request):
            await context.sign_in(request.headers.get("authorization"))
        return context

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Sign in with the line of `connection_init`. A socket without one may do what is open to all."""
        line = (context.connection_params or {}).get("authorization")
        if line is not None:
            await context.sign_in(line if isinstance(line, str) else "")
            if context.caller is None:
                raise ConnectionRejectionError
        return UNSET

    async def render_graphql_ide(self, request: Request) -> Response:
        """Show the explorer."""
        return self._page(request)

    async def execute_operation(self, **given: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Run a request's operation, for so many seconds at most."""
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await super().execute_operation(**given)
        except TimeoutError:
            raise HTTPException(503, "The operation took too long: ask for less.") from None

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Read a request. Only JSON objects are requests."""
        if request.method != "POST":
            raise HTTPException(405, "Send the operation by POST.")
        return await super().parse_http_body(request)

    def parse_json(self, data: str | bytes) -> Any:
        """Read a body."""
        parsed: object = super().parse_json(data)
        if not isinstance(parsed, dict):
            raise HTTPException(400, "The body is a JSON object with `query`.")
        return cast("Any", parsed)

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON. Bad UTF-8, lone surrogates and very deep nesting are faults of the text like any other."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Write JSON."""
        return orjson.dumps(data).decode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve, and give refusals the shape of every other error."""
        if scope["type"] != "http":
            await self.run(WebSocket(scope, receive, send))
            return
        try:
            response = await self.run(Request(scope, receive))
        except HTTPException as refusal:
            response = _refusal(refusal)
        await response(scope, receive, send)


def _refusal(refusal: HTTPException) -> Response:
    headers = {"Allow": "POST"} if refusal.status_code == 405 else None
    body = {"errors": [{"message": refusal.reason, "extensions": {"code": "BAD_REQUEST"}}]}
    return JSONResponse(body, status_code=refusal.status_code, headers=headers)


def _fault(message: object) -> str | None:
    """Say what is wrong with the shape of a socket's message (graphql-ws PROTOCOL.md), if anything."""
    if not isinstance(message, dict):
        return "A message is an object"
    given = cast("Mapping[str, object]", message)
    if not isinstance(given.get("type"), str):
        return "A message has a type"
    if given["type"] not in ("subscribe", "complete"):
        return None
    if not isinstance(given.get("id"), str) or not given["id"]:
        return "A message has an id"
    return _payload_fault(given.get("payload")) if given["type"] == "subscribe" else None


def _payload_fault(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "A subscribe message has a payload"
    given = cast("Mapping[str, object]", payload)
    if not isinstance(given.get("query"), str):
        return "The query is a text"
    if not isinstance(given.get("variables"), (dict, type(None))):
        return "The variables are an object"
    if not isinstance(given.get("operationName"), (str, type(None))):
        return "The operation's name is a text"
    return None
