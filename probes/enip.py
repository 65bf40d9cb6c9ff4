"""EtherNet/IP (CIP Networks Library volume 2): who answers, and what it is.

ListIdentity is the only message ever sent, without a session: a device has few of those to give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Transcript
from iotscan.probe_api import Greeted, Opening, either
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import enip
from iotscan.protocols.industrial.enip import Packet
from iotscan.protocols.industrial.framing import Said, at_port, clear, spoken
from iotscan.text import clean

CONTEXT = b"iotscan"
ASK = enip.encode(Packet(enip.LIST_IDENTITY, 0, 0, CONTEXT, b""))
# They are below 256, and little-endian.
_COMMANDS = bytes(enip.COMMANDS)
_IDENTITY = {"vendor": str, "vendor_id": int, "model": str, "firmware": str, "device_kind": str}
KINDS = (
    Kind(
        "enip.identity",
        {"answered": bool, "cleartext": bool, **_IDENTITY},
        "A device listed its identity over EtherNet/IP to us.",
    ),
    Kind(
        "enip.overheard",
        {"peer": str, "answered": bool, "commands": tuple, **_IDENTITY},
        "Somebody else's EtherNet/IP. commands: encapsulation commands by name.",
    ),
)


class EtherNetIp(Greeted):
    name = "enip"
    impact = Impact.GREET
    openings = (
        Opening("list identity", "udp", (enip.PORT,), ASK),
        Opening("list identity (tcp)", "tcp", (enip.PORT,), ASK),
    )
    emits = KINDS
    begins = (*either("tcp", _COMMANDS), *either("udp", _COMMANDS))

    def recognises(self, heard: bytes) -> bool:
        """The complete answer to our own question."""
        try:
            first = enip.decode(heard)
        except Malformed:
            return False
        return first is not None and _ours(first[0])

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from _overheard(talk)
            return
        for said in spoken(talk, enip.decode):
            if said.sender == "server" and _ours(said.message):
                facts: dict[str, Fact] = {"answered": True, "cleartext": clear(talk)}
                facts |= _identity(said.message)
                yield observe(talk, "enip.identity", facts, [said.turn])
                return


def _ours(packet: Packet) -> bool:
    return packet.command == enip.LIST_IDENTITY and packet.context.rstrip(b"\0") == CONTEXT


def _identity(packet: Packet) -> dict[str, Fact]:
    try:
        listed = enip.identities(packet)
    except Malformed:
        return {}
    if not listed:
        return {}
    first = listed[0]
    facts: dict[str, Fact] = {"vendor_id": first.vendor, "firmware": first.revision}
    texts = {
        "vendor": enip.VENDORS.get(first.vendor, ""),
        "model": clean(first.name),
        "device_kind": enip.PROFILES.get(first.profile, ""),
    }
    return facts | {word: text for word, text in texts.items() if text}


def _overheard(talk: Transcript) -> Iterator[Observation]:
    """What was exchanged in both directions, or answered on the usual port."""
    talk = at_port(talk, (enip.PORT,))
    packets = spoken(talk, enip.decode)
    told = [said for said in packets if said.sender == "server"]
    if not told or not (_matched(packets) or talk.service.endpoint.port == enip.PORT):
        return
    commands = sorted({said.message.command for said in packets})
    facts: dict[str, Fact] = {
        "answered": True,
        "commands": tuple(enip.COMMANDS[command] for command in commands),
    }
    for said in told:
        facts |= _identity(said.message)
    yield observe(talk, "enip.overheard", facts, [packets[0].turn, told[0].turn])


def _matched(packets: Sequence[Said[Packet]]) -> bool:
    """Whether the server answered a command of the client's with the client's own context."""
    asked = {(p.message.command, p.message.context) for p in packets if p.sender == "client"}
    return any(
        (p.message.command, p.message.context) in asked for p in packets if p.sender == "server"
    )


PROBE = EtherNetIp()
