"""What people do on the two pages."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from tests.browser.chromium import Page

TEXT_OF_ANSWER = (
    "[...document.querySelectorAll('.graphiql-response .view-line')]"
    ".map((line) => line.textContent.replaceAll('\\u00a0', ' ')).join('\\n')"
)


class Opened(Protocol):
    """A function that opens a page."""

    def __call__(self, address: str, path: str = "/graphql", **how: object) -> AbstractAsyncContextManager[Page]: ...


async def sign_in(page: Page) -> None:
    """Sign in to GraphiQL with what the box holds already."""
    await page.until("document.querySelector('.graphiql-query-editor .view-line')")
    await page.click(".bar-form button")
    await page.until("document.querySelector('.bar-person small')?.textContent === 'Demo · owner'")


async def show_tab(page: Page, name: str) -> None:
    """Show one of GraphiQL's tabs, and wait until its operation is in the editor."""
    await page.click(".graphiql-tab-button", name)
    await page.until(f"document.querySelector('.graphiql-query-editor .view-lines').textContent.includes('{name}')")
    await page.until(f"document.querySelector('.graphiql-tab-active .graphiql-tab-button').textContent === '{name}'")


async def run_tab(page: Page, name: str) -> None:
    """Run the operation of one of GraphiQL's tabs."""
    await show_tab(page, name)
    await page.click(".graphiql-execute-button")


async def type_in_new_tab(page: Page, operation: str) -> None:
    """Type an operation into a new tab of GraphiQL."""
    await page.click(".graphiql-tab-add")
    await page.until("document.querySelector('.graphiql-tab-active .graphiql-tab-button').textContent === '<untitled>'")
    await page.click(".graphiql-query-editor .view-lines")
    await page.write(operation)
    await page.until("document.querySelector('.graphiql-tab-active .graphiql-tab-button').textContent !== '<untitled>'")


async def answer_holds(page: Page, text: str) -> None:
    """Wait until GraphiQL shows a text in its answer."""
    await page.until(f"{TEXT_OF_ANSWER}.includes('{text}')")


async def sign_in_plainly(page: Page) -> None:
    """Sign in to the plain page with what the box holds already."""
    await page.until("document.querySelector('#examples option')")
    await page.click("#sign-in button")
    await page.until("document.querySelector('#signed-in').checkVisibility()")


async def choose(page: Page, title: str) -> None:
    """Choose an example of the plain page."""
    await page.evaluate(
        "(() => { const list = document.querySelector('#examples');"
        f" list.value = [...list.options].find(({{ text }}) => text === '{title}').value;"
        " list.dispatchEvent(new Event('change')); })()"
    )
