"""Yeelight lamps: announcements like those of SSDP, and one question over TCP that only reads.

Both are of the "Yeelight WiFi Light Inter-Operation Specification" (2015), chapters 3 and 4.
A lamp takes part only after its owner turned on what the app calls LAN control; then it asks nobody
who he is.
"""

from __future__ import annotations

import json
import re
from ipaddress import IPv4Address
from typing import Any

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import first, parse_headers
from iotscan.protocols.makers.landevice import LanDevice, json_object

GROUP, PORT = IPv4Address("239.255.255.250"), 1982
CONTROL_PORT = 55443
NAME = "Yeelight"
SEARCH = (
    b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1982\r\n"
    b'MAN: "ssdp:discover"\r\nST: wifi_bulb\r\n'
)
QUESTION = (
    json.dumps({"id": 1, "method": "get_prop", "params": ["power", "name"]}).encode() + b"\r\n"
)
# A message is a line; the longest, of a colour flow, is below 2 kB.
LONGEST = 8192
_LOCATION = re.compile(r"yeelight://[\d.]{7,15}:(\d{1,5})")
_STARTS = (b"HTTP/1.1 200 OK", b"NOTIFY * HTTP/1.1")
_HOW = "it asks for no login"


def read_announcement(data: bytes) -> LanDevice:
    """What an answer to a search, or an announcement of its own, says. Raises Malformed."""
    start, _, block = data.partition(b"\r\n")
    if start not in _STARTS:
        raise Malformed("no announcement of a Yeelight")
    headers = parse_headers(block.partition(b"\r\n\r\n")[0])
    location = _LOCATION.fullmatch(first(headers, "location").strip())
    number, model = first(headers, "id").strip(), first(headers, "model").strip()
    if location is None or not number or not model or not 0 < int(location[1]) < 65_536:
        raise Malformed("no announcement of a Yeelight")
    return LanDevice(
        NAME,
        vendor="Yeelight",
        model=model,
        firmware=first(headers, "fw_ver").strip(),
        kind="bulb",
        name=first(headers, "name").strip(),
        numbers=(number,),
        serial=True,
        port=int(location[1]),
    )


def take(data: bytes) -> tuple[dict[str, Any], int] | None:
    """The first message of a stream and its length; None while it is not complete.

    Raises Malformed.
    """
    if data[:1] != b"{":
        raise Malformed("a message of Yeelight is a JSON object")
    end = data.find(b"\r\n")
    if end < 0:
        if len(data) > LONGEST:
            raise Malformed("a line without an end")
        return None
    return json_object(data[:end]), end + 2


def read_answer(said: dict[str, Any]) -> LanDevice:
    """What the answer to ``QUESTION`` says. Raises Malformed."""
    found = said.get("result")
    if said.get("id") != 1 or not isinstance(found, list) or len(found) != 2:
        raise Malformed("no answer to the question")
    power, name = found
    if power not in ("on", "off") or not isinstance(name, str):
        raise Malformed("no answer to the question")
    return LanDevice(NAME, vendor="Yeelight", kind="bulb", name=name, open=True, how=_HOW)


def notifies(said: dict[str, Any]) -> bool:
    """Whether a message tells of a change of its state, which comes unasked."""
    return said.get("method") == "props" and isinstance(said.get("params"), dict)
