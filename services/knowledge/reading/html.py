"""A web page as text: headings, lists and tables of its main part; no scripts, menus and footers, nothing hidden."""

import re
from typing import Any, Final, cast

from lxml import etree as _etree  # pyright: ignore[reportMissingTypeStubs, reportAttributeAccessIssue, reportUnknownVariableType]
from lxml import html as _html  # pyright: ignore[reportMissingTypeStubs]

from services.knowledge.reading import cleaning
from services.knowledge.reading.values import FileUnreadable, FileWithoutText, Read

etree: Any = cast("Any", _etree)
html: Any = _html
_META: Final = 2_048
_LEFT_OUT_WORDS: Final = """
    script style noscript template nav footer iframe object embed svg math canvas audio video form button select input
    textarea dialog head
"""
_LEFT_OUT: Final = frozenset(_LEFT_OUT_WORDS.split())
_ROLES_LEFT_OUT: Final = frozenset({"navigation", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"})
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLOCK_WORDS: Final = """
    address article aside blockquote body caption dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6
    header hr li main ol p pre section summary table tbody tfoot thead tr ul
"""
_BLOCKS: Final = frozenset(_BLOCK_WORDS.split())
_CELLS: Final = frozenset({"td", "th"})
_MAIN: Final = ("//main | //*[@role='main']", "//article")


def read(body: bytes, content_type: str | None) -> Read:
    """Read a page. Its encoding is told by its mark, the header, or the page itself."""
    meta = body[:_META].decode("latin-1")
    text = cleaning.decoded(body, content_type, *_metas(meta))
    root = _parsed(text)
    title = cleaning.line(root.findtext(".//title")) or cleaning.line(_first_heading(root)) or None
    for main in _mains(root):
        found = _text_of(main)
        if any(each.isalnum() for each in found):
            return Read(title=title, text=cleaning.whole(found))
    raise FileWithoutText


def _metas(head: str) -> list[str]:
    return re.findall(r"<meta[^>]{0,500}>", head, re.IGNORECASE)


def _parsed(text: str) -> Any:
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    data = text.encode("utf-8", "replace")
    if not data.strip():
        raise FileWithoutText
    try:
        return html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        raise FileWithoutText from None
    except etree.XMLSyntaxError:
        raise FileUnreadable from None


def _first_heading(root: Any) -> str:
    heading = root.find(".//h1")
    return "" if heading is None else _text_of(heading).strip("\n# ")


def _mains(root: Any) -> list[Any]:
    """Return where the text may be, most likely first: what is marked as the main part, if it is one, or else all."""
    marked = [found[0] for found in map(root.xpath, _MAIN) if len(found) == 1]
    return [*marked, root]


def _is_left_out(element: Any) -> bool:
    given = element.attrib
    return (
        element.tag in _LEFT_OUT
        or given.get("role", "").lower() in _ROLES_LEFT_OUT
        or "hidden" in given
        or given.get("aria-hidden", "").lower() == "true"
        or bool(_HIDDEN.search(given.get("style", "")))
    )


def _text_of(main: Any) -> str:
    """Walk through a part of the page without recursion, and write it down."""
    written: list[str] = []
    walk = etree.iterwalk(main, events=("start", "end"))
    for event, element in walk:
        if event == "start":
            if element is not main and _is_left_out(element):
                walk.skip_subtree()
            else:
                written.append(_opening(element.tag) + _flat(element.text))
        else:
            written.append("" if _is_left_out(element) else _closing(element.tag))
            written.append(_flat(element.tail) if element is not main else "")
    return re.sub(r"(?m)^[ |]+|[ |]+$", "", "".join(written))


def _flat(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _opening(tag: str) -> str:
    if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
        return f"\n\n{'#' * int(tag[1])} "
    if tag == "li":
        return "\n- "
    if tag in _CELLS:
        return " | "
    return "\n" if tag in _BLOCKS or tag == "br" else ""


def _closing(tag: str) -> str:
    if tag == "p" or (len(tag) == 2 and tag[0] == "h" and tag[1].isdigit()):
        return "\n\n"
    return "\n" if tag in _BLOCKS and tag not in ("li", "tr") else ""
