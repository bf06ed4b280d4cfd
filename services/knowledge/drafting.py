"""What people say of a source of the knowledge base, and what of it is acceptable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from core import media_types, text
from core.errors import Invalid, Problems, about
from core.ground import Ground
from models.documents import Pair, SourceKind
from services import uploads
from services.knowledge.chunking import text_of

TITLE_LONGEST: Final = 200
TEXT_LONGEST: Final = 500_000
PAIRS_MOST: Final = 500
QUESTION_LONGEST: Final = 500
ANSWER_LONGEST: Final = 5_000
FILENAME_LONGEST: Final = 255
_CONTENTS: Final = ("text", "pairs", "url", "upload_id")
_ONE: Final = "Give one of `text`, `pairs`, `url` and `uploadId`."
_PAGE: Final = "This source says what its page says: its text and its address cannot be changed."
_KINDS: Final = {
    media_types.TEXT: SourceKind.TEXT,
    media_types.PDF: SourceKind.PDF,
    media_types.DOCX: SourceKind.DOCX,
    media_types.CSV: SourceKind.CSV,
}
_FIELDS: Final = ("title", "language", "text", "pairs", "url", "filename")


class PairsInvalid(Invalid):
    """A FAQ has 1 to 500 pairs of a question and an answer, and no text of its own; anything else has a text."""

    code = "PAIRS_INVALID"


class ContentInvalid(Invalid):
    """A source is made from one of `text`, `pairs`, `url` and `uploadId`: leave out the others."""

    code = "CONTENT_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """A pair of a FAQ."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """What is said of a source: a text, or the pairs of a FAQ. In a change, what is None stays."""

    title: str | None = None
    text: str | None = None
    pairs: Sequence[QuestionAnswer] | None = None
    language: str | None = None
    url: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """What a source is to be made from: one of a text, pairs, the address of a page, and a file that was uploaded."""

    title: str | None = None
    language: str | None = None
    text: str | None = None
    pairs: Sequence[QuestionAnswer] | None = None
    url: str | None = None
    upload_id: UUID | None = None

    def require_one(self) -> None:
        """Raise `ContentInvalid` for each that is given beside the first, or `Required` when there is none."""
        given = [name for name in _CONTENTS if getattr(self, name) is not None]
        problems = Problems()
        for name in given[1:]:
            problems.extend(ContentInvalid(field=(name,)))
        if not given and not (self.title or "").strip():
            problems.extend(text.Required(field=("title",)))
        if not given:
            problems.extend(text.Required(_ONE, field=("text",)))
        problems.raise_any()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a source is read from. `name` is what it is called until somebody, or its page, gives it a title."""

    kind: SourceKind
    name: str
    title: str | None
    language: str | None
    url: str | None = None
    upload_id: UUID | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft in order."""

    title: str | None
    text: str | None
    pairs: list[Pair]
    language: str | None
    url: str | None
    filename: str | None


async def origin_of(ground: Ground, workspace_id: UUID, given: NewSource) -> Origin:
    """Return where a new source is read from. A page is not asked for here.

    Raises:
        Invalid: values are not acceptable; all are told.
        UploadUnknown, UploadUnfinished: there is no such file, or not yet.
        DocumentsAway: the document store does not answer.
    """
    problems = Problems()
    found: dict[str, str | None] = dict.fromkeys(("title", "language", "url"))
    for name in found:
        value: object = getattr(given, name)
        if isinstance(value, str):
            with problems.noting():
                found[name] = _clean(name, value)
    problems.raise_any()
    title, language, url = found["title"], found["language"], found["url"]
    if given.upload_id is None:
        return Origin(kind=SourceKind.URL, name=_called(url or ""), title=title, language=language, url=url)
    file = await uploads.described(ground, workspace_id, given.upload_id)
    return Origin(
        kind=_KINDS[file.content_type],
        name=file.filename[:TITLE_LONGEST],
        title=title,
        language=language,
        upload_id=given.upload_id,
        filename=file.filename,
    )


def _called(url: str) -> str:
    """Name a page by its address, without what need not be shown of it."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path.rstrip('/')}"[:TITLE_LONGEST]


def checked(kind: SourceKind, draft: SourceDraft, *, is_new: bool) -> Checked:
    """Return what is kept of a draft.

    Raises:
        Invalid: values are not acceptable; all are told.
    """
    problems = Problems()
    found: dict[str, str | None] = dict.fromkeys(_FIELDS)
    pairs: list[Pair] = []
    for name in _FIELDS:
        value: object = getattr(draft, name)
        if isinstance(value, str):
            with problems.noting():
                found[name] = _clean(name, value)
    with problems.noting():
        pairs = _pairs(kind, draft, is_new=is_new)
        if pairs:
            found["text"] = _measured(text_of(pairs))
    if is_new:
        for name in ("title", *(() if kind is SourceKind.FAQ else ("text",))):
            if getattr(draft, name) is None:
                problems.extend(text.Required(field=(name,)))
    if kind is SourceKind.URL and not is_new:
        for name in ("text", "url"):
            if getattr(draft, name) is not None:
                problems.extend(ContentInvalid(_PAGE, field=(name,)))
    problems.raise_any()
    found.pop("pairs")
    return Checked(pairs=pairs, **found)


def _pairs(kind: SourceKind, draft: SourceDraft, *, is_new: bool) -> list[Pair]:
    is_faq = kind is SourceKind.FAQ
    if (draft.pairs is not None and not is_faq) or (draft.text is not None and is_faq):
        raise PairsInvalid(field=("pairs" if draft.pairs is not None else "text",))
    if draft.pairs is None and not (is_faq and is_new):
        return []
    if not 1 <= len(draft.pairs or ()) <= PAIRS_MOST:
        raise PairsInvalid(field=("pairs",))
    problems = Problems()
    pairs: list[Pair] = []
    for number, each in enumerate(draft.pairs or ()):
        with problems.noting(), about("pairs", str(number)):
            question = text.clean_line(each.question, field=("question",), most=QUESTION_LONGEST)
            answer = text.clean_text(each.answer, field=("answer",), most=ANSWER_LONGEST)
            pairs.append(Pair(question=question, answer=answer))
    problems.raise_any()
    return pairs


def _measured(written: str) -> str:
    if len(written) > TEXT_LONGEST:
        message = f"Write up to {TEXT_LONGEST:,} characters in all; these are {len(written):,}."
        raise text.TextTooLong(message, field=("pairs",))
    return written


def _clean(name: str, value: str) -> str:
    match name:
        case "text":
            return text.clean_text(value, field=(name,), most=TEXT_LONGEST)
        case "url":
            return text.url(value, field=(name,))
        case "language":
            return text.language(value, field=(name,))
        case "filename":
            return text.clean_line(value, field=(name,), most=FILENAME_LONGEST)
        case _:
            return text.clean_line(value, field=(name,), most=TITLE_LONGEST)
