"""Captured TLS sessions and the keys to them: real ones, with every suite that can be opened."""

from __future__ import annotations

import ssl
import struct
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certificates
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.capture.making import Connection
from iotscan.capture.writer import Writer
from iotscan.model import Endpoint, Sender
from iotscan.offline import report_on
from iotscan.protocols.tls.keylog import opened, parse_keylog, tls_facts

Said = list[tuple[int, Sender, bytes]]
ASKED, TOLD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b"ok" * 9000


@pytest.fixture(scope="session")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for it, in one file."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    return certificates.identity(
        tmp_path_factory.mktemp("tls"), "lamp", begin, begin + timedelta(days=3650)
    )


def held(identity: Path, log: Path, version: ssl.TLSVersion, ciphers: str) -> Said:
    """What both sides sent in a session, in order, a turn each time."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(identity)
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.check_hostname, client_side.verify_mode = False, ssl.CERT_NONE
    client_side.keylog_filename = str(log)
    for side in (server_side, client_side):
        side.minimum_version = side.maximum_version = version
    if version is ssl.TLSVersion.TLSv1_2:
        client_side.set_ciphers(ciphers)
        server_side.set_ciphers(ciphers)
    pipes = {name: (ssl.MemoryBIO(), ssl.MemoryBIO()) for name in ("client", "server")}
    client = client_side.wrap_bio(*pipes["client"], server_hostname="lamp")
    server = server_side.wrap_bio(*pipes["server"], server_side=True)
    said: Said = []

    def pass_on() -> None:
        sides: tuple[tuple[Sender, str], ...] = (("client", "server"), ("server", "client"))
        for sender, other in sides:
            data = pipes[sender][1].read()
            if data:
                said.append((len(said), sender, data))
                pipes[other][0].write(data)

    open_ends = [client, server]
    for _ in range(10):
        for end in list(open_ends):
            try:
                end.do_handshake()
                open_ends.remove(end)
            except ssl.SSLWantReadError:
                pass
            pass_on()
    client.write(ASKED)
    pass_on()
    assert server.read(4096) == ASKED
    server.write(TOLD)
    pass_on()
    return said


CLASSIC = ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
SESSIONS = [
    (ssl.TLSVersion.TLSv1_3, ""),
    *((ssl.TLSVersion.TLSv1_2, f"ECDHE-ECDSA-{name}") for name in CLASSIC),
]


@pytest.mark.parametrize(("version", "ciphers"), SESSIONS)
def test_a_session_is_opened_with_its_keys(
    version: ssl.TLSVersion, ciphers: str, identity: Path, tmp_path: Path
) -> None:
    said = held(identity, tmp_path / "keys", version, ciphers)
    keys = parse_keylog((tmp_path / "keys").read_bytes())
    session = opened(said, keys)
    assert session is not None
    for side, whole in (("client", ASKED), ("server", TOLD)):
        assert b"".join(data for _, sender, data in session.said if sender == side) == whole
    turns = [index for index, _, _ in session.said]
    assert turns == sorted(turns)
    facts = tls_facts(session.flight)
    assert facts.version == ("TLSv1.3" if version is ssl.TLSVersion.TLSv1_3 else "TLSv1.2")
    assert "GCM" in facts.cipher or "CHACHA20" in facts.cipher
    bits = [(i, sender, data[k : k + 1]) for i, sender, data in said for k in range(len(data))]
    again = opened(bits, keys)
    assert again is not None
    assert b"".join(d for _, _, d in again.said) == b"".join(d for _, _, d in session.said)


def test_a_capture_that_holds_the_keys_is_read_inside(identity: Path, tmp_path: Path) -> None:
    said = held(identity, tmp_path / "keys", ssl.TLSVersion.TLSv1_3, "")
    log = (tmp_path / "keys").read_bytes()
    talk = Connection(
        Endpoint(ip_address("192.168.1.5"), "tcp", 40_000),
        Endpoint(ip_address("192.168.1.9"), "tcp", 443),
    )
    frames = talk.opened()
    for _, sender, data in said:
        frames += talk.said(sender == "client", data)
    body = struct.pack("<II", 0x544C534B, len(log)) + log + bytes(-len(log) % 4)
    size = struct.pack("<I", len(body) + 12)
    for secrets, readable in ((struct.pack("<I", 10) + size + body + size, True), (b"", False)):
        with (tmp_path / "c.pcapng").open("wb") as out:
            writer = Writer(out)
            writer.packet(1_700_000_000.0, 1, frames[0])
            out.write(secrets)
            for number, frame in enumerate(frames[1:], 1):
                writer.packet(1_700_000_000.0 + number / 10, 1, frame)
        report = report_on([tmp_path / "c.pcapng"], load_rulebook())
        found = [seen.facts for seen in report.observations if seen.kind == "http.exchange"]
        assert bool(found) is readable
        assert all(facts["cleartext"] is False for facts in found)
        assert "http-cleartext" not in {finding.rule for finding in report.findings}


def test_without_keys_or_with_others_it_stays_closed(identity: Path, tmp_path: Path) -> None:
    said = held(identity, tmp_path / "keys", ssl.TLSVersion.TLSv1_3, "")
    keys = parse_keylog((tmp_path / "keys").read_bytes())
    assert opened(said, {}) is None
    ((random, secrets),) = keys.items()
    wrong = {random: {word: bytes(len(secret)) for word, secret in secrets.items()}}
    session = opened(said, wrong)
    assert session is not None
    assert session.said == ()
    assert opened(said, {random: {}}) is None
    assert opened(said[1:], keys) is None


def test_suites_without_authenticated_encryption_stay_closed(
    identity: Path, tmp_path: Path
) -> None:
    said = held(identity, tmp_path / "keys", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA")
    assert opened(said, parse_keylog((tmp_path / "keys").read_bytes())) is None


def test_what_follows_a_gap_stays_closed_and_what_came_before_does_not(
    identity: Path, tmp_path: Path
) -> None:
    said = held(
        identity, tmp_path / "keys", ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256"
    )
    keys = parse_keylog((tmp_path / "keys").read_bytes())
    last, sender, data = said[-1]
    session = opened([*said[:-1], (last, sender, data[:200] + data[400:])], keys)
    assert session is not None
    assert [content for _, _, content in session.said] == [ASKED]


def test_lines_that_are_none_are_passed_over() -> None:
    line = b"CLIENT_RANDOM " + b"ab" * 32 + b" " + b"cd" * 48
    text = b"# a comment\n\n" + line + b"\r\nNONSENSE\nCLIENT_RANDOM xy 12\n" + b"\xff" * 40
    assert parse_keylog(text) == {b"\xab" * 32: {"CLIENT_RANDOM": b"\xcd" * 48}}


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_noise_is_no_session(client: bytes, server: bytes) -> None:
    keys = {bytes(32): {"CLIENT_RANDOM": bytes(48)}}
    assert opened([(0, "client", client), (1, "server", server)], keys) is None
    parse_keylog(client)
