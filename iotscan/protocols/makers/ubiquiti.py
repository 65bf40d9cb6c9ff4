"""Ubiquiti's discovery: a question of four bytes, and answers in numbered fields. UDP port 10001.

A byte for the version, one for the command, a length of 16 bits, then fields of a number, a length
of 16 bits and a value. Source: what the maker's discovery tools and nmap's ubiquiti-discovery read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice

PORT = 10001
ASK_V1, ASK_V2 = bytes([1, 0, 0, 0]), bytes([2, 8, 0, 0])
# Commands of version 2 that devices send: announcements, and answers to questions.
_ANSWERS = {1: (0,), 2: (6, 9, 11)}
_HEAD = 4
_FIELD_HEAD = 3
_MOST_FIELDS = 64
_MOST_ADDRESSES = 16
(_MAC, _MAC_AND_ADDRESS, _FIRMWARE, _UPTIME, _HOSTNAME, _PLATFORM, _NETWORK, _MODEL, _MODEL_V2,
 _VERSION, _DEFAULT, _SSH_PORT) = (
    0x01, 0x02, 0x03, 0x0A, 0x0B, 0x0C, 0x0D, 0x14, 0x15, 0x16, 0x17, 0x1C)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device says of itself; "" or None where it does not.

    ``firmware``: the whole build; ``version``: the short one; ``platform``: the short name of the
    model; ``network``: its Wi-Fi's name; ``unadopted``: it still has the settings of the factory;
    ``uptime`` in seconds.
    """

    protocol: int
    mac: str = ""
    addresses: tuple[IPv4Address, ...] = ()
    firmware: str = ""
    version: str = ""
    hostname: str = ""
    platform: str = ""
    model: str = ""
    network: str = ""
    uptime: int | None = None
    unadopted: bool | None = None
    ssh_port: int | None = None


def parse(data: bytes) -> Answer:
    """An answer or announcement. Raises Malformed for all else, questions too."""
    if len(data) <= _HEAD or data[1] not in _ANSWERS.get(data[0], ()):
        raise Malformed("not an answer of Ubiquiti's discovery")
    if len(data) != _HEAD + int.from_bytes(data[2:4], "big"):
        raise Malformed("the length does not fit")
    found: dict[int, bytes] = {}
    places: list[tuple[str, IPv4Address]] = []
    for number, value in _fields(data):
        found.setdefault(number, value)
        if number == _MAC_AND_ADDRESS and len(value) == 10:
            places.append((_mac(value[:6]), IPv4Address(value[6:])))
    texts = {n: _text(found.get(n, b"")) for n in (_FIRMWARE, _HOSTNAME, _PLATFORM, _NETWORK,
             _MODEL, _MODEL_V2, _VERSION)}  # fmt: skip
    mac = _mac(found[_MAC]) if len(found.get(_MAC, b"")) == 6 else next((m for m, _ in places), "")
    if not mac or not any((texts[_FIRMWARE], texts[_HOSTNAME], texts[_PLATFORM])):
        raise Malformed("a device without a MAC or a name")
    default = _number(found.get(_DEFAULT))
    return Answer(
        protocol=data[0],
        mac=mac,
        addresses=tuple(dict.fromkeys(address for _, address in places[:_MOST_ADDRESSES])),
        firmware=texts[_FIRMWARE],
        version=texts[_VERSION],
        hostname=texts[_HOSTNAME],
        platform=texts[_PLATFORM],
        model=texts[_MODEL] or texts[_MODEL_V2],
        network=texts[_NETWORK],
        uptime=_number(found.get(_UPTIME)),
        unadopted=None if default is None else default != 0,
        ssh_port=_number(found.get(_SSH_PORT)),
    )


def read(data: bytes) -> LanDevice:
    """The same in the form that makers' protocols share. Raises Malformed."""
    said = parse(data)
    return LanDevice(
        protocol="Ubiquiti discovery",
        version=str(said.protocol),
        vendor="Ubiquiti",
        model=said.model or said.platform,
        firmware=said.version or said.firmware,
        name=said.hostname,
        setup=said.unadopted,
        numbers=(said.mac,),
    )


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = _HEAD
    for _ in range(_MOST_FIELDS):
        if at == len(data):
            return
        end = at + _FIELD_HEAD + int.from_bytes(data[at + 1 : at + _FIELD_HEAD], "big")
        if at + _FIELD_HEAD > len(data) or end > len(data):
            raise Malformed("a field that is cut off")
        yield data[at], data[at + _FIELD_HEAD : end]
        at = end
    raise Malformed("an answer of very many fields")


def _mac(raw: bytes) -> str:
    return raw.hex(":")


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("utf-8", "replace")


def _number(raw: bytes | None) -> int | None:
    return int.from_bytes(raw, "big") if raw and len(raw) <= 4 else None
