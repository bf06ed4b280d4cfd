"""The page at `/graphql` for a browser: GraphiQL where it was built, a plain page otherwise. It asks no other host."""

from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from server import seed

_PLAIN: Final = Path(__file__).parent.parent / "web" / "plain"
_ASSETS: Final = "/explorer"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Explorer:
    """The explorer's page and its files. `demo` fills the sign-in box with the published demo login."""

    def __init__(self, dist: Path | None, *, graphql_path: str, demo: bool) -> None:
        self._folder = _PLAIN if dist is None else dist
        data = {"graphql": graphql_path}
        if demo:
            data |= {"demo-email": seed.EMAIL, "demo-password": seed.PASSWORD}
        attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
        source = (self._folder / "index.html").read_text(encoding="utf-8")
        self._html = source.replace("<body", f"<body{attributes}", 1)

    def page(self, request: Request) -> Response:
        """Show the page."""
        del request
        headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
        return HTMLResponse(self._html, headers=headers)

    def routes(self) -> list[Mount]:
        """Return where its scripts and styles are."""
        return [Mount(_ASSETS, StaticFiles(directory=self._folder))]
