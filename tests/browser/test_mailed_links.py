"""The pages of mailed links, as those who got the mail use them."""

import asyncio
import email
import re
from collections.abc import Callable
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from pyotp.totp import TOTP
from sqlalchemy import select, update

from core.ground import Ground
from core.ids import uuid7
from models import OneTimeToken, TokenPurpose, User, WorkspaceInvite
from services.accounts import links
from services.workspaces import invites
from tests.browser.chromium import Page
from tests.browser.pages import Opened
from tests.fixtures.door import Door
from tests.fixtures.invites import invite, token_of
from tests.fixtures.people import (
    LOGIN,
    OTHER_PASSWORD,
    PASSWORD,
    REGISTER,
    act,
    is_in,
    link_of,
    log_in,
    make_person,
)

Picture = Callable[[str], Path]
PHONE = {"width": 360, "height": 740}


async def _shows(page: Page, selector: str, text: str) -> None:
    await page.until(f"document.querySelector('{selector}').checkVisibility()")
    await page.until(f"document.querySelector('{selector}').textContent.includes('{text}')")


async def _is_clean(page: Page, token: str) -> None:
    """See that the token is neither in the address nor in what the page keeps."""
    kept = await page.evaluate(
        "location.href + document.title + JSON.stringify({ ...sessionStorage, ...localStorage })"
    )
    assert token not in kept
    assert "#" not in kept


async def _fits(page: Page) -> None:
    """See that nothing is wider than the window, and that the focus is in the step that is shown."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.evaluate("document.activeElement.closest('main > section') !== null")


async def _mailed(ground: Ground, address: str) -> tuple[str, str]:
    """Return the path with fragment, and the token, of the link in the newest mail to an address."""

    def newest() -> str:
        for file in sorted(Path(ground.settings.server.data_dir, "mail").glob("*.eml"), reverse=True):
            mail = email.message_from_bytes(file.read_bytes(), policy=default)
            if mail["To"] == address:
                return mail.get_content()
        raise AssertionError(address)

    found = re.search(r"https?://[^/\s]+(/[\w-]+#token=([\w-]+))", await asyncio.to_thread(newest))
    assert found
    return found[1], found[2]


async def _send_link(ground: Ground, user: User) -> None:
    """Do the job that mails a person's newest link."""
    statement = select(OneTimeToken.id).where(OneTimeToken.user_id == user.id).order_by(OneTimeToken.id.desc())
    async with ground.database.system() as session:
        token_id = (await session.scalars(statement.limit(1))).one()
    await links.mail_link(ground, token_id)


async def _send_invite(ground: Ground, address: str) -> None:
    """Do the job that mails an invitation."""
    async with ground.database.system() as session:
        row = (await session.scalars(select(WorkspaceInvite).where(WorkspaceInvite.email == address))).one()
    await invites.mail_invite(ground, row.workspace_id, row.id)


async def _workspaces(door: Door, address: str) -> list[str]:
    """Return the names of a person's workspaces."""
    payload = await door.mutate(LOGIN, {"input": {"email": address, "password": PASSWORD}})
    reply = await door.with_token(payload["accessToken"]).execute("{ workspaces { name } }")
    return [each["name"] for each in reply.data["workspaces"]]


async def _home(door: Door) -> str:
    return (await door.execute("{ me { workspace { name } } }")).data["me"]["workspace"]["name"]


def _address() -> str:
    return f"bia.{uuid7().hex}@example.com"


# A forgotten password.


async def test_the_mailed_link_sets_a_new_password(
    plain: str, demo_ground: Ground, door: Door, open_page: Opened, picture: Picture
) -> None:
    person = await make_person(demo_ground)
    here = await log_in(door, person)
    await act(door, "passwordResetRequest", "PasswordResetRequestInput", "done", email=person.email)
    await _send_link(demo_ground, person.user)
    path, token = await _mailed(demo_ground, person.email)

    async with open_page(plain, path, language="pt-BR", **PHONE) as page:
        await _shows(page, "#ask h1", "Escolha uma nova senha")
        await _is_clean(page, token)
        await _fits(page)
        assert await page.evaluate("document.activeElement.id") == "password"
        assert await page.evaluate("document.documentElement.lang") == "pt-BR"
        await page.picture(picture("ask"))
        await page.fill("#password", OTHER_PASSWORD)
        await page.fill("#again", PASSWORD)
        await page.click("#reset button")
        await _shows(page, "#again-problem", "não são iguais")
        await page.fill("#password", "1234567890")
        await page.fill("#again", "1234567890")
        await page.click("#reset button")
        await _shows(page, "#password-problem", "menos comum")
        assert await page.evaluate("document.activeElement.id") == "password"
        assert await page.evaluate("document.querySelector('#again-problem').textContent") == ""
        await page.picture(picture("refused"))
        assert await is_in(here.door)
        await page.fill("#password", OTHER_PASSWORD)
        await page.fill("#again", OTHER_PASSWORD)
        await page.click("#reset button")
        await _shows(page, "#done", "Todas as sessões foram encerradas")
        await _fits(page)
        assert await page.evaluate("document.querySelector('#done a').pathname") == "/graphql"
        await page.picture(picture("done"))

    assert not await is_in(here.door)
    assert (await door.mutate(LOGIN, {"input": {"email": person.email, "password": OTHER_PASSWORD}}))["accessToken"]


@pytest.mark.parametrize(("fragment", "said"), [("#token=spent", "does not work any more"), ("", "is missing")])
async def test_whoever_has_no_good_link_to_reset_gets_another(
    plain: str, demo_ground: Ground, open_page: Opened, fragment: str, said: str
) -> None:
    person = await make_person(demo_ground)

    async with open_page(plain, f"/reset-password{fragment}") as page:
        if fragment:
            await page.fill("#password", OTHER_PASSWORD)
            await page.fill("#again", OTHER_PASSWORD)
            await page.click("#reset button")
        await _shows(page, "#dead h1", said)
        await page.fill("#email", person.email)
        await page.click("#request button")
        await _shows(page, "#mailed", "30 minutes")

    assert await link_of(demo_ground, person.user.id, TokenPurpose.PASSWORD_RESET)


# An e-mail address.


async def _find(ground: Ground, address: str) -> User:
    async with ground.database.system() as session:
        return (await session.scalars(select(User).where(User.email == address))).one()


async def test_the_mailed_link_proves_an_address_when_the_button_is_pressed(
    plain: str, demo_ground: Ground, door: Door, open_page: Opened, picture: Picture
) -> None:
    address = _address()
    await door.mutate(REGISTER, {"input": {"email": address, "password": PASSWORD, "name": "Bia Souza"}})
    await _send_link(demo_ground, await _find(demo_ground, address))
    path, token = await _mailed(demo_ground, address)

    async with open_page(plain, path, language="pt-PT", scheme="light", **PHONE) as page:
        await _shows(page, "#ask h1", "Confirme seu e-mail")
        await _is_clean(page, token)
        await _fits(page)
        await page.picture(picture("ask"))
        assert (await _find(demo_ground, address)).email_verified_at is None
        await page.click("#verify button")
        await _shows(page, "#done h1", "E-mail confirmado")

    assert (await _find(demo_ground, address)).email_verified_at is not None

    async with open_page(plain, path) as page:
        await page.click("#verify button")
        await _shows(page, "#dead", "emailVerifyRequest")
        await page.goto(f"{plain}{path}")
        await _shows(page, "#ask h1", "Confirm your e-mail address")
        await _is_clean(page, token)


# An invitation.


async def test_who_is_invited_registers_and_joins(
    plain: str, demo_ground: Ground, door: Door, open_page: Opened, picture: Picture
) -> None:
    address = _address()
    await invite(door, address)
    await _send_invite(demo_ground, address)
    path, token = await _mailed(demo_ground, address)

    async with open_page(plain, path, language="pt-BR", **PHONE) as page:
        await _shows(page, "#sign-in h1", "Aceite o convite")
        await _is_clean(page, token)
        await page.fill("#login-email", address)
        await page.picture(picture("sign-in"))
        await page.click("#to-register")
        assert await page.evaluate("document.querySelector('#email').value") == address
        await page.fill("#name", "Bia Souza")
        await page.fill("#password", "1234567890")
        await page.click("#register button.main")
        await _shows(page, "#password-problem", "menos comum")
        await _fits(page)
        await page.picture(picture("sign-up"))
        await page.fill("#password", PASSWORD)
        await page.click("#register button.main")
        await _shows(page, "#joined", await _home(door))
        await _is_clean(page, token)
        await page.picture(picture("done"))
        await page.click("#done a")
        await page.until("location.pathname === '/graphql' && document.querySelector('#signed-in').checkVisibility()")

    user = await _find(demo_ground, address)
    assert user.language == "pt-BR"
    assert user.email_verified_at is not None
    assert await _workspaces(door, address) == [await _home(door)]


async def test_who_has_an_account_signs_in_with_the_second_factor_and_joins(
    plain: str, demo_ground: Ground, door: Door, open_page: Opened
) -> None:
    person = await make_person(demo_ground)
    here = (await log_in(door, person)).door
    app = TOTP((await act(here, "totpEnroll", "PasswordConfirmation", "secret", password=PASSWORD))["secret"])
    await act(here, "totpConfirm", "TotpConfirmInput", "recoveryCodes", code=app.now())
    async with demo_ground.database.system() as session:
        await session.execute(update(User).where(User.id == person.user.id).values(totp_last_step=1))
    await invite(door, person.email)
    token = await token_of(demo_ground, person.email)

    async with open_page(plain, f"/invite#token={token}") as page:
        await page.fill("#login-email", person.email)
        await page.fill("#login-password", OTHER_PASSWORD)
        await page.click("#login button.main")
        await _shows(page, "#login [role=alert]", "is not right")
        await page.fill("#login-password", PASSWORD)
        await page.click("#login button.main")
        await _shows(page, "#code-problem", "authenticator")
        assert await page.evaluate("document.activeElement.id") == "code"
        await page.fill("#code", app.now())
        await page.click("#login button.main")
        await _shows(page, "#joined", f"member of {await _home(door)}")
        kept: Any = await page.until("JSON.parse(sessionStorage.getItem('whatshybrid:session'))")

    assert kept["email"] == person.email
    assert await _home(door.with_token(kept["accessToken"])) == await _home(door)


async def test_an_invitation_of_somebody_else_is_refused_until_they_sign_in(
    plain: str, demo_ground: Ground, door: Door, open_page: Opened, picture: Picture
) -> None:
    invited, other = await make_person(demo_ground), await make_person(demo_ground)
    await invite(door, invited.email)
    token = await token_of(demo_ground, invited.email)

    async with open_page(plain, f"/invite#token={token}", language="pt-BR", scheme="light", **PHONE) as page:
        await page.fill("#login-email", other.email)
        await page.fill("#login-password", PASSWORD)
        await page.click("#login button.main")
        await _shows(page, "#accept [role=alert]", "outro endereço de e-mail")
        await _shows(page, "#account", other.email)
        await _fits(page)
        await page.picture(picture("refused"))
        await page.goto(f"{plain}/invite#token={token}")
        await page.until("document.querySelector('#accept [role=alert]').textContent === ''")
        await _shows(page, "#account", other.email)
        await _is_clean(page, token)
        await page.click("#other")
        await page.fill("#login-email", invited.email)
        await page.fill("#login-password", PASSWORD)
        await page.click("#login button.main")
        await _shows(page, "#done h1", "Convite aceito")

    assert await _home(door) not in await _workspaces(door, other.email)
    assert await _home(door) in await _workspaces(door, invited.email)


async def test_an_invitation_without_its_code_says_what_to_do(plain: str, open_page: Opened) -> None:
    async with open_page(plain, "/invite") as page:
        await _shows(page, "#dead", "Open the link in the mail again")
        await _shows(page, "#dead", "ask whoever sent it")
