"""Web addresses in an answer, and whether they lead where the workspace allows.

An allowed host covers its subdomains. What only looks like one does not: `shop.com.evil.io`, `shop.com@evil.io`,
letters of other alphabets. Any scheme that is not of the web is foreign, since an answer has no need of it.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import urlsplit

from ai.privacy.reading import read
from ai.safety.verdicts import Category, Finding, Severity

_WITH_SCHEME: Final = re.compile(
    r"(?<![a-z0-9])(?:[a-z][a-z0-9+.\-]{1,20}:[/\\]{2}|(?:javascript|vbscript):|data:[a-z]{1,20}/)[^\s<>\"'`)\]}]{1,2000}"
)
_ENDINGS: Final = (
    "com|net|org|br|pt|io|app|dev|link|xyz|shop|store|site|online|top|info|club|click|live|biz|ru|cn|tk|vip|page|cloud"
)
# without a scheme, endings that are also words need a path
_BARE: Final = re.compile(
    rf"(?<![\w@.\-/])(?:www\.)?(?:[^\W_](?:[\w\-]{{0,61}}[^\W_])?\.){{1,6}}"
    rf"(?:(?:{_ENDINGS})\b(?!\.?[^\W_])|(?:me|ly|gl|co|to|cc|gg|be|ai|us|tv)(?=/))(?::\d+)?"
    r"(?:[/?#][^\s<>\"'`)\]}]{0,2000})?"
)
_AUTHORITY: Final = re.compile(r"(?:[a-z]+:[/\\]{2})?[^/\\?#]*")
_TRAILING: Final = ".,;:!?*_~"


def foreign(text: str, allowed: Collection[str]) -> Iterator[Finding]:
    """Find web addresses whose host is none of the allowed ones, nor below one; offsets are of the text as given."""
    reading = read(text)
    hosts = tuple(host for each in allowed if (host := _plain(each)))
    done = 0
    for match in sorted((*_WITH_SCHEME.finditer(reading.low), *_BARE.finditer(reading.low)), key=lambda m: m.start()):
        if match.start() < done:
            continue
        done = match.end()
        link = match[0].rstrip(_TRAILING)
        start, end = reading.written(match.start(), match.start() + len(link))
        authority = _AUTHORITY.match(link)
        size = authority.end() if authority is not None else 0
        spoken = slice(*reading.written(match.start(), match.start() + max(1, size)))
        host = _host(link) if text[spoken].isascii() else None
        if host is None or not any(host == each or host.endswith(f".{each}") for each in hosts):
            yield Finding(category=Category.FOREIGN_LINK, severity=Severity.MEDIUM, start=start, end=end)


def hosts_in(text: str) -> frozenset[str]:
    """Return the hosts that the web addresses in a text lead to, as far as they are plain."""
    low = read(text).low
    links = (match[0].rstrip(_TRAILING) for each in (_WITH_SCHEME, _BARE) for match in each.finditer(low))
    return frozenset(host for link in links if (host := _host(link)) is not None)


def _host(link: str) -> str | None:
    if "\\" in link:
        return None
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
        host = parts.hostname
    except ValueError:
        return None
    return _plain(host) if host and parts.scheme in ("http", "https") else None


def _plain(host: str) -> str:
    return host.strip().lower().removeprefix("www.").rstrip(".")
