"""The explorer's page and files, without a browser."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from server import seed
from server.explorer import Explorer

SCRIPT = "assets/main-B4dC0ffe.js"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A built page, as small as can be."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<html><body class="x"><p>built</p></body></html>')
    (tmp_path / SCRIPT).write_text("export {};")
    (tmp_path / f"{SCRIPT}.gz").write_bytes(gzip.compress(b"export {};"))
    return tmp_path


def client(dist: Path | None, *, demo: bool = False) -> httpx.AsyncClient:
    """Return a client of an explorer alone."""
    explorer = Explorer(dist, graphql_path="/graphql", demo=demo)
    app = Starlette(routes=[*explorer.routes(), Route("/graphql", explorer.page)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_the_page_says_where_the_api_is_and_is_asked_for_each_time(dist: Path) -> None:
    page = await client(dist).get("/graphql")

    assert '<body data-graphql="/graphql" class="x">' in page.text
    assert page.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_demo_login_is_in_the_page_of_a_demo_only(dist: Path) -> None:
    shown = (await client(dist, demo=True).get("/graphql")).text
    other = (await client(dist).get("/graphql")).text

    assert seed.EMAIL in shown
    assert seed.PASSWORD in shown
    assert "data-demo" not in other


async def test_a_file_with_a_hash_in_its_name_is_kept_for_ever(dist: Path) -> None:
    file = await client(dist).get(f"/explorer/{SCRIPT}")

    assert file.text == "export {};"
    assert file.headers["content-type"].startswith("text/javascript")
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_whoever_accepts_gzip_gets_the_compressed_file(dist: Path) -> None:
    compressed = await client(dist).get(f"/explorer/{SCRIPT}", headers={"accept-encoding": "gzip, br"})
    bare = await client(dist).get(f"/explorer/{SCRIPT}", headers={"accept-encoding": "identity"})

    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.headers["content-type"] == bare.headers["content-type"]
    assert compressed.headers["vary"] == bare.headers["vary"] == "Accept-Encoding"
    assert compressed.text == bare.text
    assert "content-encoding" not in bare.headers


async def test_a_file_that_is_known_already_is_not_sent_again(dist: Path) -> None:
    etag = (await client(dist).get(f"/explorer/{SCRIPT}")).headers["etag"]

    again = await client(dist).get(f"/explorer/{SCRIPT}", headers={"if-none-match": etag})

    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/assets",
        "/assets/",
        "/index.html",
        f"/{SCRIPT}.gz",
        "/../explorer.py",
        "/%2e%2e/x",
        "/%00",
        "/" + "x" * 300,
    ],
)
async def test_neither_folders_nor_the_bare_page_nor_anything_outside_is_shown(dist: Path, path: str) -> None:
    answer = await client(dist).get(f"/explorer{path}", headers={"accept-encoding": "gzip"}, follow_redirects=True)

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_files_can_only_be_read(dist: Path, method: str) -> None:
    answer = await client(dist).request(method, f"/explorer/{SCRIPT}")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


async def test_without_a_finished_build_the_plain_page_is_shown(dist: Path) -> None:
    (dist / "index.html").unlink()

    for folder in (dist, None):
        page = await client(folder).get("/graphql")
        script = await client(folder).get("/explorer/page.js")

        assert "/explorer/page.js" in page.text
        assert script.headers["cache-control"] == "no-cache"
