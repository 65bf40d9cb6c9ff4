"""WiZ lamps and plugs: JSON in UDP datagrams on port 38899, as their maker's app speaks it.

A request names a method; those that begin with "get" change nothing. Lamps answer each other's
phones without asking who they are. As described by the projects pywizlight and wiz-cli; the maker
has published nothing.
"""

from __future__ import annotations

import json

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice, json_object, object_in, text_in

PORT = 38899
NAME = "WiZ"
PILOT, CONFIG = "getPilot", "getSystemConfig"
# Words in a module's name, "ESP01_SHRGB1C_31", that tell what it drives.
_KINDS = (("SOCKET", "plug"), ("FAN", "fan"), ("RGB", "bulb"), ("TW", "bulb"), ("DW", "bulb"))


def question(method: str) -> bytes:
    """A request without parameters."""
    return json.dumps({"method": method, "params": {}}).encode()


def read(data: bytes) -> LanDevice:
    """What the answer to one of the two questions says. Raises Malformed."""
    said = json_object(data)
    if said.get("method") not in (PILOT, CONFIG):
        raise Malformed("no answer to what is asked")
    found = object_in(said, "result")
    mac, module = text_in(found, "mac"), text_in(found, "moduleName")
    if len(mac) != 12:
        raise Malformed("an answer without its sender")
    return LanDevice(
        NAME,
        vendor="WiZ",
        model=module,
        firmware=text_in(found, "fwVersion"),
        kind=next((kind for word, kind in _KINDS if word in module), ""),
        open=True,
        how="it asks for no login",
        numbers=(mac,),
    )
