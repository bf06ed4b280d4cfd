"""Praise by denial: `nada mal`, `sem defeito`, `not bad` say that something is good, in words that say the opposite.

What is learned of sentences hears the words; so what is denied to be bad is praised plainly before it is judged.
"""

import re
from typing import Final

# `não é ruim, é péssimo` praises nothing
_WORSE: Final = r"(?!\s*,?\s*(?:é|e|it'?s|es)\s+(?:p[eé]ss|horr|p[ií]or|peor|terr|worse|awful))"
_WAS: Final = r"(?:[eé]|est[aá]|t[aá]|foi|era|achei|ficou|es|estuvo|fue|qued[oó])\s+"
# `mal atendida`, `mal-educado`: somebody was treated badly
_ALONE: Final = r"\b(?!\s*-?\w+[ai]d[oa]s?\b|\s+humorad)"


def _compiled(lines: str) -> re.Pattern[str]:
    joined = "|".join(line.strip() for line in lines.strip().splitlines())
    return re.compile(rf"\b(?:{joined}){_WORSE}", re.IGNORECASE)


_PRAISED: Final = (
    (
        _compiled(rf"(?:n[aã]o\s+{_WAS})?(?:nada|n[aã]o|nem)\s+(?:{_WAS})?(?:nada\s+|t[aã]o\s+)?"
                  rf"(?:mal|mau|m[aá]|ruim|ruins|feio|feia){_ALONE}(?:\s+n[aã]o\b)?"),
        "muito bom",
    ),
    (
        _compiled(
            r"""
            sem\s+(?:nenhum\s+)?defeitos?(?:\s+(?:nenhum|algum))?|(?:zero|nenhum)\s+defeitos?
            sem\s+(?:nenhuma\s+)?(?:reclama[cç](?:[aã]o|[oõ]es)|queixas?)|(?:nenhuma|zero)\s+(?:reclama[cç][aã]o|queixa)
            (?:n[aã]o|nada)\s+(?:tenho|h[aá]|tem|temos)?\s*(?:nada\s+)?(?:do?\s+)?(?:que|a)\s+(?:reclamar|criticar)
            """
        ),
        "está perfeito",
    ),
    (
        _compiled(r"(?:(?:is|was|are|were)n'?t|not)\s+(?:(?:at\s+all|that|so|too|half|a)\s+)?bad\b(?:\s+at\s+all)?"),
        "very good",
    ),
    (
        _compiled(
            r"""
            (?:nothing|not\s+(?:a\s+thing|much))\s+to\s+complain(?:\s+about)?|(?:can'?t|cannot)\s+complain
            (?:no|zero|without)\s+(?:complaints?|flaws?)
            """
        ),
        "it is perfect",
    ),
    (
        _compiled(rf"(?:no|nada)\s+(?:{_WAS})?(?:nada\s+|tan\s+)?(?:mal|malo|mala|malos|malas|feo|fea){_ALONE}"),
        "muy bueno",
    ),
    (
        _compiled(
            r"""
            (?:sin|ninguna|cero)\s+quejas?|sin\s+(?:ning[uú]n\s+)?defectos?
            no\s+(?:tengo|hay|tenemos)\s+(?:ninguna\s+)?(?:quejas?|nada\s+de\s+qu[eé]\s+quejarme)
            """
        ),
        "está perfecto",
    ),
)  # fmt: skip
_REASSURED: Final = _compiled(
    r"""
    (?:sem|nenhum|zero)\s+(?:nenhum\s+)?(?:problemas?|estresse|stress|crise)(?:\s+(?:nenhum|algum))?
    n[aã]o\s+(?:tem|h[aá]|foi|[eé])\s+(?:nenhum\s+)?problemas?(?:\s+(?:nenhum|algum))?
    (?:no|zero)\s+(?:problems?|worries)(?:\s+at\s+all)?|(?:sin|ning[uú]n|no\s+hay)\s+problemas?
    """
)


def reassured(text: str) -> str:
    """Return a text in which it is said plainly that all is well, where it says that there is no problem: no praise,
    and no complaint either.
    """
    return _REASSURED.sub("está tudo certo", text)


def affirmed(text: str) -> str:
    """Return a text in which what is denied to be bad is praised plainly."""
    for denied, praise in _PRAISED:
        text = denied.sub(praise, text)
    return text
