"""A name is looked up once, its addresses are judged, and exactly those are connected to."""

import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from tests.bot.tools.guarded import client, hello, serving, to_loopback


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a00:1",
    ],
)
async def test_a_name_must_not_lead_inside(address: str) -> None:
    """A name that leads to an address inside, in whatever notation, is not connected to."""

    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", address]

    async with client("http://shop.example:80", internal=False, lookup=lookup) as http:
        with pytest.raises(httpx.ConnectError, match=r"shop\.example is at an internal address"):
            await http.get("http://shop.example:80/")


async def test_an_internal_place_may_be_named() -> None:
    """What the configuration calls internal may be inside, under whatever name."""
    async with serving(hello) as port:
        url = f"http://health.internal:{port}"
        async with client(url, lookup=to_loopback) as http:
            assert (await http.get(url)).text == "hello"


async def test_a_name_is_looked_up_once() -> None:
    """The address that was judged is the one that is connected to: no second look-up is made."""
    answers = iter([["127.0.0.1"]])

    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    async with serving(hello) as port:
        url = f"http://shop.example:{port}"
        async with client(url, lookup=lookup) as http:
            assert (await http.get(url)).text == "hello"
            assert (await http.get(url)).text == "hello"  # on the connection that is open


async def test_the_next_address_is_tried() -> None:
    """If nobody answers at a name's first address, the next one is tried."""

    async def lookup(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with serving(hello) as port:
        url = f"http://shop.example:{port}"
        async with client(url, lookup=lookup) as http:
            assert (await http.get(url)).text == "hello"


async def test_a_name_without_an_address() -> None:
    """A name that can't be looked up is told by name."""

    async def lookup(_host: str, _port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")

    async with client("http://shop.example:80", lookup=lookup) as http:
        with pytest.raises(httpx.ConnectError, match=r"shop\.example can't be looked up: Name or"):
            await http.get("http://shop.example:80/")


async def test_hosts_behind_one_address_share_no_connection() -> None:
    """Two names at the same address each get a connection, and with it a TLS name, of their own."""
    peers: set[object] = set()

    async def note(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response()

    async with serving(note) as port:
        urls = [f"http://{name}.example:{port}" for name in ("one", "two")]
        async with client(*urls, lookup=to_loopback) as http:
            for url in (*urls, *urls):
                await http.get(url)

    assert len(peers) == 2


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """A server's certificate that nobody but itself vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *made, *names, *files], check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    return tls


async def test_certificates_are_verified(self_signed: ssl.SSLContext) -> None:
    """A server whose certificate nobody vouches for is not spoken to."""
    async with serving(hello, self_signed) as port:
        url = f"https://localhost:{port}"
        async with client(url) as http:
            with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
                await http.get(url)
