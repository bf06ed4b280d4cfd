"""Parts of the shapes that models answer in: bounded, and lenient about how words are written.

Bounds of texts and lists are kept out of the JSON schemas, where strict formats of some providers refuse them. Too long
a text is a fault, for which a model is asked again; of too long a list the first entries are taken.
"""

from typing import Annotated, Any, Final, cast

from pydantic import AfterValidator, BeforeValidator, Field

Share = Annotated[float, Field(ge=0, le=1)]
"""A score or a confidence."""


def _plain(value: object) -> object:
    return "_".join(value.lower().replace("-", " ").split()) if isinstance(value, str) else value


PLAIN: Final = BeforeValidator(_plain)
"""Reads a name of an enumeration however it is capitalised and joined: `Product-Inquiry` is `product_inquiry`."""


def _line_of(most: int, least: int) -> AfterValidator:
    def check(value: str) -> str:
        text = value.strip()
        if not least <= len(text) <= most:
            raise ValueError(f"must have {least} to {most} characters")
        return text

    return AfterValidator(check)


def at_most(most: int) -> BeforeValidator:
    """Take the first entries of a list, at most so many."""

    def cut(value: object) -> object:
        return cast("list[Any]", value)[:most] if isinstance(value, list) else value

    return BeforeValidator(cut)


Quote = Annotated[str, _line_of(200, 1)]
"""A few words."""

Line = Annotated[str, _line_of(400, 1)]
"""A sentence or two."""

Text = Annotated[str, _line_of(4_000, 1)]
"""A message: WhatsApp takes 4,096 characters."""

LongText = Annotated[str, _line_of(12_000, 1)]
"""A text that is given back changed."""
