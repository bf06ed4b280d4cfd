"""What graphql-core says of a faulty document, without what is not for its sender.

Nobody is told again what stands in a text that does not parse: it may be a secret. And whoever may not see the schema
is told only of names that they wrote themselves.
"""

import re
from typing import Final

_TOKEN: Final = re.compile(r"\b(String|BlockString|Name|Int|Float) '.*'", re.DOTALL)
_OTHER: Final = re.compile(r"(escape sequence|variable):? '.*'", re.DOTALL)
_QUOTED: Final = re.compile(r"'([^']*)'")
_NAME: Final = re.compile(r"[_A-Za-z]\w*", re.ASCII)
_UNSAID: Final = "Something in the document does not fit the schema."
_SENTENCES: Final = (
    (re.compile(r" Did you mean .*", re.DOTALL), ""),
    (re.compile(r"^(Cannot query field '\w+') on type '.*'\.$"), r"\1 here."),
    (re.compile(r"^(Unknown argument '\w+' on field ')\w+\."), r"\1"),
    (re.compile(r"^(Field '\w+' must not have a selection) since .*"), r"\1."),
    (re.compile(r"^(Field '\w+') of type '.*?' must have"), r"\1 must have"),
    (re.compile(r"^Argument '@(\w+)\(.*"), r"Directive '@\1' lacks an argument that it needs."),
    (re.compile(r"^Argument '(?:\w+\.)?(\w+)\(.*"), r"Field '\1' lacks an argument that it needs."),
    (re.compile(r"^(Variable '\$\w+') of type .* used in position .*"), r"\1 does not fit where it is used."),
    (re.compile(r"^(Variable '\$\w+') is of type '.*?' but (must be non-nullable) .*"), r"\1 \2 where it is used."),
    (re.compile(r"^(Fragment(?: '\w+')? cannot be spread here) as .*"), r"\1."),
    (re.compile(r"they return conflicting types '.*?' and '.*?'"), "they return conflicting types"),
)


def unquoted(message: str) -> str:
    """Take out of a sentence about a text that does not parse what stands there."""
    return _OTHER.sub(r"\1", _TOKEN.sub(r"\1", message))


def discreet(message: str, text: str) -> str:
    """Take out of a sentence about a document the names that its text does not hold."""
    for pattern, instead in _SENTENCES:
        message = pattern.sub(instead, message)
    quoted = {name for each in _QUOTED.findall(message) for name in _NAME.findall(each)}
    return message if quoted <= set(_NAME.findall(text)) else _UNSAID
