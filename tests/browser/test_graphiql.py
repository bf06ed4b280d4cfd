"""GraphiQL at `/graphql`, as a person uses it."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pyotp

from tests.browser.chromium import Browser
from tests.browser.pages import TEXT_OF_ANSWER, Opened, answer_holds, run_tab, show_tab, sign_in, type_in_new_tab
from tests.fixtures.door import Door
from tests.fixtures.relay import Relay

UPSERT = "mutation ($input: ContactUpsertInput!) { contactUpsert(input: $input) { contact { name } } }"
RECEIVED = f'Number({TEXT_OF_ANSWER}.match(/"received": (\\d+)/)[1])'
LIVE = "document.querySelector('.bar-state[data-state=connected]')"

Picture = Callable[[str], Path]


async def test_the_demo_login_signs_in_and_a_query_is_answered(
    graphiql: str, open_page: Opened, picture: Picture
) -> None:
    async with open_page(graphiql) as page:
        await sign_in(page)
        await run_tab(page, "Contacts")

        await answer_holds(page, "Ana Beatriz Gonçalves")
        await page.picture(picture("dark"))


async def test_a_labelled_suggestion_streams_with_what_it_rests_on(
    graphiql: str, open_page: Opened, picture: Picture
) -> None:
    async with open_page(graphiql) as page:
        await sign_in(page)
        await run_tab(page, "Suggest")

        await answer_holds(page, "CopilotCompleted")
        shown = await page.evaluate(TEXT_OF_ANSWER)
        await page.picture(picture("suggestion"))
    assert '"generated": false' in shown
    assert '"citations": [' in shown
    assert '"title": ' in shown


async def test_whoever_signs_out_is_asked_to_sign_in_again(graphiql: str, open_page: Opened) -> None:
    async with open_page(graphiql) as page:
        await sign_in(page)
        await page.click(".bar-button", "Sign out")
        await page.until("document.querySelector('.bar-form')")
        await run_tab(page, "Me")

        await answer_holds(page, "UNAUTHENTICATED")
        assert await page.evaluate("sessionStorage.length") == 0


async def test_a_wrong_password_is_told(graphiql: str, open_page: Opened) -> None:
    async with open_page(graphiql) as page:
        await page.until("document.querySelector('.bar-form')")
        await page.fill(".bar-form [name=email]", "nobody@example.com")
        await page.fill(".bar-form [name=password]", "a wrong password")
        await page.click(".bar-form button")

        await page.until("document.querySelector('.bar-note[data-is-problem=true]').textContent.length > 10")


async def test_the_code_of_the_second_factor_is_asked_for(graphiql: str, open_page: Opened, door: Door) -> None:
    email, password = f"{secrets.token_hex(6)}@example.com", "correct horse battery staple 7"
    recovery_code = await _register_with_second_factor(door, email, password)

    async with open_page(graphiql) as page:
        await page.until("document.querySelector('.bar-form')")
        await page.fill(".bar-form [name=email]", email)
        await page.fill(".bar-form [name=password]", password)
        await page.click(".bar-form button")
        await page.until("document.querySelector('.bar-form [name=code]')")
        await page.fill(".bar-form [name=code]", recovery_code)
        await page.click(".bar-form button")

        await page.until(f"document.querySelector('.bar-person')?.title === '{email}'")


async def test_a_subscription_hears_of_a_mutation_typed_in_another_window(
    graphiql: str, open_page: Opened, picture: Picture
) -> None:
    async with open_page(graphiql) as listening, open_page(graphiql) as writing:
        await sign_in(listening)
        await run_tab(listening, "Follow")
        await listening.until(LIVE)
        await sign_in(writing)
        await type_in_new_tab(writing, 'mutation Add { contactCreate(input: { name: "Bia" }) { contact { name } } }')
        await writing.click(".graphiql-execute-button")
        await answer_holds(writing, '"name": "Bia"')

        await answer_holds(listening, "CONTACT_CREATED")
        await listening.picture(picture("listening"))


async def test_the_panel_of_events_shows_what_happens_meanwhile(
    graphiql: str, open_page: Opened, door: Door, picture: Picture
) -> None:
    async with open_page(graphiql) as page:
        await sign_in(page)
        await page.click("[aria-label='Show Live events']")
        await page.until(LIVE)
        await run_tab(page, "Contacts")
        await asyncio.sleep(0.3)
        await door.mutate(UPSERT, {"input": {"phone": "+55 11 98123-4501", "position": secrets.token_hex(4)}})

        await page.until("document.querySelector('.event strong')?.textContent === 'CONTACT_UPDATED'")
        await page.picture(picture("panel"))


async def test_a_dropped_socket_comes_back_and_misses_nothing(graphiql: str, open_page: Opened, door: Door) -> None:
    first, second = secrets.token_hex(4), secrets.token_hex(4)
    async with Relay.to(graphiql) as relay, open_page(relay.address) as page:
        await sign_in(page)
        await run_tab(page, "Follow")
        await page.until(LIVE)
        await asyncio.sleep(0.3)
        await door.mutate(UPSERT, {"input": {"phone": "+55 21 99876-1102", "position": first}})
        # what a change moves besides, such as a score, may be told before it
        await answer_holds(page, "CONTACT_UPDATED")
        received = int(await page.evaluate(RECEIVED))
        relay.cut()
        await page.until("document.querySelector('.bar-state[data-state=reconnecting]')")
        await door.mutate(UPSERT, {"input": {"phone": "+55 21 99876-1102", "position": second}})
        relay.mend()

        await page.until(LIVE)
        await page.until(f"{RECEIVED} > {received}")
        await answer_holds(page, "CONTACT_UPDATED")
        page.problems[:] = [each for each in page.problems if "WebSocket connection" not in each]


async def test_it_is_dark_at_first_and_remembers_light(graphiql: str, open_page: Opened, picture: Picture) -> None:
    async with open_page(graphiql, scheme="light") as page:
        await page.until("document.body.classList.contains('graphiql-dark')")
        await sign_in(page)
        await run_tab(page, "Contacts")
        await answer_holds(page, "Ana Beatriz Gonçalves")
        await page.click(".bar-icon")
        await page.until("document.body.classList.contains('graphiql-light')")
        await page.picture(picture("light"))

        async with open_page(graphiql, beside=page) as again:
            await again.until("document.body.classList.contains('graphiql-light')")


async def test_an_example_opens_in_a_new_tab(graphiql: str, open_page: Opened, picture: Picture) -> None:
    async with open_page(graphiql) as page:
        await sign_in(page)
        await page.click("[aria-label='Show Examples']")
        await page.click(".panel-choice", "Where I am signed in")
        await page.until(
            "document.querySelector('.graphiql-tab-active .graphiql-tab-button').textContent === 'Sessions'"
        )
        await page.click(".graphiql-execute-button")

        await answer_holds(page, '"isCurrent": true')
        await page.picture(picture("panel"))


async def test_the_schema_is_in_the_docs(graphiql: str, open_page: Opened) -> None:
    async with open_page(graphiql) as page:
        await page.until("document.querySelector('.graphiql-query-editor .view-line')")
        await page.click("[aria-label='Show Documentation Explorer']")

        await page.until("document.querySelector('.graphiql-plugin').textContent.includes('Subscription')")


async def test_variables_of_any_json_are_not_marked(graphiql: str, open_page: Opened) -> None:
    async with open_page(graphiql) as page:
        await sign_in(page)
        await show_tab(page, "CreateContact")
        await asyncio.sleep(1.5)

        assert await page.evaluate("document.querySelectorAll('.squiggly-error').length") == 0


async def test_nothing_overlaps_on_a_small_screen(graphiql: str, open_page: Opened) -> None:
    overlaps = """(() => {
      const boxes = [...document.querySelectorAll('.bar > *, .bar-form > *')]
        .filter((each) => !each.matches('.bar-form, .bar-gap'))
        .map((each) => each.getBoundingClientRect()).filter(({ width }) => width > 0).sort((a, b) => a.x - b.x);
      return boxes.some((box, index) => index > 0 && box.left < boxes[index - 1].right - 1)
        || document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight;
    })()"""
    for width, height in ((1280, 720), (1024, 700)):
        async with open_page(graphiql, width=width, height=height) as page:
            await page.until("document.querySelector('.graphiql-query-editor .view-line')")
            assert not await page.evaluate(overlaps), (width, "signed out")
            await sign_in(page)
            assert not await page.evaluate(overlaps), (width, "signed in")


async def test_the_watch_hears_of_a_breach_of_the_policy(graphiql: str, browser: Browser) -> None:
    async with browser.page(f"{graphiql}/graphql") as page:
        await page.evaluate("document.body.append(Object.assign(new Image(), { src: 'https://example.com/x.png' }))")
        await page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: '1' }))")
        await asyncio.sleep(0.5)

        assert len([each for each in page.problems if "Content Security Policy" in each]) == 2


async def _register_with_second_factor(door: Door, email: str, password: str) -> str:
    """Make an account that asks for a code, and return a recovery code of it."""
    somebody = door.with_token(None)
    registered = await somebody.mutate(
        "mutation ($input: RegisterInput!) { register(input: $input) { accessToken userErrors { message } } }",
        {"input": {"email": email, "password": password, "name": "Ana", "workspaceName": "Padaria"}},
    )
    assert registered["accessToken"], registered
    somebody = door.with_token(registered["accessToken"])
    enrolled = await somebody.mutate(
        "mutation ($input: PasswordConfirmation!) { totpEnroll(input: $input) { secret userErrors { message } } }",
        {"input": {"password": password}},
    )
    confirmed = await somebody.mutate(
        "mutation ($input: TotpConfirmInput!) { totpConfirm(input: $input) { recoveryCodes userErrors { message } } }",
        {"input": {"code": pyotp.TOTP(enrolled["secret"]).now()}},
    )
    return confirmed["recoveryCodes"][0]
