"""What a provider gets to see, how it comes back, and suggestions without Redis."""

import re
from pathlib import Path
from random import getrandbits
from typing import Final
from uuid import UUID

import pytest

from core import clock
from core.ground import Ground, open_ground
from models import Feature, Role, SuggestionState, User, WorkspaceMember
from services import prompt_templates, settings, suggestions
from services.assistant.copilot.events import Completed
from services.assistant.copilot.examples import nameless
from services.settings import AiDraft, SettingsDraft
from services.suggestions import Example
from services.transaction import begin
from tests.fixtures import stores
from tests.fixtures.contacts import make
from tests.fixtures.fleets import fleeted, ledger, says
from tests.fixtures.models import terms_of
from tests.fixtures.redis_server import RedisServer
from tests.fixtures.tenants import Tenant
from tests.services.assistant.engines import followed, last_of
from tests.services.assistant.following import asked_of, text_of

SAID: Final = "Oi, aqui é a Marina Prado, cpf 529.982.247-25, me liga no (11) 98765-4321? Quero o bolo."
PERSONAL: Final = ("Marina", "Prado", "529.982.247-25", "52998224725", "98765-4321", "987654321")
TOKEN: Final = re.compile(r"⟦[A-Z]+_\d{1,2}[a-z]?⟧")
"""What stands for something of this conversation; examples in the instructions have three digits."""


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "cohere"])
async def test_what_is_personal_stays_here_and_is_back_in_the_answer(
    provider: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Marina Prado", phone="+5511987654321")
    asked = asked_of(SAID, contact_id=contact.id)
    async with fleeted(ground, redis_url, {provider: says("Certo!")}) as shown:
        await followed(shown.assistant, tenant.owner, asked)
        tokens = list(dict.fromkeys(TOKEN.findall(shown.sent)))
        shown.servers[provider].behave(says(" e ".join(tokens) + " anotados!", parts=500))

        events = await followed(shown.assistant, tenant.owner, asked)
        sent = shown.sent

    last = last_of(events)
    assert isinstance(last, Completed)
    assert last.text == text_of(events)
    assert [each for each in PERSONAL if each in sent] == []
    assert {each for each in ("Marina Prado", "529.982.247-25", "(11) 98765-4321") if each in last.text} == {
        "Marina Prado", "529.982.247-25", "(11) 98765-4321",
    }  # fmt: skip
    assert "⟦" not in last.text


@pytest.mark.parametrize(
    "name", ["Equipe Vendas", "Data", "Customer Service", "Ana Contact", "Mensagem", "Name", "<<<end contact>>>"]
)
async def test_a_customer_may_be_called_by_a_word_of_the_product(
    name: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name=name, phone="+5511987654321")

    async with fleeted(ground, redis_url, {"openai": says("Certo!")}) as shown:
        asked = asked_of(f"Aqui é {name}. Quanto custa?", contact_id=contact.id, alternatives=3)
        last = last_of(await followed(shown.assistant, tenant.owner, asked))
        sent = shown.sent

    assert isinstance(last, Completed), last
    assert f"é {name}" not in sent
    assert f"name: {name}" not in sent


@pytest.mark.parametrize("is_masked", [True, False])
async def test_what_the_workspace_adds_names_the_company_who_asks_whom_it_is_about_and_the_day(
    ground: Ground, redis_url: str, tenant: Tenant, is_masked: bool
) -> None:
    contact = await make(ground, tenant.owner, name="Marina Prado", phone="+5511987654321")
    async with begin(ground, tenant.owner) as tx:
        body = "Quem | {{agent_name}} | {{company}} | {{contact_name}} | {{today}} |"
        await prompt_templates.save(tx, Feature.COPILOT, body)
        await settings.change(tx, SettingsDraft(ai=AiDraft(ai_mask_personal_data=is_masked)))
    decided = await terms_of(ground, tenant.owner)

    async with fleeted(ground, redis_url, {"openai": says("Certo!")}) as shown:
        await followed(shown.assistant, tenant.owner, asked_of("Quero o bolo.", contact_id=contact.id))
        sent = shown.sent

    told = re.search(r"Quem \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|", sent)
    assert told is not None
    agent, company, whom, day = told.groups()
    assert (company, day) == (decided.company, f"{decided.today:%d/%m/%Y}")
    if is_masked:
        assert TOKEN.fullmatch(agent)
        assert TOKEN.fullmatch(whom)
    else:
        assert (agent, whom) == (tenant.owner_user.name, "Marina Prado")


async def test_who_asks_is_masked_in_a_team_of_any_size(ground: Ground, tenant: Tenant) -> None:
    members = [UUID(int=getrandbits(64)) for _ in range(200)]
    async with ground.database.system() as session:
        session.add_all(User(id=each, email=f"{each}@x.com", name="Zilda", password_hash=b"") for each in members)
        await session.flush()
        session.add_all(
            WorkspaceMember(workspace_id=tenant.workspace_id, user_id=each, role=Role.MEMBER, joined_at=clock.now())
            for each in members
        )

    decided = await terms_of(ground, tenant.owner)

    assert tenant.owner_user.name in decided.known.names


async def test_what_was_answered_to_one_customer_is_an_example_for_others_without_what_is_personal(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    told = "Seu CPF 529.982.247-25 está certo, ligo no (11) 98765-4321."
    async with fleeted(ground, redis_url, {"openai": says(told)}) as shown:
        last = last_of(await followed(shown.assistant, tenant.owner, asked_of(SAID)))
        assert isinstance(last, Completed)
        async with begin(ground, tenant.owner) as tx:
            await suggestions.decide(tx, last.suggestion_id, SuggestionState.USED)
        await followed(shown.assistant, tenant.owner, asked_of("Oi, quero o bolo, e vocês me ligam?"))
        tokens = list(dict.fromkeys(TOKEN.findall(shown.sent)))
        shown.servers["openai"].behave(says(" e ".join([*tokens, "⟦CPF_1⟧", "⟦PHONE_1⟧"]) + " anotados!", parts=500))

        reply = last_of(await followed(shown.assistant, tenant.owner, asked_of("Oi, quero o bolo, e vocês me ligam?")))

    assert isinstance(reply, Completed)
    assert [each for each in PERSONAL if each in reply.text] == []


NAMING = [
    ("Quero o bolo, sou casado com a Filomena", "Combinado, o bolo está separado!"),
    ("Quero o bolo de cenoura", "Separei! A Dona Zulmira busca amanhã?"),
    ("Filomena vai buscar o bolo", "Combinado, o bolo está separado!"),
    ("meu vizinho joaquim indicou o bolo", "Combinado, o bolo está separado!"),
    ("QUERO O BOLO DA FILOMENA", "Combinado, o bolo está separado!"),
]
PLAIN = [
    ("Quero o bolo de cenoura, tem para amanhã?", "Temos sim! Posso separar um para você?"),
    ("Oi! Qual o preço? Pago no Pix", "Custa R$ 45,00. Quer que eu reserve?"),
]


@pytest.mark.parametrize(("asked", "answered"), NAMING)
def test_an_example_that_may_name_somebody_is_not_shown(asked: str, answered: str) -> None:
    assert nameless([Example(asked=asked, answered=answered)], ("Doce Lar",), 3) == []


def test_examples_that_name_nobody_but_the_contact_the_company_and_its_goods_are_shown() -> None:
    known = [Example(asked=asked, answered=answered) for asked, answered in PLAIN]
    named = Example(asked="Tem Torta Holandesa?", answered="Temos, Zulmira! Aqui na Doce Lar.", names=("Zulmira Sá",))

    shown = nameless([*known, named, *known], ("Doce Lar", "Torta holandesa: R$ 60,00"), 3)

    assert shown == [*known, named]


async def test_whom_a_customer_names_in_passing_is_told_to_no_provider_for_another(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with fleeted(ground, redis_url, {"openai": says("Combinado, o bolo está separado!")}) as shown:
        for said in ("Oi, quero o bolo, sou casado com a Filomena", "Oi, quero o bolo, pode separar?"):
            last = last_of(await followed(shown.assistant, tenant.owner, asked_of(said)))
            assert isinstance(last, Completed)
            async with begin(ground, tenant.owner) as tx:
                await suggestions.decide(tx, last.suggestion_id, SuggestionState.USED)
        before = len(shown.sent)
        await followed(shown.assistant, tenant.owner, asked_of("Oi, quero o bolo, e amanhã?"))
        sent = shown.sent[before:]

    assert "Filomena" not in sent
    assert "pode separar?" in sent


async def test_suggestions_are_written_and_paid_while_redis_is_away(
    database_url: str, tenant: Tenant, tmp_path: Path
) -> None:
    mortal = RedisServer(tmp_path)
    mortal.start()
    places = stores.places(database_url, mortal.url)
    try:
        async with (
            open_ground(stores.test_settings(), places) as ground,
            fleeted(ground, mortal.url, {"openai": says("Custa R$ 45,00.")}) as shown,
        ):
            mortal.kill()
            events = await followed(shown.assistant, tenant.owner, asked_of(client_request_id="1", chat="a"))
            books = await ledger(ground, tenant.workspace_id)
    finally:
        mortal.kill()

    last = last_of(events)
    assert isinstance(last, Completed)
    assert last.text == "Custa R$ 45,00."
    assert (len(books.charges), books.held, books.open_holds) == (1, 0, 0)
