"""What the engines say of a text or a conversation, whoever found it: a model of a provider, or what works offline.

Each result names its provider and its method; `generated` is true only where a language model wrote or judged it.
Scores and confidences are between 0 and 1 unless a field says otherwise; offsets count characters, the end exclusive.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from ai.conversations import Speaker
from ai.passages import Passage
from core.money import Money

LOCAL: Final = "local"
"""The provider of what works offline, without a key."""


class Method(StrEnum):
    """How a result came about. `HEAD` is a classifier over sentence embeddings."""

    MODEL = "model"
    HEAD = "head"
    RULES = "rules"
    EXTRACTIVE = "extractive"
    TEMPLATE = "template"
    PROFILE = "profile"


class Language(StrEnum):
    """The languages that are worked in (ISO 639-1)."""

    PORTUGUESE = "pt"
    ENGLISH = "en"
    SPANISH = "es"


class Mood(StrEnum):
    """How somebody speaks."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Emotion(StrEnum):
    """What somebody seems to feel."""

    JOY = "joy"
    GRATITUDE = "gratitude"
    ENTHUSIASM = "enthusiasm"
    ANGER = "anger"
    FRUSTRATION = "frustration"
    IMPATIENCE = "impatience"
    WORRY = "worry"
    SADNESS = "sadness"


class Purpose(StrEnum):
    """What somebody wants with a message."""

    PRODUCT_INQUIRY = "product_inquiry"
    PRICING = "pricing"
    SUPPORT = "support"
    COMPLAINT = "complaint"
    PURCHASE = "purchase"
    INFORMATION = "information"
    GREETING = "greeting"
    SCHEDULE = "schedule"
    GOODBYE = "goodbye"
    OTHER = "other"


class EntityKind(StrEnum):
    """What a part of a text names."""

    PERSON = "person"
    COMPANY = "company"
    EMAIL = "email"
    PHONE = "phone"
    CPF = "cpf"
    CNPJ = "cnpj"
    POSTAL_CODE = "postal_code"
    DATE = "date"
    TIME = "time"
    MONEY = "money"
    ORDER = "order"
    QUANTITY = "quantity"


class Status(StrEnum):
    """How a conversation stands: solved, waiting for the team, or going on."""

    SOLVED = "resolvido"
    PENDING = "pendente"
    ONGOING = "em_andamento"


class Recommendation(StrEnum):
    """What to do with a lead: talk now, within a day, nurture, or leave for later."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"
    LOW = "low"


class Tone(StrEnum):
    """How a reply sounds."""

    FORMAL = "formal"
    NEUTRAL = "neutral"
    FRIENDLY = "friendly"


class Rule(StrEnum):
    """What shaped a suggestion beside its sources."""

    CONVERSATION = "conversation"
    CONTACT = "contact"
    DEAL_STAGE = "deal_stage"
    VOICE = "voice"
    EXAMPLES = "examples"
    PURPOSE = "purpose"
    NO_SOURCE = "no_source"


class GroundKind(StrEnum):
    """What a suggestion can rest on."""

    SOURCE = "source"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Who found something, and how."""

    provider: str
    method: Method

    @property
    def generated(self) -> bool:
        """Whether a language model is behind it."""
        return self.method is Method.MODEL


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageGuess(Result):
    """The language of a text; a confidence near a third says that it could be any."""

    language: Language
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """An emotion, and how sure that is."""

    emotion: Emotion
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment(Result):
    """How somebody speaks: `score` is 0 for the worst mood and 1 for the best, `confidence` that of the label."""

    label: Mood
    score: float
    confidence: float
    emotions: tuple[Felt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A purpose that a message may have."""

    purpose: Purpose
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Result):
    """What a message is for. `candidates` are the likeliest, best first; `also` other wishes in the same."""

    purpose: Purpose
    confidence: float
    candidates: tuple[Candidate, ...]
    also: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A part of a text that names something.

    `value` is its plain form: digits of a CPF, E.164 of a phone, an ISO date, `15:30`, a count; None when it has none.
    """

    kind: EntityKind
    text: str
    start: int
    end: int
    confidence: float
    value: str | None = None
    money: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities(Result):
    """What a text names, in its order, without overlaps."""

    found: tuple[Entity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something that one side has to do, in the words it was said in; `due` where a day was said."""

    text: str
    owner: Speaker
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Result):
    """What a conversation came to."""

    text: str
    key_points: tuple[str, ...]
    decisions: tuple[str, ...]
    open_questions: tuple[str, ...]
    action_items: tuple[ActionItem, ...]
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One term of a lead's score: `points` of at most `most`. Of what is not known half is given."""

    name: str
    points: int
    most: int
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadScore(Result):
    """How promising a lead is, 0 to 100: the sum of its factors' points."""

    score: int
    factors: tuple[Factor, ...]
    recommendation: Recommendation


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Result):
    """What could be answered."""

    text: str
    tone: Tone
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadReasons(Result):
    """Why a lead has its score, in up to three sentences; the score itself is that of its factors."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A passage that a text rests on: its number among those given, from 1, and the place in the text (without
    markers) behind what rests on it.
    """

    number: int
    position: int
    passage: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One thing that a suggestion rests on: the title of a source, or the name of a rule."""

    kind: GroundKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopilotReply(Result):
    """What the team could answer, ready to be sent. `confidence` is None where nothing about it was measured."""

    text: str
    citations: tuple[Citation, ...]
    confidence: float | None
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeAnswer(Result):
    """What a knowledge base says to a question; not `grounded` where it says nothing of it."""

    text: str
    language: Language
    citations: tuple[Citation, ...]
    grounded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation(Result):
    """A text in another language; languages are ISO 639-1 codes, the source's as it was recognised."""

    text: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a correction replaced: characters `start` to `end` of the text as it was; empty where something is added."""

    start: int
    end: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(Result):
    """A text put right, in another tone if one was asked for, and each change."""

    text: str
    tone: Tone | None
    changes: tuple[Change, ...]
