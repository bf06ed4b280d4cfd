"""The page that needs no build, as a person uses it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.chromium import Page
from tests.browser.pages import Opened, choose, sign_in_plainly

Picture = Callable[[str], Path]


async def _shows(page: Page, selector: str, text: str) -> None:
    await page.until(f"document.querySelector('{selector}').textContent.includes('{text}')")


async def test_the_demo_login_signs_in_and_a_query_is_answered(plain: str, open_page: Opened, picture: Picture) -> None:
    async with open_page(plain) as page:
        await sign_in_plainly(page)
        await page.click("#run")

        await _shows(page, "#answer", "Ana Beatriz Gonçalves")
        await page.picture(picture("dark"))


async def test_a_typed_operation_runs_with_its_variables(plain: str, open_page: Opened) -> None:
    async with open_page(plain) as page:
        await sign_in_plainly(page)
        await page.fill("#query", "query A($n: Int) { contacts(first: $n) { nodes { name } } }")
        await page.fill("#variables", '{"n": 0}')
        await page.click("#run")

        await _shows(page, "#answer", '"errors"')


async def test_a_subscription_hears_of_a_mutation_in_the_same_window(
    plain: str, open_page: Opened, picture: Picture
) -> None:
    async with open_page(plain) as page:
        await sign_in_plainly(page)
        await choose(page, "Follow the workspace")
        await page.click("#run")
        await _shows(page, "#state", "Live")
        await choose(page, "Create a contact")
        await page.fill("#variables", '{"input": {"name": "Outra pessoa"}}')
        await page.click("#run")

        await _shows(page, "#events", "CONTACT_CREATED")
        await page.picture(picture("events"))
        await page.click("#stop")
        await _shows(page, "#state", "Ended")


async def test_whoever_signs_out_is_asked_to_sign_in_again(plain: str, open_page: Opened) -> None:
    async with open_page(plain) as page:
        await sign_in_plainly(page)
        await page.click("#sign-out")
        await page.until("document.querySelector('#sign-in').checkVisibility()")
        await page.click("#run")

        await _shows(page, "#answer", "UNAUTHENTICATED")


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_it_has_the_colours_that_the_browser_likes(
    plain: str, open_page: Opened, picture: Picture, scheme: str
) -> None:
    async with open_page(plain, scheme=scheme) as page:
        await page.until("document.querySelector('#examples option')")
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")

        assert (max(background[:3]) < 80) == (scheme == "dark")
        await page.picture(picture("page"))
