"""What is said around a quote in another language than the asker's: in theirs, that the quote is in that one."""

from typing import Final

from ai.local.language import recognize_language
from ai.results import Language

_SURE: Final = 0.6
_FRAMES: Final = {
    Language.PORTUGUESE: "Nossa informação está em {named} e diz: {said}",
    Language.ENGLISH: "Our information is in {named}, and says: {said}",
    Language.SPANISH: "Nuestra información está en {named} y dice: {said}",
}
_NAMES: Final = {
    Language.PORTUGUESE: {Language.ENGLISH: "inglês", Language.SPANISH: "espanhol"},
    Language.ENGLISH: {Language.PORTUGUESE: "Portuguese", Language.SPANISH: "Spanish"},
    Language.SPANISH: {Language.PORTUGUESE: "portugués", Language.ENGLISH: "inglés"},
}


def framed(said: str, language: Language) -> str:
    """Return quotes as they are told to somebody who speaks a language: as they are, where they are in it, or nothing
    tells in which they are.
    """
    found = recognize_language(said)
    if found.language is language or found.confidence < _SURE:
        return said
    return _FRAMES[language].replace("{named}", _NAMES[language][found.language]).replace("{said}", said)
