"""The page at `/graphql` for a browser: GraphiQL where it was built, a plain page otherwise. It asks no other host."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server import seed

PLAIN: Final = Path(__file__).parent.parent / "web" / "plain"
_PAGE: Final = "index.html"
_ASSETS: Final = "/explorer"
_HASHED: Final = "assets/"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Explorer:
    """The explorer's page and its files. `demo` fills the sign-in box with the published demo login."""

    def __init__(self, dist: Path | None, *, graphql_path: str, demo: bool) -> None:
        is_built = dist is not None and (dist / _PAGE).is_file()
        self._folder = dist if dist is not None and is_built else PLAIN
        data = {"graphql": graphql_path}
        if demo:
            data |= {"demo-email": seed.EMAIL, "demo-password": seed.PASSWORD}
        self._html = read_page(self._folder / _PAGE, data)

    def page(self, request: Request) -> Response:
        """Show the page."""
        del request
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": _ASK_AGAIN, "Vary": "Accept"}
        return HTMLResponse(self._html, headers=headers)

    def routes(self) -> list[Mount]:
        """Return where its scripts and styles are."""
        return [Mount(_ASSETS, Assets(directory=self._folder))]


def read_page(file: Path, data: Mapping[str, str]) -> str:
    """Return a page's text, with what its scripts must know as attributes of its body."""
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    return file.read_text(encoding="utf-8").replace("<body", f"<body{attributes}", 1)


class Assets(StaticFiles):
    """The page's files, but not the page. A file with a hash in its name never changes; the others are asked for again.

    Where the build put a `.gz` beside a file, whoever accepts gzip gets that.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, or with 304.

        Raises:
            HTTPException: the method is another one, or there is no such file.
        """
        if path.endswith((".html", ".gz")):
            raise HTTPException(404)
        response = await self._compressed(path, scope) or await super().get_response(path, scope)
        response.headers["Cache-Control"] = _FOR_EVER if path.startswith(_HASHED) else _ASK_AGAIN
        response.headers.add_vary_header("Accept-Encoding")
        return response

    async def _compressed(self, path: str, scope: Scope) -> Response | None:
        if "gzip" not in Headers(scope=scope).get("accept-encoding", ""):
            return None
        try:
            response = await super().get_response(f"{path}.gz", scope)
        except HTTPException:
            return None
        response.headers["Content-Encoding"] = "gzip"
        return response
