"""The ASGI application: its routes and what surrounds them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from core.settings import Environment
from resolvers import root
from resolvers.context import Context, House
from server import __version__, mailed_links
from server.engine import Engine
from server.engine.budget import Budget
from server.explorer import Explorer
from server.health import Health
from server.middleware import UPLOADS, Entrance, RequestLog
from server.persisted import PersistedDocuments
from server.protocols.backing import Backing
from server.protocols.connection import GRAPHQL
from server.protocols.http import PREFLIGHT, HttpEndpoint
from server.protocols.sockets import SocketLimits, Sockets
from server.protocols.websocket import SocketEndpoint
from server.uploads import UploadEndpoint
from services.access import Origin
from workers.supervisor import Workers

_DIST: Final = Path(__file__).parent.parent / "web" / "dist"
_PREFLIGHT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the application serves."""

    house: House
    workers: Workers | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The application, and the sockets that whoever stops it must end."""

    asgi: ASGIApp
    sockets: Sockets


def build(parts: Parts) -> App:
    """Put the application together. Everything in `parts` is open already, and closed by whoever opened it.

    Raises:
        ManifestUnusable: the file of trusted documents cannot be used.
    """
    ground, door = parts.house.ground, parts.house.ground.settings.door
    schema = root.build()
    core_schema = schema._schema  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    explains = ground.settings.server.env is Environment.DEVELOPMENT
    engine = Engine(core_schema, Budget(ground.throttle), door.introspection, explains=explains)
    persisted = PersistedDocuments.of(ground.redis, ground.throttle, door.trusted_documents)
    explorer = Explorer(_DIST if _DIST.is_dir() else None, graphql_path=GRAPHQL, demo=parts.demo)
    limits = SocketLimits(
        user=door.sockets_per_user, address=door.sockets_per_address, workspace=door.sockets_per_workspace
    )
    sockets = Sockets(limits)
    backing = Backing(engine=engine, persisted=persisted, house=parts.house, sockets=sockets)
    endpoint = HttpEndpoint(backing, explorer.page)
    routes = [
        *explorer.routes(),
        *mailed_links.routes(GRAPHQL),
        Route(GRAPHQL, endpoint),
        Route(UPLOADS + "{token}", UploadEndpoint(ground, sockets)),
        *_plain_routes(f"{schema.as_str()}\n", backing),
        *_health(parts).routes(),
    ]
    across = partial(_across, origins=ground.settings.server.allowed_origins)
    others = across(Starlette(routes=routes))
    entrance = Entrance(GRAPHQL, endpoint, SocketEndpoint(backing), others, across(endpoint))
    return App(asgi=RequestLog(entrance), sockets=sockets)


def _health(parts: Parts) -> Health:
    return Health(
        house=parts.house,
        workers=parts.workers,
        version=__version__,
        started=time.monotonic(),
    )


def _plain_routes(sdl: str, backing: Backing) -> list[Route]:
    async def show_sdl(request: Request) -> Response:
        if not await _may_see(backing, request.headers.get("authorization")):
            message = "This server shows its schema to nobody here, or to whoever signs in.\n"
            return PlainTextResponse(message, status_code=403)
        return PlainTextResponse(sdl, media_type="application/graphql; charset=utf-8")

    async def home(request: Request) -> Response:
        del request
        return RedirectResponse(GRAPHQL)

    return [Route("/schema.graphql", show_sdl), Route("/", home)]


async def _may_see(backing: Backing, authorization: str | None) -> bool:
    """Tell whether somebody may see the schema, as the engine would show it to them."""
    context = Context(backing.house, Origin())
    await context.sign_in(authorization)
    return backing.engine.shows_schema(context)


def _across(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of some origins ask."""
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT"],
        allow_headers=[
            "authorization",
            "content-type",
            "idempotency-key",
            "last-event-id",
            "x-request-id",
            *(each.decode() for each in PREFLIGHT),
        ],
        expose_headers=["retry-after", "x-request-id"],
        max_age=_PREFLIGHT_SECONDS,
    )
