"""The pages that mailed links lead to. The token is in the fragment, which a browser sends to nobody: none comes here.

They are files without a build, and beside the explorer whether that was built or not.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from server.explorer import PLAIN, Assets, read_page

NAMES: Final = ("invite", "reset-password", "verify-email")
"""Each is a path, as `services/mails.py` writes it."""

_ASSETS: Final = "/plain"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes(graphql_path: str) -> list[BaseRoute]:
    """Return where the pages are, and their scripts and styles."""
    pages = [Route(f"/{name}", _page(name, graphql_path)) for name in NAMES]
    return [*pages, Mount(_ASSETS, Assets(directory=PLAIN))]


def _page(name: str, graphql_path: str) -> Callable[[Request], Awaitable[Response]]:
    html = read_page(PLAIN / "account" / f"{name}.html", {"graphql": graphql_path})

    async def show(request: Request) -> Response:
        del request
        return HTMLResponse(html, headers=_HEADERS)

    return show
