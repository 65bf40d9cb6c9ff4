"""TLS on request: the dialogue of each protocol, then the same questions as to any TLS port."""

from __future__ import annotations

import importlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from certificates import identity

from iotscan import testing
from iotscan.model import Ending, Endpoint, Service, Transcript
from iotscan.probe_api import Probe
from iotscan.protocols.encodings.ber import encode, encode_integer
from iotscan.protocols.tls.upgrade import UPGRADES
from iotscan.testing import QUICK, Closes, FakeNetwork, Hears, Says, Step, on_loopback

PROBE: Probe = importlib.import_module("iotscan.probes.tls").PROBE
PATIENT = replace(QUICK, read_timeout=5.0)
DONE = encode_integer(0, 0x0A) + encode(4, b"") + encode(4, b"")
# What a server says at each step, in the words of its protocol.
SAYS = {
    "smtp": (b"220 mail ESMTP\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"220 go on\r\n"),
    "imap": (b"* OK ready\r\n", b"i1 OK begin\r\n"),
    "pop3": (b"+OK ready\r\n", b"+OK begin\r\n"),
    "ftp": (b"220 ready\r\n", b"234 go on\r\n"),
    "ldap": (encode(0x30, encode_integer(1) + encode(0x78, DONE)),),
    "postgresql": (b"S",),
    "nats": (b'INFO {"server_id":"A","version":"2.9","tls_required":true}\r\n',),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return identity(tmp_path_factory.mktemp("tls"), "mail.example")


@contextmanager
def server(name: str, certificate: Path, agreements: int = 99) -> Iterator[int]:
    """Speaks the dialogue, then TLS 1.2 and 1.3; after some agreements it agrees no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    left = [agreements]

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError, ssl.SSLError):
            connection.settimeout(60)
            left[0] -= 1
            for ask, answer in zip(UPGRADES[name], SAYS[name], strict=True):
                if ask.says:
                    assert connection.recv(len(ask.says)) == ask.says
                if left[0] < 0:
                    connection.sendall(b"421 enough\r\n")
                    return
                connection.sendall(answer)
            context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


async def converse(name: str, port: int) -> Transcript:
    return await testing.converse(PROBE, on_loopback(port, name), limits=PATIENT)


@pytest.mark.parametrize("name", UPGRADES)
async def test_the_same_is_learned_as_of_a_port_that_begins_with_tls(
    name: str, certificate: Path
) -> None:
    with server(name, certificate) as port:
        talk = await converse(name, port)
    assert talk.ending is Ending.COMPLETE
    seen = {one.kind: dict(one.facts) for one in PROBE.read(talk)}
    assert seen["tls.summary"]["versions"] == ("TLS 1.2", "TLS 1.3")
    assert seen["tls.summary"]["complete"] is True
    assert seen["tls.summary"]["weak_suite_accepted"] is False
    assert seen["tls.certificate"]["names"] == ("mail.example",)
    assert seen["tls.certificate"]["self_signed"] is True


@pytest.mark.parametrize("name", UPGRADES)
def test_a_service_in_clear_is_joined_and_asked(name: str) -> None:
    endpoint = Endpoint(ip_address("192.0.2.7"), "tcp", 1234)
    assert PROBE.handles(Service(endpoint, name))
    assert not PROBE.handles(Service(endpoint, "redis"))


@pytest.mark.parametrize(
    "steps",
    [
        [Says(b"220 x\r\n"), Hears(b"AUTH TLS\r\n"), Says(b"500 no\r\n")],
        [Closes()],
        [Says(b"421 busy\r\n")],
    ],
)
async def test_a_server_that_does_not_change_is_asked_once_and_nothing_is_claimed(
    steps: Sequence[Step],
) -> None:
    service = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 21), "ftp")
    talk = await FakeNetwork(service, [steps]).play(PROBE)
    assert (talk.ending, list(PROBE.read(talk))) == (Ending.COMPLETE, [])


async def test_a_server_that_has_enough_is_not_said_to_decline_a_version(
    certificate: Path,
) -> None:
    with server("ftp", certificate, agreements=2) as port:
        talk = await converse("ftp", port)
    assert talk.ending is Ending.TLS_FAILED
    versions = [one.facts for one in PROBE.read(talk) if one.kind == "tls.version"]
    assert {one["version"] for one in versions} == {"TLS 1.2", "TLS 1.3"}
    assert all(one["accepted"] for one in versions)
    (whole,) = (one.facts for one in PROBE.read(talk) if one.kind == "tls.summary")
    assert "modern_only" not in whole
    assert whole["complete"] is False
