"""What a client asks, and what it is told: the shapes that all protocols share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self, cast

import orjson
from graphql import GraphQLError

NAME_LONGEST: Final = 200
_MESSAGE_LONGEST: Final = 500


class RequestRefused(Exception):
    """The request is faulty as a whole: nothing was executed. `status` is that of HTTP.

    A fault of a document or its variables (`of_document`) gets 200 when the client knows application/json alone.
    """

    def __init__(self, errors: Sequence[GraphQLError], status: int = 400, *, of_document: bool = False) -> None:
        super().__init__(errors[0].message)
        self.errors = tuple(errors)
        self.status = status
        self.of_document = of_document

    @classmethod
    def because(cls, message: str, *, code: str = "BAD_REQUEST", status: int = 400) -> Self:
        """Refuse with one error."""
        return cls([GraphQLError(message, extensions={"code": code})], status)

    @property
    def answer(self) -> "Answer":
        """The refusal as the body of an answer: without `data`."""
        return Answer(errors=[_short(error.formatted) for error in self.errors], is_refusal=True)


class Parameters(NamedTuple):
    """One request (GraphQL over HTTP, section 4): the text of a document, or the name of a stored one."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = MappingProxyType({})
    extensions: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def of(cls, body: object) -> Self:
        """Read the parameters of a request.

        Raises:
            RequestRefused: one of them has the wrong type, or there is no document. The message names it.
        """
        if not isinstance(body, dict):
            raise RequestRefused.because("The request is a JSON object with `query`.")
        given = cast("dict[str, Any]", body)
        query, document_id, name = given.get("query"), given.get("documentId"), given.get("operationName")
        for each, value in (("query", query), ("documentId", document_id), ("operationName", name)):
            if value is not None and not isinstance(value, str):
                raise RequestRefused.because(f"`{each}` is a text.")
        if query is None and document_id is None and not isinstance(given.get("extensions"), dict):
            raise RequestRefused.because("The request needs `query`, the text of a document.")
        if name is not None and len(name) > NAME_LONGEST:
            raise RequestRefused.because("`operationName` is too long.")
        return cls(query, document_id, name, _object(given, "variables"), _object(given, "extensions"))

    def asking(self, query: str) -> Self:
        """Return the same with the text of a stored document."""
        return self._replace(query=query)


@dataclass(slots=True)
class Answer:
    """The body of one answer. `data` is left out of a refusal; `cursor` is the place of an event in its log."""

    data: Mapping[str, Any] | None = None
    errors: list[Any] = field(default_factory=list[Any])
    extensions: dict[str, Any] = field(default_factory=dict[str, Any])
    is_refusal: bool = False
    cursor: str | None = None
    _text: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """The answer as JSON has it: errors first, so that a reader of a log sees them."""
        found: dict[str, Any] = {}
        if self.errors:
            found["errors"] = self.errors
        if not self.is_refusal:
            found["data"] = self.data
        if self.extensions:
            found["extensions"] = self.extensions
        return found

    @property
    def text(self) -> str:
        """The body as JSON text, written once for all who are sent it."""
        if self._text is None:
            self._text = orjson.dumps(self.body).decode()
        return self._text

    @property
    def refusal(self) -> list[Any]:
        """Its errors, for a message that has no room for extensions: those of the answer are with the first error."""
        first, *others = self.errors
        return [{**first, "extensions": {**first["extensions"], **self.extensions}}, *others]

    def opening(self, extensions: Mapping[str, Any]) -> Self:
        """Return the same with more extensions; an answer that is shared stays as it is."""
        return replace(self, extensions={**self.extensions, **extensions}, _text=None)


def _short(error: Mapping[str, Any]) -> dict[str, Any]:
    """Quote only so much of what was sent: messages name values, and values may be long."""
    message = str(error["message"])
    return {**error, "message": message if len(message) <= _MESSAGE_LONGEST else f"{message[:_MESSAGE_LONGEST]}..."}


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value: object = given.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    message = f"`{name}` is an object."
    raise RequestRefused.because(message)
