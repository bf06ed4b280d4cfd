"""Whether the process lives, whether it can serve, and how each part is. The last is told to those who may know."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import DomainError, Forbidden, Unavailable
from models import Permission
from resolvers.context import Context, House
from server.middleware import request_id_of
from services.access import Origin
from workers.supervisor import Workers

_TIMEOUT: Final = 2.5
_PREFIXES: Final = ("/health", "/api/health")

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The health endpoints of a process."""

    house: House
    workers: Workers | None
    version: str
    started: float

    def routes(self) -> list[Route]:
        """Return the routes, also under the names of the product's predecessor."""
        pages: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "": self.summary,
            "/live": self.live,
            "/ready": self.ready,
            "/detailed": self.detailed,
        }
        return [Route(prefix + path, page, methods=["GET"]) for prefix in _PREFIXES for path, page in pages.items()]

    async def live(self, request: Request) -> Response:
        """Say that the process answers."""
        del request
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Say whether requests can be served: the database and Redis answer. 503 otherwise."""
        del request
        found = await self._ask({"database": self.house.ground.database.ping, "redis": self._redis})
        is_ready = all(part["status"] == "ok" for part in found.values())
        body = {"status": "ok" if is_ready else "unavailable", "checks": {k: v["status"] for k, v in found.items()}}
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def summary(self, request: Request) -> Response:
        """Say the same as `ready`, with the version and the seconds since the start."""
        answer = await self.ready(request)
        status = "ok" if answer.status_code == 200 else "unavailable"
        body = {"status": status, "version": self.version, "uptimeSeconds": round(time.monotonic() - self.started)}
        return JSONResponse(body, status_code=answer.status_code)

    async def detailed(self, request: Request) -> Response:
        """Tell how each store, the workers and the model providers are, to whoever has `HEALTH_READ`."""
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        stores = await self._ask(
            {
                "database": self.house.ground.database.ping,
                "redis": self._redis,
                "documents": self.house.ground.documents.ping,
                "vectors": self.house.ground.vectors.ping,
            }
        )
        workers = await self._workers()
        fleet = self.house.assistant.fleet
        hints = {"status": "ok" if self.house.ground.hints.healthy else "unavailable"}
        is_well = all(part["status"] != "unavailable" for part in (*stores.values(), workers, hints))
        body = {
            "status": "ok" if is_well else "degraded",
            "version": self.version,
            "uptimeSeconds": round(time.monotonic() - self.started),
            "stores": stores,
            "hints": hints,
            "subscribers": self.house.feed.subscribers,
            "workers": workers,
            "providers": {name: name in fleet.shared for name in fleet.catalogue.providers},
        }
        return JSONResponse(body)

    async def _refusal(self, request: Request) -> Response | None:
        origin = Origin(request_id=request_id_of(request.scope))
        context = Context(self.house, origin)
        try:
            await context.sign_in(request.headers.get("authorization"))
            context.actor.require(Permission.HEALTH_READ)
        except DomainError as error:
            body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
            return JSONResponse(body, status_code=_status_of(error))
        return None

    async def _redis(self) -> None:
        await self.house.ground.redis.ping()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]

    async def _workers(self) -> dict[str, Any]:
        if self.workers is None:
            return {"status": "elsewhere"}
        stats = await self.workers.stats()
        return {
            "status": "ok" if stats.running else "unavailable",
            "secondsSinceDequeue": None if stats.last_dequeue_age is None else round(stats.last_dequeue_age, 1),
            "queued": stats.queued,
            "held": stats.held,
        }

    async def _ask(self, checks: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]) -> dict[str, dict[str, Any]]:
        answers = await asyncio.gather(*(_answer(name, check) for name, check in checks.items()))
        return dict(zip(checks, answers, strict=True))


def _status_of(error: DomainError) -> int:
    match error:
        case Forbidden():
            return 403
        case Unavailable():
            return 503
        case _:
            return 401


async def _answer(name: str, check: Callable[[], Coroutine[Any, Any, None]]) -> dict[str, Any]:
    began = time.monotonic()
    try:
        async with asyncio.timeout(_TIMEOUT):
            await check()
    except Exception as error:  # noqa: BLE001  (whatever a store raises, it is not well)
        log.warning("a part is not well", part=name, reason=type(error).__name__)
        return {"status": "unavailable"}
    return {"status": "ok", "milliseconds": round((time.monotonic() - began) * 1000, 1)}
