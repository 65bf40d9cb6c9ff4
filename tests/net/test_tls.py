"""TLS towards devices: what the handshake showed, whatever the device speaks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import NetworkError, TlsFailed
from iotscan.model import Ending, Endpoint, Service, TlsFacts
from iotscan.net.gateway import Gateway
from iotscan.net.tls import certificates
from iotscan.testing import HOSTILE

Make = Callable[..., Gateway]
DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM


def issue(
    name: str, issuer: tuple[x509.Certificate, Any] | None = None
) -> tuple[x509.Certificate, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now - timedelta(days=1))
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return certificate, key


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[bytes, ...]]:
    """A file with an expired leaf, its issuer and the leaf's key; the two certificates as DER."""
    authority = issue("device vendor")
    leaf, key = issue("camera", authority)
    file = tmp_path_factory.mktemp("tls") / "chain.pem"
    file.write_bytes(
        key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + leaf.public_bytes(PEM)
        + authority[0].public_bytes(PEM)
    )
    return file, (leaf.public_bytes(DER), authority[0].public_bytes(DER))


def server_context(file: Path, version: str = "", *, ask: ssl.VerifyMode = ssl.CERT_NONE) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.verify_mode = ask
    if version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    return context


@asynccontextmanager
async def device(context: Any) -> AsyncIterator[Service]:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.readline())
            await reader.read()
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Service(Endpoint(ip_address("127.0.0.1"), "tcp", port), "test", tls=True)
    finally:
        server.close()


async def echo_through(gateway: Gateway, service: Service) -> TlsFacts:
    net = gateway.conversation(service, "test", id="c1", began=0.0)
    async with net.tcp(service) as stream:
        await stream.write(b"hello\n")
        assert await stream.read() == b"hello\n"
        facts = stream.tls
    said = net.transcript()
    assert [turn.data for turn in said.turns] == [b"hello\n", b"hello\n"]
    assert facts is not None
    assert said.channels[0].tls == facts
    return facts


@pytest.mark.parametrize(
    ("version", "shown"),
    [("TLSv1", "TLSv1"), ("TLSv1_1", "TLSv1.1"), ("TLSv1_2", "TLSv1.2"), ("TLSv1_3", "TLSv1.3")],
)
async def test_every_version_shows_its_cipher_and_the_chain_as_sent(
    gateway_with: Make, chain: tuple[Path, tuple[bytes, ...]], version: str, shown: str
) -> None:
    async with device(server_context(chain[0], version)) as service:
        facts = await echo_through(gateway_with(), service)
    assert facts.version == shown
    assert facts.cipher
    assert facts.chain == chain[1]
    assert facts.client_certificate_requested is False


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_a_wish_for_a_client_certificate_is_seen(
    gateway_with: Make, chain: tuple[Path, tuple[bytes, ...]], version: str
) -> None:
    context = server_context(chain[0], version, ask=ssl.CERT_OPTIONAL)
    async with device(context) as service:
        facts = await echo_through(gateway_with(), service)
    assert facts.client_certificate_requested is True


def insist(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Serve one connection in a thread: asyncio's server closes without sending its alert."""
    client, _ = listener.accept()
    with client, contextlib.suppress(OSError), context.wrap_socket(client, server_side=True):
        pass


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_a_device_that_insists_on_a_client_certificate_says_so(
    gateway_with: Make, chain: tuple[Path, tuple[bytes, ...]], version: str
) -> None:
    context = server_context(chain[0], version, ask=ssl.CERT_REQUIRED)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = Endpoint(ip_address("127.0.0.1"), "tcp", listener.getsockname()[1])
        thread = threading.Thread(target=insist, args=(listener, context), daemon=True)
        thread.start()
        with pytest.raises(TlsFailed, match=r"certificate required|handshake failure"):
            await echo_through(gateway_with(), Service(endpoint, "test", tls=True))
        thread.join()


async def test_a_change_to_tls_in_the_middle(
    gateway_with: Make, chain: tuple[Path, tuple[bytes, ...]]
) -> None:
    context = server_context(chain[0])

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n")
        await writer.start_tls(context)
        writer.write(await reader.readline())
        await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    service = Service(Endpoint(ip_address("127.0.0.1"), "tcp", port), "test")
    net = gateway_with().conversation(service, "test", id="c1", began=0.0)
    async with net.tcp(service) as stream:
        await stream.read()
        assert stream.tls is None
        await stream.write(b"STARTTLS\r\n")
        await stream.read()
        facts = await stream.start_tls()
        assert facts.chain == chain[1]
        await stream.write(b"inside\n")
        assert await stream.read() == b"inside\n"
        with pytest.raises(TlsFailed, match="already"):
            await stream.start_tls()
    server.close()
    assert net.transcript().channels[0].tls == facts


@pytest.mark.parametrize("peer", sorted(HOSTILE))
async def test_what_is_not_tls_fails_as_tls_in_bounded_time(
    gateway_with: Make, serve: Any, peer: str
) -> None:
    async with serve(HOSTILE[peer]) as service:
        gateway = gateway_with(read_timeout=0.1)
        net = gateway.conversation(service, "test", id="c1", began=0.0)
        with pytest.raises(NetworkError) as raised:
            async with net.tcp(service, tls=True):
                pass
    assert isinstance(raised.value, TlsFailed)
    said = net.transcript()
    assert said.channels[0].ending is Ending.TLS_FAILED
    assert said.channels[0].tls is None


async def test_a_long_tls_answer_comes_through_in_pieces_and_bounded(
    gateway_with: Make, chain: tuple[Path, tuple[bytes, ...]]
) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"0123456789" * 10_000)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=server_context(chain[0]))
    port = server.sockets[0].getsockname()[1]
    service = Service(Endpoint(ip_address("127.0.0.1"), "tcp", port), "test", tls=True)
    net = gateway_with().conversation(service, "test", id="c1", began=0.0)
    async with net.tcp(service) as stream:
        heard = b""
        while data := await stream.read(777):
            assert len(data) <= 777
            heard += data
    server.close()
    assert heard == b"0123456789" * 10_000
    assert net.transcript().channels[0].ending is Ending.CLOSED


def message(ders: list[bytes], tls13: bool) -> bytes:
    """A Certificate message, RFC 5246 section 7.4.2 or RFC 8446 section 4.4.2."""
    extensions = b"\x00\x02\xff\xff" if tls13 else b""
    listed = b"".join(len(der).to_bytes(3, "big") + der + extensions for der in ders)
    body = (b"\x02id" if tls13 else b"") + len(listed).to_bytes(3, "big") + listed
    return b"\x0b" + len(body).to_bytes(3, "big") + body


@given(ders=st.lists(st.binary(min_size=1, max_size=300), max_size=10), tls13=st.booleans())
def test_certificates_of_a_message_are_read_in_order(ders: list[bytes], tls13: bool) -> None:
    assert certificates(message(ders, tls13), tls13) == tuple(ders)


@given(noise=st.binary(max_size=200), tls13=st.booleans())
def test_a_broken_certificate_message_gives_what_is_whole(noise: bytes, tls13: bool) -> None:
    assert all(der in noise for der in certificates(noise, tls13))
    cut = message([b"first", b"second"], tls13)[:-8]
    assert certificates(cut, tls13)[:1] == (b"first",)
