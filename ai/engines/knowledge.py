"""An answer out of the passages of a knowledge base, with citations; what cites nothing is no answer."""

from collections.abc import Sequence
from typing import Final

from ai.engines.citations import validated
from ai.engines.material import LONGEST, asked, passage_blocks
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.local.answers import not_found
from ai.passages import Passage
from ai.prompting import load
from ai.results import KnowledgeAnswer, Language, Method
from ai.safety import data_block

NOTHING: Final = "NADA_ENCONTRADO"
"""What a model is told to answer when the passages say nothing of the question."""


def ask(question: str, manner: Manner, *, passages: Sequence[Passage]) -> Question[None]:
    """Ask for the answer to a masked question out of masked passages, of which the first eight are given."""
    prompt = load("knowledge", manner.language)
    system = instructed(prompt, manner.canary, writes=True, voice=manner.voice, nothing=NOTHING)
    blocks = asked(passage_blocks(passages), data_block("question", question[:LONGEST]), prompt.render("request"))
    return posed(prompt, (system, blocks), manner, kind=None, usual=(0.1, 600))


def read(answer: str, origin: Origin, *, passages: Sequence[Passage], language: Language) -> KnowledgeAnswer:
    """Return the answer, unmasked, with its valid citations; without one it is "not found", which no model wrote.

    `passages` are those that were asked with, unmasked.
    """
    cited = validated(origin.unmask(answer), passages)
    if not cited.citations or not cited.text or NOTHING in cited.text:
        return not_found(language, provider=origin.provider)
    return KnowledgeAnswer(
        provider=origin.provider,
        method=Method.MODEL,
        text=cited.text,
        language=language,
        citations=cited.citations,
        grounded=True,
    )
