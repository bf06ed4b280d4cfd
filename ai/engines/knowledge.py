"""An answer out of the passages of a knowledge base, with citations; what cites nothing is no answer."""

from collections.abc import Callable, Sequence
from typing import Final

from ai.engines.citations import validated
from ai.engines.material import LONGEST, asked, passage_blocks
from ai.engines.question import Question, instructed, stamp
from ai.local.answers import not_found
from ai.passages import Passage
from ai.prompting import load
from ai.results import KnowledgeAnswer, Language, Method
from ai.safety import data_block

NOTHING: Final = "NADA_ENCONTRADO"
"""What a model is told to answer when the passages say nothing of the question."""


def ask(
    question: str,
    *,
    passages: Sequence[Passage],
    voice: str = "",
    language: Language,
    canary: str,
    temperature: float = 0.1,
    max_tokens: int = 600,
) -> Question[None]:
    """Ask for the answer to a masked question out of masked passages, of which the first eight are given.

    `voice` is the workspace's own words on how it speaks, and holds nothing that a customer wrote.
    """
    prompt = load("knowledge", language)
    system = instructed(prompt, canary, writes=True, voice=voice, nothing=NOTHING)
    blocks = asked(passage_blocks(passages), data_block("question", question[:LONGEST]), prompt.render("request"))
    return Question(
        messages=(system, blocks),
        temperature=temperature,
        max_tokens=max_tokens,
        kind=None,
        prompt=stamp(prompt),
    )


def read(
    answer: str, *, passages: Sequence[Passage], language: Language, unmask: Callable[[str], str], provider: str
) -> KnowledgeAnswer:
    """Return the answer, unmasked, with its valid citations; without one it is "not found", which no model wrote.

    `passages` are those that were asked with, unmasked.
    """
    cited = validated(unmask(answer), passages)
    if not cited.citations or not cited.text or NOTHING in cited.text:
        return not_found(language, provider=provider)
    return KnowledgeAnswer(
        provider=provider,
        method=Method.MODEL,
        text=cited.text,
        language=language,
        citations=cited.citations,
        grounded=True,
    )
