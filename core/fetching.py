"""Fetching a page that a stranger names, without lending them this machine's place in its network.

The host is resolved here, once for each hop; when one of its addresses is not of the public internet, nothing is
fetched. The connection goes to the checked address, so that a second answer of the resolver (DNS rebinding) changes
nothing, while the name stays in `Host`, in SNI and in the check of the certificate. Errors tell nobody whether a name
exists inside the network. No cookie, proxy or credential is used.
"""

import asyncio
import re
import socket
import ssl
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final

import httpx

from core import media_types, routable, text
from core.errors import Invalid, Unavailable
from core.routable import Address

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_REDIRECTS: Final = 3
CONTENT_TYPES: Final = frozenset(
    {media_types.HTML, media_types.TEXT, media_types.CSV, media_types.PDF, media_types.DOCX}
)
_PORTS: Final = frozenset({("http", 80), ("https", 443)})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SECONDS: Final = 15.0
_CONNECT_SECONDS: Final = 5.0
_ADDRESSES: Final = 4
_HEADER_LONGEST: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_RETRIABLE: Final = frozenset({408, 425, 429})
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# the last label begins with a letter: 127.1, 0x7f.1 and 2130706433 are addresses in the eyes of many resolvers
_NAME: Final = re.compile(rf"(?=.{{4,253}}\Z)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])\Z")
_ASKED: Final = (
    ("accept", "text/html, text/plain, text/csv, application/pdf, */*;q=0.1"),
    ("accept-encoding", "identity"),
    ("connection", "close"),
    ("user-agent", "WhatsHybrid/1 (reads pages for a knowledge base)"),
)

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
Permits = Callable[[Address], bool]


class UrlNotAllowed(Invalid):
    """Only pages of the public internet are read, by http or https; this address leads to none."""

    code = "URL_NOT_ALLOWED"


class PageRefused(Invalid):
    """The page's server does not give it out."""

    code = "PAGE_REFUSED"


class PageTypeUnknown(Invalid):
    """A page is HTML, plain text, PDF, DOCX or CSV."""

    code = "FILE_KIND_UNKNOWN"


class PageTooLarge(Invalid):
    """A page may have 2 MiB."""

    code = "TOO_LARGE"


class FetchFailed(Unavailable):
    """The page's server does not answer as it should right now: try again later."""

    code = "FETCH_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page as it came. `url` is where it was after redirects; `content_type` the whole header, with its charset."""

    url: str
    content_type: str
    body: bytes = field(repr=False)


async def resolved(host: str, port: int) -> Sequence[Address]:
    """Ask the system for a host's addresses; empty when it has none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(ip_address(each[4][0]) for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far a fetch may go. Only a caller's own code can widen it: no setting leads here."""

    permits: Permits = routable.is_public
    resolve: Resolver = resolved
    ports: frozenset[tuple[str, int]] = _PORTS
    trust: ssl.SSLContext | None = None
    seconds: float = _SECONDS


PUBLIC: Final = Reach()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """One hop whose host has been checked."""

    url: httpx.URL
    addresses: tuple[Address, ...]


async def fetch(url: str, reach: Reach = PUBLIC) -> Fetched:
    """Fetch a page by GET, following at most three redirects, each checked anew. It may have 2 MiB, unpacked, and may
    take 15 seconds.

    Raises:
        UrlInvalid, UrlNotAllowed: it is no address of a public page, or leads to one that is none.
        PageRefused, PageTypeUnknown, PageTooLarge: there is something else than a page to be read.
        FetchFailed: its server did not answer in time, or not in order.
    """
    wanted = text.url(url, field=("url",))
    try:
        async with asyncio.timeout(reach.seconds), _transport(reach) as transport:
            return await _followed(wanted, reach, transport)
    except (TimeoutError, httpx.TransportError, zlib.error, OSError) as error:
        raise FetchFailed(field=("url",)) from error


async def _followed(wanted: str, reach: Reach, transport: httpx.AsyncHTTPTransport) -> Fetched:
    for _ in range(MOST_REDIRECTS + 1):
        target = await _checked(wanted, reach)
        response = await _answer(target, transport)
        try:
            if response.status_code not in _REDIRECTS:
                return await _read(target, response)
            wanted = _location(target, response)
        finally:
            await response.aclose()
    message = f"The page leads on more than {MOST_REDIRECTS} times."
    raise PageRefused(message, field=("url",))


@asynccontextmanager
async def _transport(reach: Reach) -> AsyncGenerator[httpx.AsyncHTTPTransport]:
    transport = httpx.AsyncHTTPTransport(
        verify=True if reach.trust is None else reach.trust,
        trust_env=False,
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=0),
    )
    try:
        yield transport
    finally:
        await transport.aclose()


async def _checked(wanted: str, reach: Reach) -> _Target:
    """Check an address by the parser that also sends it, and resolve its host."""
    if "\\" in wanted:
        raise UrlNotAllowed(field=("url",))
    try:
        url = httpx.URL(wanted).copy_with(fragment=None)
    except httpx.InvalidURL:
        raise UrlNotAllowed(field=("url",)) from None
    host = url.raw_host.decode("ascii")
    port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
    if url.userinfo or "@" in url.netloc.decode("ascii") or (url.scheme, port) not in reach.ports:
        raise UrlNotAllowed(field=("url",))
    literal = _literal(host)
    if literal is None and not _NAME.fullmatch(host):
        raise UrlNotAllowed(field=("url",))
    addresses = (literal,) if literal is not None else tuple(await reach.resolve(host, port))
    if not addresses or not all(map(reach.permits, addresses)):
        raise UrlNotAllowed(field=("url",))
    ordered = sorted(addresses, key=lambda each: each.version)
    return _Target(url=url, addresses=tuple(ordered[:_ADDRESSES]))


def _literal(host: str) -> Address | None:
    """Return an address that stands in the place of a name; None for a name, and for any spelling but the usual one."""
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return found if str(found) == host else None


async def _answer(target: _Target, transport: httpx.AsyncHTTPTransport) -> httpx.Response:
    """Send the request to the first of the checked addresses that takes it."""
    last: Exception | None = None
    for address in target.addresses:
        try:
            return await transport.handle_async_request(_request(target, address))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            last = error
    raise FetchFailed(field=("url",)) from last


def _request(target: _Target, address: Address) -> httpx.Request:
    url = target.url
    spelled = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    name = url.raw_host.decode("ascii")
    limit = httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS).as_dict()
    named = {"timeout": limit} | ({} if _literal(name) is not None else {"sni_hostname": name})
    host = url.netloc.decode("ascii")
    return httpx.Request("GET", url.copy_with(host=spelled), headers=[("host", host), *_ASKED], extensions=named)


def _location(target: _Target, response: httpx.Response) -> str:
    given = response.headers.get("location")
    if not given:
        raise PageRefused(field=("url",))
    try:
        return text.url(str(target.url.join(given)), field=("url",))
    except (httpx.InvalidURL, Invalid):
        raise UrlNotAllowed(field=("url",)) from None


async def _read(target: _Target, response: httpx.Response) -> Fetched:
    status = response.status_code
    if status >= 500 or status in _RETRIABLE:
        raise FetchFailed(field=("url",))
    if status != 200:
        message = f"The page's server does not give it out (status {status})."
        raise PageRefused(message, field=("url",))
    kind = response.headers.get("content-type", "")[:_HEADER_LONGEST]
    if kind.partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise PageTypeUnknown(field=("url",))
    return Fetched(url=str(target.url), content_type=kind, body=await _body(response))


async def _body(response: httpx.Response) -> bytes:
    """Read a body within its limit, packed and unpacked."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        raise PageRefused("The page's server sends it packed, which was not asked for.", field=("url",))
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if packing.endswith("gzip") else None
    packed, found = 0, bytearray()
    async for part in response.aiter_raw():
        packed += len(part)
        found += part if unpacker is None else unpacker.decompress(part, MOST_BYTES + 1 - len(found))
        if packed > MOST_BYTES or len(found) > MOST_BYTES:
            raise PageTooLarge(field=("url",))
    if unpacker is not None and not unpacker.eof:
        raise FetchFailed(field=("url",))
    return bytes(found)
