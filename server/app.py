"""The ASGI application: its routes and what surrounds them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from core.ground import Ground
from resolvers import root
from server import __version__
from server.explorer import Explorer
from server.health import Health
from server.middleware import BodyLimit, RequestLog
from server.operations import Surroundings
from server.view import View
from services.feed import Feed
from workers.supervisor import Workers

GRAPHQL: Final = "/graphql"
_DIST: Final = Path(__file__).parent.parent / "web" / "dist"
_PREFLIGHT_SECONDS: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the application serves."""

    ground: Ground
    feed: Feed
    workers: Workers | None = None
    demo: bool = False


def build(parts: Parts) -> Starlette:
    """Put the application together. Everything in `parts` is open already, and closed by whoever opened it."""
    schema = root.build([Surroundings])
    sdl = schema.as_str()
    explorer = Explorer(_DIST if _DIST.is_dir() else None, graphql_path=GRAPHQL, demo=parts.demo)
    view = View(schema, parts.ground, parts.feed, explorer.page)
    health = Health(
        ground=parts.ground,
        feed=parts.feed,
        workers=parts.workers,
        version=__version__,
        started=time.monotonic(),
    )

    async def show_sdl(request: Request) -> Response:
        del request
        return PlainTextResponse(sdl, media_type="application/graphql; charset=utf-8")

    async def home(request: Request) -> Response:
        del request
        return RedirectResponse(GRAPHQL)

    routes = [
        *explorer.routes(),
        Route(GRAPHQL, view),
        WebSocketRoute(GRAPHQL, view),
        Route("/schema.graphql", show_sdl),
        Route("/", home),
        *health.routes(),
    ]
    return Starlette(routes=routes, middleware=_surroundings(parts.ground.settings.server.allowed_origins))


def _surroundings(origins: Sequence[str]) -> list[Middleware]:
    """Return what every request passes, from the outside in."""
    cross_origin = Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["POST"],
        allow_headers=["authorization", "content-type", "x-request-id"],
        expose_headers=["x-request-id"],
        max_age=_PREFLIGHT_SECONDS,
    )
    return [Middleware(RequestLog), cross_origin, Middleware(BodyLimit)]
