"""One request to models: its mask, its route, and its books. How it is asked is in `asking`, and streamed in `copilot`.

Credits are held for as long as a model may answer, and no transaction is open meanwhile. What goes wrong costs the
workspace nothing; what was spent all the same is in the usage row.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from uuid import UUID

from ai.catalogue import Model, UnknownModel
from ai.engines.frames import unframed
from ai.engines.question import Manner, Origin
from ai.messages import Message, Role, estimated_tokens
from ai.privacy import Known, Masking
from ai.provider import Provider
from ai.results import LOCAL, Language
from ai.routing import Ranking, Refusal, Wish
from ai.safety import Verdict, check_input, new_canary
from core import clock
from core.ids import uuid7
from models import MICRO_USD, Feature, Outcome
from services import prompt_templates
from services.access import Actor
from services.assistant import settling
from services.assistant.assistant import Assistant
from services.assistant.errors import ContentBlocked, NoModelFits, ProviderNeeded
from services.assistant.preferences import Preferences
from services.assistant.settling import Books, Outlay
from services.assistant.terms import Terms
from services.assistant.tracing import Record, Told
from services.crediting import CreditsSpent
from services.prompt_templates import Placeholder
from services.suggestions import SuggestionDraft

P = TypeVar("P")

WHOLE: Final = 25.0
"""Seconds that an answer may take which somebody waits for: an operation has thirty."""


async def shown_to_nobody() -> bool:
    """Say that nobody has seen a part of an answer."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a request is about beside its texts: whose names are in them, and which hosts an answer may lead to,
    and what the safety filter saw in them.

    `id` is the request's, where it is known beforehand. `is_shown` tells whether anybody has seen a part of the answer.
    """

    id: UUID | None = None
    preferences: Preferences = field(default_factory=Preferences)
    contact_id: UUID | None = None
    persona: str | None = None
    known: Known = field(default_factory=Known)
    hosts: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    is_shown: Callable[[], Awaitable[bool]] = shown_to_nobody


_NOTHING: Final = About()


class Call:
    """One request of an actor. Mask with it, ask once, and unmask what comes.

    `record` is what its trace will tell, `judged` the masked message that is moderated beside an answer for a customer,
    `extra` what the workspace adds to the instructions, to be masked like any other text.
    """

    def __init__(
        self,
        assistant: Assistant,
        actor: Actor,
        feature: Feature,
        terms: Terms,
        about: About | None = None,
    ) -> None:
        self.about = about or _NOTHING
        self.id = self.about.id or uuid7()
        self.canary = new_canary()
        self.assistant = assistant
        self.actor = actor
        self.feature = feature
        self.terms = terms
        self.preferences = self.about.preferences
        self.strategy = self.preferences.strategy or terms.strategy
        self.providers = allowed(assistant.fleet.providers(terms.own), terms.allowed)
        self.masking = Masking(self.about.known, team=terms.known) if terms.masks else None
        self.extra = _filled(terms, self.about.known)
        self.record = Record()
        self.judged = ""
        self._own_words: tuple[str, ...] = ()
        self._began = time.perf_counter()

    @property
    def is_local(self) -> bool:
        """Whether no model is asked: none can be, or none is wanted."""
        return not self.providers or self.preferences.model == LOCAL

    @property
    def took_ms(self) -> float:
        """How many milliseconds it has taken."""
        return (time.perf_counter() - self._began) * 1_000

    def mask(self, *texts: str) -> list[str]:
        """Return texts of one conversation as a provider may see them."""
        return list(texts) if self.masking is None else self.masking.mask_all(texts)

    def unmask(self, text: str) -> str:
        """Return a text with what was masked in it."""
        return text if self.masking is None else self.masking.unmask(text)

    def manner(self, language: Language, *, voice: str = "", extra: str = "") -> Manner:
        """Return how a question is put; `voice` and `extra` are the workspace's own words, masked."""
        self._own_words += (voice, extra)
        return Manner(language=language, canary=self.canary, voice=voice, extra=extra)

    def origin(self, model: Model) -> Origin:
        """Return where an answer is from, and how it is unmasked."""
        return Origin(provider=model.provider, unmask=self.unmask)

    def check(self, messages: tuple[Message, ...]) -> None:
        """Look at what is about to leave, but for the product's own words, which are the same for everybody: of the
        instructions only the workspace's part is looked at, and no frame of data.

        Raises:
            PersonalDataLeft: something personal is in it.
        """
        if self.masking is not None:
            said = (unframed(each.text) for each in messages if each.role is not Role.SYSTEM)
            self.masking.check(*said, *(each for each in self._own_words if each))

    def require_provider(self) -> None:
        """Raise `ProviderNeeded` unless a model is asked."""
        if self.preferences.model == LOCAL:
            raise ProviderNeeded
        if not self.providers:
            given = self.assistant.fleet.away
            raise ProviderNeeded([each for each in given if self.terms.allowed is None or each in self.terms.allowed])

    def route(self, messages: tuple[Message, ...], max_tokens: int) -> Ranking:
        """Rank the models that may answer.

        Raises:
            NoModelFits: there is none.
            CreditsSpent: there is none that the workspace's credits would pay for.
            UnknownModel: the one that is preferred is in no catalogue.
        """
        ranking = ranked(self.assistant, self.terms, self.providers, self._wish(messages, max_tokens))
        if ranking.candidates:
            return ranking
        if Refusal.OVER_BUDGET in ranking.refused.values():
            raise CreditsSpent
        raise NoModelFits(ranking.refused)

    async def hold(self, ranking: Ranking, *, times: int = 1) -> None:
        """Hold back credits for the dearest candidate that may be asked at the workspace's cost, so many times.

        Raises:
            CreditsSpent, FeatureBudgetSpent: there are not as many.
        """
        most = self.assistant.fleet.failover.limits.attempts
        costs = [each.cost for each in ranking.candidates[:most] if not self.is_own(each.model)]
        if costs and max(costs) > 0:
            await settling.hold(self.assistant.ground, self.actor, self.id, self.feature, max(costs) * times)

    def is_own(self, model: Model) -> bool:
        """Whether a model is asked with the workspace's own key, at its own cost."""
        return model.provider in self.terms.own

    def note_question(self, prompt: str, messages: tuple[Message, ...]) -> None:
        """Note for the trace what is about to be sent; `check` has looked at it."""
        self.record.prompt, self.record.messages, self.record.asked_ms = prompt, messages, self.took_ms

    def outlay(self, outcome: Outcome) -> Outlay:
        """Return what became of this, as far as it is known here."""
        return Outlay(
            feature=self.feature,
            outcome=outcome,
            strategy=None if self.is_local else self.strategy,
            took_ms=self.took_ms,
            contact_id=self.about.contact_id,
            persona=self.about.persona,
        )

    def cached(self, model: Model) -> Outlay:
        """Return the books of an answer that a model gave before: it costs nothing."""
        return replace(self.outlay(Outcome.COMPLETED), model=model, is_cached=True)

    async def finish(self, outlay: Outlay, offered: SuggestionDraft | None = None) -> Books:
        """Settle, whatever happens to whoever waits, and keep what is `offered` with it. The trace comes behind."""
        books = self._settled(outlay, offered)
        return await asyncio.shield(asyncio.create_task(books, name="the books of a request"))

    async def note_local(self) -> None:
        """Write down that this was answered without a model."""
        await self.finish(self.outlay(Outcome.COMPLETED))

    async def _settled(self, outlay: Outlay, offered: SuggestionDraft | None) -> Books:
        began = self.took_ms
        books = await settling.finish(self.assistant.ground, self.actor, self.id, outlay, offered)
        self.assistant.traces.note(
            Told(
                id=self.id,
                workspace_id=self.actor.workspace_id,
                record=self.record,
                masking=self.masking,
                outlay=outlay,
                books=books,
                books_ms=self.took_ms - began,
                at=clock.now(),
            )
        )
        return books

    def _wish(self, messages: tuple[Message, ...], max_tokens: int) -> Wish:
        return Wish(
            strategy=self.strategy,
            input_tokens=estimated_tokens(messages),
            output_tokens=max_tokens,
            # what is asked with the workspace's own keys costs no credits
            budget=None if self.terms.own else self.terms.credits_left * MICRO_USD,
            preferred=preferred(self.assistant, self.preferences.model, ("options", "model")),
        )


def preferred(assistant: Assistant, name: str | None, field: tuple[str, ...]) -> str | None:
    """Return a provider's name, or the key of a model that is named in any way, in a `field` of what is asked.

    Raises:
        UnknownModel: it is in no catalogue.
    """
    catalogue = assistant.fleet.catalogue
    if name is None or name in catalogue.providers:
        return name
    try:
        return catalogue.get(name).key
    except UnknownModel as error:
        raise UnknownModel(field=field) from error


def ranked(assistant: Assistant, terms: Terms, providers: Mapping[str, Provider], wish: Wish) -> Ranking:
    """Rank all models by what the workspace allows and what is known of them."""
    fleet = assistant.fleet
    models: Sequence[Model] = fleet.catalogue.models
    if terms.qualities:
        models = [_as_learned(each, terms.qualities.get(each.key)) for each in models]
    within = wish if wish.providers == terms.allowed else replace(wish, providers=terms.allowed)
    return fleet.failover.rank(models, within, providers)


def _as_learned(model: Model, quality: float | None) -> Model:
    return model if quality is None else replace(model, quality=round(quality))


def _filled(terms: Terms, about: Known) -> str:
    """Return what a workspace adds to the instructions, with the facts of one request."""
    facts = {**terms.facts, Placeholder.CONTACT_NAME: next(iter(about.names), "")}
    return prompt_templates.filled(terms.template, facts)


def require_safe(text: str) -> None:
    """Raise `ContentBlocked` when no answer to a text should be written."""
    found = check_input(text)
    if found.verdict is Verdict.BLOCK:
        raise ContentBlocked(found.categories)


def allowed(providers: Mapping[str, P], names: frozenset[str] | None) -> Mapping[str, P]:
    """Return those of some providers that a workspace allows; all, where it says nothing."""
    return providers if names is None else {name: each for name, each in providers.items() if name in names}
