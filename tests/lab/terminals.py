"""Terminals by the script for the telnet probe: prompts, shells, and the logins that are tried."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from iotscan.errors import NetworkError, TimedOut
from iotscan.model import Endpoint, Fact, Impact, Service, Transcript
from iotscan.plugins import probes
from iotscan.probe_api import Login
from iotscan.testing import Fails, FakeNetwork, Hears, Says, Step

PROBE = next(probe for probe in probes() if probe.name == "telnet")
SERVICE = Service(Endpoint(ip_address("192.0.2.7"), "tcp", 2323), "telnet")
ROOT = Login("xiongmai-root", "root", "system", "DVR")
ADMIN = Login("generic-admin-1", "admin", "system")
EMPTY = Login("generic-admin-3", "admin", "system")
CONTROL = Login("control-x", "qzx", "system", control=True)
SECRETS = {ROOT.id: b"xc3511", ADMIN.id: b"admin", EMPTY.id: b"", CONTROL.id: b"k3v9"}

MARKER = Hears(b"echo iot$((6*7))scan\r")
FALLBACK = Hears(b'echo ios""can\r')
EXIT = Hears(b"exit\r")
SILENCE = Fails(TimedOut("read"))
ASK_ENCRYPTION = Hears(b"\xff\xfd\x26\xff\xfb\x2e")

Script = list[Step]


def login_text(secret: bytes, *answer: Step, name: bytes = b"root") -> Script:
    """A connection of a text-only device up to the answer to the password."""
    asked: Script = [Says(b"\r\ncam login: "), Hears(name + b"\r"), Says(b"Password: ")]
    return [*asked, Hears(secret + b"\r"), *answer]


def shell(*, proof: bytes = b"iot42scan\r\n# ") -> Script:
    return [Says(b"\r\n# "), SILENCE, MARKER, Says(proof), EXIT]


GREETING: Script = [Says(b"\r\ncam login: ")]


async def play(
    connections: Sequence[Sequence[Step] | NetworkError],
    logins: Sequence[Login] = (),
    impact: Impact = Impact.LOGIN,
) -> Transcript:
    return await FakeNetwork(SERVICE, connections, SECRETS, impact).play(PROBE, logins)


def facts_of(talk: Transcript, kind: str) -> dict[str, Fact]:
    found = [seen for seen in PROBE.read(talk) if seen.kind == kind]
    assert len(found) == 1, found
    assert all(0 <= index < len(talk.turns) for index in found[0].proofs[0].turns)
    return dict(found[0].facts)


def typed(talk: Transcript) -> bytes:
    return talk.said_by("client")
