"""Answers to questions out of passages, word for word with citations, or that nothing was found."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ai.engines.citations import validated
from ai.local.framing import framed
from ai.local.quotes import best_quotes, joined
from ai.passages import Passage
from ai.results import LOCAL, KnowledgeAnswer, Language, Method

_QUOTES: Final = 3
_NOT_FOUND: Final = {
    Language.PORTUGUESE: "Não encontrei essa informação na base de conhecimento. Vou confirmar com a equipe.",
    Language.ENGLISH: "I did not find this in the knowledge base. I will check with the team.",
    Language.SPANISH: "No encontré esa información en la base de conocimiento. Voy a confirmarlo con el equipo.",
}


async def answer(question: str, passages: Sequence[Passage], *, language: Language) -> KnowledgeAnswer:
    """Return what the passages say to a question, up to three sentences of theirs. Where they are in another language
    than the asker's, that is told in the asker's.

    `passages` are those of a search that says that they are about the question: of another one give none.
    """
    quotes = await asyncio.to_thread(best_quotes, question, passages, most=_QUOTES)
    if not quotes:
        return not_found(language)
    cited = validated(framed(joined(quotes), language), passages)
    return KnowledgeAnswer(
        provider=LOCAL,
        method=Method.EXTRACTIVE,
        text=cited.text,
        language=language,
        citations=cited.citations,
        grounded=True,
    )


def not_found(language: Language, *, provider: str = LOCAL) -> KnowledgeAnswer:
    """Return the answer that says that there is none; `provider` is who was asked."""
    return KnowledgeAnswer(
        provider=provider,
        method=Method.TEMPLATE,
        text=_NOT_FOUND[language],
        language=language,
        citations=(),
        grounded=False,
    )
