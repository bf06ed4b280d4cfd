"""Text of customers and of documents as data: inside labelled blocks which it cannot close, nor open one of its own.

This is the wall against instructions in a message; the filter's `injection` is a signal beside it. The instructions of
an engine say once that whatever stands between these lines is data (Hines et al., Spotlighting, 2024: delimiting).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_OPENER: Final = "<<<"
_CLOSER: Final = ">>>"
_LABEL: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_LIKE_OPENERS: Final = frozenset("<≪⋘«‹〈《⟨⟪❮❰⧼˂ᐸ")
_LIKE_CLOSERS: Final = frozenset(">≫⋙»›〉》⟩⟫❯❱⧽˃ᐳ")
_CHARACTERS: Final = 4_096
# what may be one of them, or be made of them
_ANGLED: Final = re.compile(r"[<>]|[^\x00-\x7f]")
# direction marks, and tags, in which a text can hide that a model reads and nobody sees
_HIDDEN: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_ROLE: Final = re.compile(
    r"^([ \t›#*\-]*)(system|assistant|user|human|developer|sistema|assistente)[ \t*]*[:：]",
    re.IGNORECASE | re.MULTILINE,
)


def data_block(label: str, text: str) -> str:
    """Return a text between lines that name it. What looks like such a line, or like the speaker of a turn, is altered
    so that a model reads it as text: `<` as `‹`, `system:` as `system∶`.

    Raises:
        ValueError: a label is small letters, digits and lines, up to 40.
    """
    if not _LABEL.fullmatch(label):
        raise ValueError("A label has up to 40 small letters, digits and underscores, and begins with a letter.")
    return f"{_OPENER}data {label}{_CLOSER}\n{_neutral(text)}\n{_OPENER}end {label}{_CLOSER}"


def _neutral(text: str) -> str:
    shown = _ANGLED.sub(_angle, _HIDDEN.sub("", text))
    return _ROLE.sub(r"\1\2∶", shown)


def _angle(match: re.Match[str]) -> str:
    return _unangled(match[0])


@lru_cache(maxsize=_CHARACTERS)
def _unangled(character: str) -> str:
    if character in _LIKE_OPENERS:
        return "‹"
    if character in _LIKE_CLOSERS:
        return "›"
    apart = unicodedata.normalize("NFKD", character)
    if "<" in apart or ">" in apart:
        return "".join("‹" if each == "<" else "›" if each == ">" else each for each in apart)
    return character
