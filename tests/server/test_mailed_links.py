"""The pages that mailed links lead to, without a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from core.ids import uuid7
from models import User, Workspace
from server import mailed_links
from server.explorer import PLAIN
from services import mails
from tests.fixtures.door import Door

PAGES = ["/invite", "/reset-password", "/verify-email"]
SCRIPTS = sorted((PLAIN / "account").glob("*.js"))


class Elements(HTMLParser):
    """The elements of a page, as names and attributes, and whether a script or style holds text of its own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.found and self.found[-1][0] in ("script", "style"):
            self.inline.append(data)


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of the pages alone."""
    app = Starlette(routes=mailed_links.routes("/graphql"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def test_mails_lead_to_the_pages() -> None:
    user, workspace = User(email="a@example.com", name="Ana", language="pt-BR"), Workspace(id=uuid7(), name="Padaria")
    written = [
        mails.invitation(user.email, workspace, "pt-BR", "https://example.com", "t0ken"),
        mails.password_reset(user, "https://example.com", "t0ken"),
        mails.email_verify(user, "https://example.com", "t0ken"),
    ]

    paths = [re.findall(r"https://example\.com(/\S*)#token=t0ken", mail.text) for mail in written]

    assert paths == [[page] for page in PAGES]
    assert [f"/{name}" for name in mailed_links.NAMES] == PAGES


@pytest.mark.parametrize("path", PAGES)
async def test_the_product_serves_each_page_and_lets_it_do_little(door: Door, path: str) -> None:
    page = await door.client.get(path)

    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("path", PAGES)
async def test_nothing_is_inline_and_nothing_comes_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    page = Elements((await client.get(path)).text)

    sources = [attributes.get("src") for tag, attributes in page.found if tag == "script"]
    links = [attributes.get("href") for tag, attributes in page.found if tag == "link"]
    assert page.inline == []
    assert not any(name == "style" or name.startswith("on") for _, attributes in page.found for name in attributes)
    for address in [*sources, *links]:
        assert address is not None
        assert address == "data:," or (await client.get(address)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_the_token_is_taken_out_of_the_address_before_other_scripts(client: httpx.AsyncClient, path: str) -> None:
    page = Elements((await client.get(path)).text)

    first, second = [attributes for tag, attributes in page.found if tag == "script"]

    assert (first["src"], "async" in first) == ("/plain/account/link.js", True)
    assert (second["src"], "async" in second) == (f"/plain/account{path}.js", False)


@pytest.mark.parametrize("path", PAGES)
async def test_every_field_has_a_label_a_place_for_its_refusal_and_a_hint_for_managers(
    client: httpx.AsyncClient, path: str
) -> None:
    page = Elements((await client.get(path)).text)

    labels = {attributes["for"] for tag, attributes in page.found if tag == "label"}
    live = {attributes["id"] for _, attributes in page.found if attributes.get("aria-live")}
    fields = [attributes for tag, attributes in page.found if tag == "input"]
    assert labels == {field["id"] for field in fields}
    assert all(
        f"{field['id']}-problem" in live
        and f"{field['id']}-problem" in str(field["aria-describedby"])
        and field["autocomplete"]
        for field in fields
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_scripts_are_asked_for_again_and_import_only_what_is_served(
    client: httpx.AsyncClient, script: Path
) -> None:
    address = f"/plain/account/{script.name}"

    answer = await client.get(address)

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    for name in re.findall(r"from '([^']+)'", answer.text):
        assert (await client.get(str(httpx.URL(f"http://test{address}").join(name)))).status_code == 200


@pytest.mark.parametrize("name", ["invite", "reset-password", "verify-email"])
async def test_every_word_of_a_page_is_known(client: httpx.AsyncClient, name: str) -> None:
    words = (PLAIN / "account" / "words.js").read_text(encoding="utf-8")
    script = (PLAIN / "account" / f"{name}.js").read_text(encoding="utf-8")
    page = Elements((await client.get(f"/{name}")).text)

    used = {attributes["data-say"] for _, attributes in page.found if "data-say" in attributes}
    used |= set(re.findall(r"say\('(\w+)'", script))

    assert used
    assert all(re.search(rf"^  {word}: \[", words, re.MULTILINE) for word in used), used


@pytest.mark.parametrize(
    "path",
    ["/invites", "/reset", "/verify", "/invite.html", "/plain/account/invite.html", "/plain/account", "/plain/", "/x"],
)
async def test_other_paths_stay_unknown(door: Door, path: str) -> None:
    answer = await door.client.get(path, follow_redirects=True)

    assert answer.status_code == 404


@pytest.mark.parametrize("path", PAGES)
async def test_pages_can_only_be_read(door: Door, path: str) -> None:
    answer = await door.client.post(path, data={"password": "x"})

    assert answer.status_code == 405
