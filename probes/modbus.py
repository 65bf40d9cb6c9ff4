"""Modbus/TCP (MODBUS Messaging on TCP/IP V1.0b): does a device answer anybody, and what is it?

The one thing that is ever asked is what the device is (function 43, MEI type 14), which is read
from the very answer it was recognised by. The protocol has no login; where that answer comes, other
functions would be answered as well, so none of them is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Impact, Kind, Observation, Transcript
from iotscan.probe_api import ANY_BYTE, Greeted, Opening, either
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.industrial import modbus
from iotscan.protocols.industrial.framing import Said, at_port, clear, spoken
from iotscan.protocols.industrial.modbus import Frame
from iotscan.text import clean

PORTS = (modbus.PORT, modbus.SECURE_PORT)
TRANSACTION = 0x696F

# A transaction, protocol 0, and a length of no more than 254.
_HEADER = (ANY_BYTE, ANY_BYTE, b"\0", b"\0", b"\0")
_IDENTITY = {
    "vendor": str,
    "product_code": str,
    "firmware": str,
    "product": str,
    "model": str,
}
KINDS = (
    Kind(
        "modbus.device",
        {"answered": bool, "unit": int, "cleartext": bool, "exception": int, **_IDENTITY},
        "A Modbus device answered our request for its identification. exception: the code it "
        "refused that request with, which is an answer like any other.",
    ),
    Kind(
        "modbus.overheard",
        {"peer": str, "answered": bool, "functions": tuple, "writes": bool, **_IDENTITY},
        "Somebody else's Modbus. functions: those that were requested, by name; writes: values or "
        "outputs were set; answered: the device responded to a request.",
    ),
)


class Modbus(Greeted):
    name = "modbus"
    impact = Impact.GREET
    openings = (
        Opening(
            "device",
            "tcp",
            PORTS,
            modbus.identify(TRANSACTION, modbus.DIRECT),
            tls=(modbus.SECURE_PORT,),
        ),
        # Some keep silent to any unit but their own serial address.
        Opening("unit 1", "tcp", (modbus.PORT,), modbus.identify(TRANSACTION, modbus.FIRST_UNIT)),
    )
    emits = KINDS
    # Some devices take the very same messages in datagrams.
    begins = (*either("tcp", _HEADER), *either("udp", _HEADER))

    def recognises(self, heard: bytes) -> bool:
        """The complete answer to our own request."""
        try:
            first = modbus.decode(heard)
        except Malformed:
            return False
        return first is not None and _ours(first[0]) and first[1] == len(heard)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is not None:
            yield from _overheard(talk)
            return
        for said in spoken(talk, modbus.decode):
            if said.sender == "server" and _ours(said.message):
                yield _device(talk, said)
                return


def _ours(frame: Frame) -> bool:
    if frame.transaction != TRANSACTION or frame.function != modbus.ENCAPSULATED:
        return False
    return bool(frame.exception) or frame.data[:1] == bytes([modbus.DEVICE_IDENTIFICATION])


def _device(talk: Transcript, said: Said[Frame]) -> Observation:
    facts: dict[str, Fact] = {
        "answered": True,
        "unit": said.message.unit,
        "cleartext": clear(talk),
    }
    if said.message.exception:
        facts["exception"] = said.message.exception
    return observe(talk, "modbus.device", facts | _identity(said.message), [said.turn])


def _identity(frame: Frame) -> dict[str, Fact]:
    try:
        objects = modbus.identification(frame)
    except Malformed:
        return {}
    texts = {modbus.OBJECTS.get(number, ""): clean(value) for number, value in objects.items()}
    return {word: text for word, text in texts.items() if text and word in _IDENTITY}


def _overheard(talk: Transcript) -> Iterator[Observation]:
    """Requests with their responses; requests alone count where Modbus is expected."""
    talk = at_port(talk, PORTS)
    if talk.service.endpoint.transport == "udp" and talk.service.endpoint.port not in PORTS:
        return
    frames = spoken(talk, modbus.decode)
    asked = [said for said in frames if said.sender == "client" and said.message.could_ask()]
    answered = _answered(frames)
    if not answered and not (asked and talk.service.endpoint.port in PORTS):
        return
    codes = sorted({said.message.function for said in asked})
    facts: dict[str, Fact] = {
        "answered": bool(answered),
        "functions": tuple(modbus.FUNCTIONS[code] for code in codes),
        "writes": not modbus.WRITES.isdisjoint(codes),
    }
    for said in answered:
        facts |= _identity(said.message)
    first = (asked or answered)[0]
    yield observe(talk, "modbus.overheard", facts, [first.turn, *(s.turn for s in answered[:1])])


def _answered(frames: Sequence[Said[Frame]]) -> list[Said[Frame]]:
    """The responses of the server that fit a request before them."""
    waiting: dict[int, Frame] = {}
    found: list[Said[Frame]] = []
    for said in frames:
        frame = said.message
        if said.sender == "client":
            if frame.could_ask():
                waiting[frame.transaction] = frame
        elif frame.transaction in waiting and frame.answers(waiting[frame.transaction]):
            found.append(said)
    return found


PROBE = Modbus()
