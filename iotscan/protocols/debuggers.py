"""Debuggers that programs were left with: how each is asked who it is, and the words for all.

GDB manual, "Remote Serial Protocol" (packets, ``qSupported``); JDWP specification, "Handshake";
VxWorks WDB, whose agent speaks ONC RPC. No question attaches to a program, stops it or reads it.
"""

from __future__ import annotations

import re

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind, Observation, Transcript
from iotscan.protocols.common.overheard import observe
from iotscan.protocols.sunrpc import codec as sunrpc
from iotscan.text import clean

ACCESS = Kind(
    "debugger.access",
    {"product": str, "version": str, "open": bool, "encrypted": bool},
    "A debugger answered, which reads and changes a running program. open: to whoever asks.",
)
# Both sides say the same fourteen bytes.
JDWP_HANDSHAKE = b"JDWP-Handshake"
WDB_PORT = 17_185
_WDB_PROGRAM, _WDB_VERSION = 0x55555555, 1
# What gdbserver, QEMU, OpenOCD and J-Link all list among what they can do.
_GDB_WORD = re.compile(rb"(?:^|;)PacketSize=[0-9a-fA-F]{1,8}(?:;|$)")
_LONGEST = 4096


def gdb_packet(text: bytes) -> bytes:
    """A packet of the remote protocol, with the sum of its bytes behind it."""
    return b"$%s#%02x" % (text, sum(text) & 0xFF)


# Which features a stub has: answered without touching what it debugs.
GDB_QUESTION = gdb_packet(b"qSupported")


def gdb_features(heard: bytes) -> bytes | None:
    """The features that a stub lists; None while more is needed. Raises Malformed."""
    body = heard.lstrip(b"+")
    if not body.startswith(b"$"[: len(body)]) or len(heard) > _LONGEST:
        raise Malformed("not a packet of GDB's remote protocol")
    text, mark, total = body[1:].partition(b"#")
    if not mark or len(total) < 2:
        return None
    if body[: len(text) + 4] != gdb_packet(text):
        raise Malformed("the sum of a packet is wrong")
    if not _GDB_WORD.search(text):
        raise Malformed("not a list of features")
    return text


def wdb_hello(xid: int) -> bytes:
    """A call to a WDB agent that does nothing: procedure 0, as every RPC program has it."""
    return sunrpc.call(xid, _WDB_PROGRAM, _WDB_VERSION, 0)


def is_wdb(heard: bytes, xid: int) -> bool:
    """Whether a WDB agent is there: the program exists, whatever it says to the call."""
    try:
        found = sunrpc.parse(heard)
    except Malformed:
        return False
    return found.xid == xid and found.state not in (sunrpc.NO_PROGRAM, "denied")


def access(
    talk: Transcript, product: str, turns: list[int], *, is_open: bool = True, version: str = ""
) -> Observation:
    """An observation about the service, with what is known and nothing else."""
    facts: dict[str, Fact] = {
        "product": product,
        "open": is_open,
        "encrypted": talk.service.tls,
    }
    if shown := clean(version, 64):
        facts["version"] = shown
    return observe(talk, ACCESS.name, facts, turns)
