"""Fetching strangers' pages: what is refused, and that a checked address is the one that is connected to."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from core import fetching
from core.errors import DomainError, Invalid
from core.fetching import (
    MOST_BYTES,
    FetchFailed,
    PageRefused,
    PageTooLarge,
    PageTypeUnknown,
    Reach,
    UrlNotAllowed,
    fetch,
)
from core.routable import Address, is_public
from core.text import UrlInvalid
from tests.fixtures.sites import HERE, HOST, PUBLIC, Answer, Site, asking, leading, page, reach, running


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as opened:
        yield opened


async def test_a_page_is_fetched_from_the_checked_address_under_its_name(site: Site) -> None:
    site.pages["/a?b=c"] = page("<p>Olá</p>".encode())
    names, resolve = asking(HERE, PUBLIC)

    found = await fetch(site.url("/a?b=c#d"), reach(site, resolve))

    assert (found.url, found.body.decode()) == (site.url("/a?b=c"), "<p>Olá</p>")
    assert found.content_type == "text/html; charset=utf-8"
    assert names == [HOST]
    head = site.asked[0].lower()
    assert f"host: {HOST}:{site.port}" in head
    assert "user-agent: whatshybrid" in head
    assert "accept-encoding: identity" in head


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://１２７.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://[fe80::1%25lo]/",
        "http://[fd00:ec2::254]/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://loja.example:8080/",
        "http://loja.example:443/",
        "https://loja.example:80/",
        "http://ana@loja.example/",
        "http://ana:b@loja.example/",
        "http://loja.example\\@127.0.0.1/",
        "http://loja.example./",
        "http://loja_.example/",
        "http://%6coja.example/",
        "http://-loja.example/",
        "http://loja/",
        "http://a..example/",
    ],
)
async def test_odd_hosts_ports_and_users_are_refused_before_anything_is_resolved(url: str) -> None:
    names, resolve = asking(PUBLIC)

    with pytest.raises((UrlNotAllowed, UrlInvalid)):
        await fetch(url, Reach(resolve=resolve))

    assert names == []


@pytest.mark.parametrize(
    "url", ["ftp://loja.example/", "file:///etc/passwd", "gopher://a.example", "loja.example", "", "http://"]
)
async def test_what_is_no_web_address_is_told_so(url: str) -> None:
    with pytest.raises(UrlInvalid):
        await fetch(url)


@pytest.mark.parametrize("answers", [[], ["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["93.184.216.34", "::1"]])
async def test_a_name_with_one_private_address_and_one_that_does_not_exist_get_the_same_answer(
    answers: list[str],
) -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        del host, port
        return [ip_address(each) for each in answers]

    with pytest.raises(UrlNotAllowed) as refused:
        await fetch("https://intranet.example/", Reach(resolve=resolve))

    assert refused.value.message == UrlNotAllowed().message
    assert "10.0" not in refused.value.message


async def test_the_systems_resolver_leads_to_no_local_name() -> None:
    with pytest.raises(UrlNotAllowed):
        await fetch("http://localhost.localdomain/")
    assert ip_address("127.0.0.1") in await fetching.resolved("localhost", 80)


async def test_a_second_answer_of_the_resolver_is_checked_anew(site: Site) -> None:
    site.pages["/"] = leading("/b")
    site.pages["/b"] = page(b"secret")
    names, resolve = asking(HERE, ip_address("10.0.0.7"))

    with pytest.raises(UrlNotAllowed):
        await fetch(site.url(), reach(site, resolve))

    assert (len(names), len(site.asked)) == (2, 1)


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.2/",
        "http://169.254.169.254/",
        "http://[::1]/",
        "//10.0.0.1/",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
        "javascript:alert(1)",
        "http://[",
    ],
)
async def test_a_redirect_into_the_network_is_not_followed(site: Site, to: str) -> None:
    site.pages["/"] = leading(to)

    with pytest.raises(UrlNotAllowed):
        await fetch(site.url(), reach(site))

    assert len(site.asked) == 1


async def test_three_redirects_are_followed_and_no_fourth(site: Site) -> None:
    for number in range(4):
        site.pages[f"/{number}"] = leading(f"/{number + 1}")
    site.pages["/4"] = page()

    assert (await fetch(site.url("/1"), reach(site))).url == site.url("/4")
    with pytest.raises(PageRefused):
        await fetch(site.url("/0"), reach(site))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (page(status="404 Not Found"), PageRefused),
        (page(status="401 Unauthorized"), PageRefused),
        (page(status="204 No Content"), PageRefused),
        (page(status="302 Found"), PageRefused),
        (page(status="503 Service Unavailable"), FetchFailed),
        (page(status="429 Too Many Requests"), FetchFailed),
        (page(kind="image/png"), PageTypeUnknown),
        (page(kind=""), PageTypeUnknown),
        (page(b"x" * (MOST_BYTES + 1)), PageTooLarge),
        (page(gzip.compress(b"\0" * 50 * 2**20), more="content-encoding: gzip\r\n"), PageTooLarge),
        (page(gzip.compress(b"a" * 999)[:-9], more="content-encoding: gzip\r\n"), FetchFailed),
        (page(b"no gzip", more="content-encoding: gzip\r\n"), FetchFailed),
        (page(b"x", more="content-encoding: br\r\n"), PageRefused),
    ],
)
async def test_what_is_no_page_to_be_read_is_refused(site: Site, answer: Answer, error: type[DomainError]) -> None:
    site.pages["/"] = answer

    with pytest.raises(error):
        await fetch(site.url(), reach(site))


async def test_a_page_that_comes_packed_unasked_is_unpacked(site: Site) -> None:
    site.pages["/"] = page(gzip.compress(b"<p>Oi</p>"), more="content-encoding: gzip\r\n")

    assert (await fetch(site.url(), reach(site))).body == b"<p>Oi</p>"


async def endless(_: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def slow(_: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 999\r\n\r\n")
    for _ in range(100):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silent(_: str, writer: asyncio.StreamWriter) -> None:
    del writer
    await asyncio.sleep(1)


async def garbled(_: str, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")


@pytest.mark.parametrize(
    ("answer", "error"), [(endless, PageTooLarge), (slow, FetchFailed), (silent, FetchFailed), (garbled, FetchFailed)]
)
async def test_a_body_has_its_end_and_its_time(site: Site, answer: Answer, error: type[DomainError]) -> None:
    site.pages["/"] = answer

    with pytest.raises(error) as refused:
        await fetch(site.url(), reach(site, seconds=0.4 if error is FetchFailed else 10))

    assert "SSH" not in refused.value.message


async def test_a_closed_port_is_a_failure_that_tells_nothing() -> None:
    async with running() as closed:
        pass

    with pytest.raises(FetchFailed) as refused:
        await fetch(closed.url(), reach(closed))

    assert refused.value.message == FetchFailed().message


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a name; return how a server shows it, and how a client trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / f"{name}.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


async def test_a_certificate_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    shown, trusted = certificate(tmp_path, HOST)
    names: list[str | None] = []
    shown.sni_callback = lambda _socket, name, _context: names.append(name)

    async with running(shown) as site:
        site.pages["/"] = page()
        secure = reach(site, trust=trusted)

        assert (await fetch(f"https://{HOST}:{site.port}/", secure)).body == b"<p>Oi</p>"
        with pytest.raises(FetchFailed):
            await fetch(f"https://outra.example:{site.port}/", secure)
        with pytest.raises(FetchFailed):
            await fetch(f"https://{HOST}:{site.port}/", reach(site))

    assert names[:2] == [HOST, "outra.example"]


@given(
    st.text(min_size=1), st.sampled_from(["http://{}/", "https://{}", "http://loja.example/{}", "http://{}.example"])
)
async def test_whatever_is_asked_for_nothing_private_is_reached(text: str, form: str) -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        del host, port
        return [HERE]

    with pytest.raises(Invalid):
        await fetch(form.format(text), Reach(resolve=resolve))


@given(st.integers(0, 2**32 - 1))
def test_no_private_ipv4_is_public_in_any_clothes(number: int) -> None:
    plain = IPv4Address(number)
    wrong = plain.is_private or plain.is_loopback or plain.is_link_local or plain.is_multicast or plain.is_reserved

    assert not (wrong and is_public(plain))
    assert not is_public(IPv6Address(0xFFFF << 32 | number))
    assert not is_public(IPv6Address(number))
    assert not is_public(IPv6Address(0x0064_FF9B << 96 | number))
    assert not is_public(IPv6Address(0x2002 << 112 | number << 80))
    assert not is_public(IPv6Address(0x2001 << 112 | number))


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_only_global_ipv6_is_public(address: IPv6Address) -> None:
    assert not is_public(address) or address.is_global


@pytest.mark.parametrize(
    "known", ["8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.0", "2606:4700::1111", "2a00:1450::1"]
)
def test_public_addresses_are_public(known: str) -> None:
    assert is_public(ip_address(known))
