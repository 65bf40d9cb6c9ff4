"""Tuya: what its devices broadcast, the search that makes the newest ones do so, and a heartbeat.

Two forms of message, big-endian. Up to version 3.4: 000055aa, a number, the command, the length of
the rest, in answers a return code, the payload, a CRC-32, 0000aa55. From 3.5: 00006699, two bytes
of zeroes, number, command, length, nonce, the payload by AES-128-GCM, 00009966. Announcements are
in clear at version 3.1, later encrypted with a key that is the same in all devices, and public.
Orders take a key of the device. As published by the projects tuya-convert and tinytuya.
"""

from __future__ import annotations

import json
from binascii import crc32
from dataclasses import dataclass
from hashlib import md5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice, json_object, text_in

CLEAR_PORT, PORT, SEARCH_PORT, CONTROL_PORT = 6666, 6667, 7000, 6668
NAME = "Tuya"
NONCE = 12
_OLD, _OLD_END = bytes.fromhex("000055aa"), bytes.fromhex("0000aa55")
_NEW, _NEW_END = bytes.fromhex("00006699"), bytes.fromhex("00009966")
_HEARTBEAT, _SEARCH = 9, 37
# Commands are below 0x41 in every version, messages below 2 kB but for infrared codes.
_MOST_COMMANDS, LONGEST = 0x100, 16_384
_PUBLIC_KEY = md5(b"yGAdlopoPVldABfn", usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True)
class Message:
    """``payload`` as it stands in the message: a return code, if any, is its first four bytes.

    ``intact``: whether the checksum of the older form fits; from version 3.4 messages between
    devices and phones end in an HMAC instead. ``sealed``: what of a message of the newer form the
    key must confirm; its payload begins with the nonce.
    """

    command: int
    payload: bytes
    intact: bool = False
    sealed: bytes = b""


def take(data: bytes) -> tuple[Message, int] | None:
    """The first message and its length, None while it is not complete. Raises Malformed."""
    new = data[:4] == _NEW
    if not (new or _OLD.startswith(data[:4]) or _NEW.startswith(data[:4])):
        raise Malformed("no message of Tuya")
    head = 18 if new else 16
    if len(data) < head:
        return None
    command, length = (int.from_bytes(data[i : i + 4], "big") for i in (head - 8, head - 4))
    end = head + length + (4 if new else 0)
    if command >= _MOST_COMMANDS or not 8 <= length <= LONGEST:
        raise Malformed("no such message of Tuya")
    if len(data) < end:
        return None
    if data[end - 4 : end] != (_NEW_END if new else _OLD_END):
        raise Malformed("a message of Tuya that does not end as one")
    if new:
        return Message(command, data[head : end - 4], sealed=data[4:head]), end
    intact = crc32(data[: end - 8]).to_bytes(4, "big") == data[end - 8 : end - 4]
    return Message(command, data[head : end - 8], intact), end


def heartbeat() -> bytes:
    """The sign of life that a phone sends: it asks for nothing but the same back."""
    return _old(_HEARTBEAT, b"")


def search(address: str, nonce: bytes) -> bytes:
    """What the maker's app broadcasts so that devices announce themselves to ``address``.

    ``nonce``: twelve random bytes.
    """
    said = json.dumps({"from": "app", "ip": address}, separators=(",", ":")).encode()
    size = NONCE + len(said) + 16
    sealed = bytes(6) + _SEARCH.to_bytes(4, "big") + size.to_bytes(4, "big")
    return _NEW + sealed + nonce + AESGCM(_PUBLIC_KEY).encrypt(nonce, said, sealed) + _NEW_END


def read_announcement(data: bytes) -> LanDevice:
    """What a broadcast, or an answer to a search, says of its sender. Raises Malformed."""
    found = take(data)
    if found is None or found[1] != len(data):
        raise Malformed("no whole message of Tuya")
    said = json_object(_opened(found[0]))
    number, version = text_in(said, "gwId"), text_in(said, "version")
    if not number or not version:
        raise Malformed("no announcement of a device")
    return LanDevice(
        NAME,
        version=version,
        numbers=(number, text_in(said, "mac")),
        serial=True,
        port=CONTROL_PORT,
    )


def _opened(message: Message) -> bytes:
    """The JSON that a message carries in clear or under the public key. Raises Malformed."""
    if message.sealed:
        nonce, rest = message.payload[:NONCE], message.payload[NONCE:]
        try:
            said = AESGCM(_PUBLIC_KEY).decrypt(nonce, rest, message.sealed)
        except (InvalidTag, ValueError) as error:
            raise Malformed("not under the public key") from error
        return said[said.find(b"{") :].rstrip(b"\0") if b"{" in said[:5] else b""
    if not message.intact:
        raise Malformed("a message of Tuya that is damaged")
    payload = message.payload
    for said in (payload, payload[4:]):
        if said.startswith(b"{"):
            return said
    for said in (payload[4:], payload):
        if said and len(said) % 16 == 0:
            return _unpadded(said)
    raise Malformed("nothing that could be read")


def _unpadded(data: bytes) -> bytes:
    # ECB is the maker's choice; nothing is protected by it here.
    opened = Cipher(AES(_PUBLIC_KEY), modes.ECB()).decryptor()  # noqa: S305
    said = opened.update(data) + opened.finalize()
    return said[: -said[-1]] if 0 < said[-1] <= 16 else said


def _old(command: int, payload: bytes) -> bytes:
    size = len(payload) + 8
    head = _OLD + bytes(4) + command.to_bytes(4, "big") + size.to_bytes(4, "big") + payload
    return head + crc32(head).to_bytes(4, "big") + _OLD_END
