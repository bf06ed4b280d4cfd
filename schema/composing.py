"""What is written for people: replies, summaries, translations, corrections, answers of the knowledge base."""

from datetime import date
from typing import Self

import strawberry

from ai.conversations import Speaker
from ai.results import Citation as FoundCitation
from ai.results import Correction as FoundCorrection
from ai.results import KnowledgeAnswer as FoundAnswer
from ai.results import Language, Reply, Status, Tone
from ai.results import Summary as FoundSummary
from ai.results import Translation as FoundTranslation
from core.ids import encode
from schema.analysis import Analysis, origin
from schema.asking import AnswerCost
from schema.enums import described

described(
    Speaker, "A side of a conversation.", {"CUSTOMER": "The customer.", "TEAM": "The team."}, name="ConversationSide"
)
described(
    Status,
    "How a conversation stands.",
    {"SOLVED": "What was asked for is done.", "PENDING": "The team has to do something.", "ONGOING": "It goes on."},
    name="ConversationStatus",
)


@strawberry.type(description="A short reply.")
class SmartReply(Analysis):
    text: str = strawberry.field(description="The reply, as it can be sent.")
    tone: Tone = strawberry.field(description="How it sounds.")
    language: Language = strawberry.field(description="Its language: the customer's.")

    @classmethod
    def of(cls, found: Reply, cost: AnswerCost | None) -> Self:
        """Show a reply."""
        return cls(text=found.text, tone=found.tone, language=found.language, **origin(found, cost))


@strawberry.type(description="Something that one side has to do.")
class ConversationAction:
    text: str = strawberry.field(description="What.")
    owner: Speaker = strawberry.field(description="Which side.")
    due: date | None = strawberry.field(description="By when, where a day was said.")


@strawberry.type(description="What a conversation came to.")
class ConversationSummary(Analysis):
    summary: str = strawberry.field(description="In a few sentences.")
    key_points: list[str] = strawberry.field(description="What matters.")
    decisions: list[str] = strawberry.field(description="What was agreed on.")
    open_questions: list[str] = strawberry.field(description="What nobody has answered.")
    action_items: list[ConversationAction] = strawberry.field(description="What is to be done.")
    status: Status = strawberry.field(description="How it stands.")

    @classmethod
    def of(cls, found: FoundSummary, cost: AnswerCost | None) -> Self:
        """Show a summary."""
        items = [ConversationAction(text=each.text, owner=each.owner, due=each.due) for each in found.action_items]
        return cls(
            summary=found.text,
            key_points=list(found.key_points),
            decisions=list(found.decisions),
            open_questions=list(found.open_questions),
            action_items=items,
            status=found.status,
            **origin(found, cost),
        )


@strawberry.type(description="A text in another language.")
class Translation(Analysis):
    text: str = strawberry.field(description="The translation.")
    source_language: str = strawberry.field(description="The language that the text is in (ISO 639-1).")
    target_language: str = strawberry.field(description="The language of the translation (ISO 639-1).")

    @classmethod
    def of(cls, found: FoundTranslation, cost: AnswerCost | None) -> Self:
        """Show a translation."""
        return cls(text=found.text, source_language=found.source, target_language=found.target, **origin(found, cost))


@strawberry.type(description="What a correction replaced.")
class TextChange:
    start: int = strawberry.field(description="Where in the text as it was: so many code points stand before it.")
    end: int = strawberry.field(description="Where it ended.")
    before: str = strawberry.field(description="What stood there; empty where something is added.")
    after: str = strawberry.field(description="What stands there now.")


@strawberry.type(description="A text put right.")
class TextCorrection(Analysis):
    text: str = strawberry.field(description="The text as it should be.")
    tone: Tone | None = strawberry.field(description="The tone that it was given; null when it kept its own.")
    changes: list[TextChange] = strawberry.field(description="Each change, in its order.")

    @classmethod
    def of(cls, found: FoundCorrection, cost: AnswerCost | None) -> Self:
        """Show a correction."""
        changes = [
            TextChange(start=each.start, end=each.end, before=each.before, after=each.after) for each in found.changes
        ]
        return cls(text=found.text, tone=found.tone, changes=changes, **origin(found, cost))


@strawberry.type(description="A place in a text, and the passage of the knowledge base that it rests on.")
class Citation:
    number: int = strawberry.field(description="The passage's number among those that were found, from 1.")
    position: int = strawberry.field(description="The place in the text behind what rests on it, in code points.")
    source_id: strawberry.ID = strawberry.field(description="The source.")
    title: str = strawberry.field(description="The source's title.")
    quote: str = strawberry.field(description="The passage, word for word.")
    start: int = strawberry.field(description="Where in the source it begins, in code points.")
    end: int = strawberry.field(description="Where it ends.")
    score: float = strawberry.field(description="How well it fits the question, from 0 to 1.")
    url: str | None = strawberry.field(description="Where the source was read, if it is a page.")

    @classmethod
    def of(cls, found: FoundCitation) -> Self:
        """Show a citation."""
        passage = found.passage
        return cls(
            number=found.number,
            position=found.position,
            source_id=strawberry.ID(encode("source", passage.source_id)),
            title=passage.title,
            quote=passage.text,
            start=passage.start,
            end=passage.end,
            score=passage.score,
            url=passage.url,
        )


@strawberry.type(description="What the knowledge base says to a question.")
class KnowledgeAnswer(Analysis):
    text: str = strawberry.field(description="The answer; that there is none, where it says nothing of it.")
    grounded: bool = strawberry.field(description="Whether it rests on passages that are cited.")
    language: Language = strawberry.field(description="Its language: the question's.")
    citations: list[Citation] = strawberry.field(description="What it rests on.")

    @classmethod
    def of(cls, found: FoundAnswer, cost: AnswerCost | None) -> Self:
        """Show an answer."""
        citations = [Citation.of(each) for each in found.citations]
        return cls(
            text=found.text,
            grounded=found.grounded,
            language=found.language,
            citations=citations,
            **origin(found, cost),
        )
