"""Magic Home lights and others with a Hi-Flying Wi-Fi module: the module's answer to its password.

A module hears UDP port 48899 for a word that is the same in all of them. It answers with its
address, its MAC and the name of its firmware, and would then take commands that read and write its
settings, the key of the Wi-Fi among them: these are never sent. Source: Hi-Flying, HF-LPB100 user
manual, on searching for modules and on commands over UDP.
"""

from __future__ import annotations

import re

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice

PORT = 48899
NAME = "Hi-Flying module"
QUESTION = b"HF-A11ASSISTHREAD"
_ANSWER = re.compile(rb"(?:\d{1,3}\.){3}\d{1,3},([0-9A-F]{12}),([\w.-]{0,40})\s*")


def read_answer(data: bytes) -> LanDevice:
    """What the answer to the word says. Raises Malformed."""
    found = _ANSWER.fullmatch(data[:256])
    if found is None or len(data) > 256:
        raise Malformed("no answer of a Hi-Flying module")
    return LanDevice(
        NAME,
        model=found[2].decode(),
        open=True,
        how="it takes settings from whoever knows a word that is the same in all modules",
        numbers=(found[1].decode(),),
    )
