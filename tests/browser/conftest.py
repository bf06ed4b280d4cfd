"""The explorer in a real browser, with the demo workspace of its own database.

Where there is no Chromium, or no built page, the tests that need it are left out, and a line says so.
"""

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from core.ground import Ground, open_ground
from server import app, seed
from tests.browser import chromium
from tests.browser.pages import Opened
from tests.fixtures import stores
from tests.fixtures.door import Door, serving

_ROOT = Path(__file__).parent.parent.parent
_IS_BUILT = (_ROOT / "web" / "dist" / "index.html").is_file()
_HAS_CHROMIUM = chromium.executable() is not None

collect_ignore_glob: list[str] = []
if not _HAS_CHROMIUM:
    collect_ignore_glob = ["test_*.py"]
elif not _IS_BUILT:
    collect_ignore_glob = ["test_graphiql*.py"]


def pytest_collection_modifyitems(config: pytest.Config) -> None:
    """Say what was left out, once."""
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        return
    lines = {
        "no Chromium: tests/browser was left out": not _HAS_CHROMIUM,
        "no web/dist (make web/dist/index.html): tests/browser/test_graphiql*.py was left out": not _IS_BUILT,
    }
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.writelines(f"\n{line}\n" for line, holds in lines.items() if holds)


@pytest.fixture(scope="session")
async def demo_ground() -> AsyncIterator[Ground]:
    """The ground of a process with the demo workspace."""
    async with stores.database_of("browser") as url:
        places = stores.places(url, stores.redis_of("browser"))
        async with open_ground(stores.test_settings(), places) as opened:
            await seed.plant(opened)
            yield opened


@pytest.fixture(scope="session")
async def graphiql(demo_ground: Ground) -> AsyncIterator[str]:
    """The address of the product with the built page."""
    async with serving(demo_ground, demo=True) as address:
        yield address


@pytest.fixture(scope="session")
async def plain(demo_ground: Ground) -> AsyncIterator[str]:
    """The address of the product where the page was never built."""
    async with AsyncExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(app, "_DIST", _ROOT / "no such folder")
            address = await stack.enter_async_context(serving(demo_ground, demo=True))
        yield address


@pytest.fixture
async def door(plain: str, demo_ground: Ground) -> AsyncIterator[Door]:
    """A client that is signed in as the demo person."""
    login = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
    async with Door.open(plain, demo_ground) as opened:
        payload = await opened.mutate(login, {"input": {"email": seed.EMAIL, "password": seed.PASSWORD}})
        yield opened.with_token(payload["accessToken"])


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[chromium.Browser]:
    """A running Chromium."""
    async with chromium.Browser.launch() as launched:
        yield launched


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """A function that says where a picture belongs: `SCREENSHOTS`, or `.artefacts`."""
    folder = Path(os.environ.get("SCREENSHOTS") or _ROOT / ".artefacts")
    return lambda name: folder / f"{request.node.name.removeprefix('test_')}-{name}.png"


@pytest.fixture
def open_page(browser: chromium.Browser) -> Opened:
    """A function that opens a page, and at its end asserts that it complained of nothing and spoke to its own host."""

    @asynccontextmanager
    async def opened(address: str, path: str = "/graphql", **how: object) -> AsyncGenerator[chromium.Page]:
        async with browser.page(f"{address}{path}", **how) as page:
            yield page
            assert page.problems == []
            assert page.hosts == {address.removeprefix("http://")}

    def open_(address: str, path: str = "/graphql", **how: object) -> AbstractAsyncContextManager[chromium.Page]:
        return opened(address, path, **how)

    return open_
