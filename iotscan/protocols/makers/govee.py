"""Govee lights: the scan of Govee's LAN API, from its user manual ("WLAN guide").

Lights hear a group at port 4001, answer to port 4002 of whoever asked and take orders at 4003, only
once their owner turned "LAN control" on in the app; then nobody is asked who he is.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from iotscan.errors import Malformed
from iotscan.protocols.makers.landevice import LanDevice, json_object, object_in, text_in

GROUP, PORT = IPv4Address("239.255.255.250"), 4001
ANSWER_PORT, CONTROL_PORT = 4002, 4003
NAME = "Govee"
SCAN = b'{"msg":{"cmd":"scan","data":{"account_topic":"reserve"}}}'


def read_scan(data: bytes) -> LanDevice:
    """What the answer to a scan says. Raises Malformed."""
    message = object_in(json_object(data), "msg")
    said = object_in(message, "data")
    number, model = text_in(said, "device"), text_in(said, "sku")
    if message.get("cmd") != "scan" or not (number and model):
        raise Malformed("no answer to a scan")
    return LanDevice(
        NAME,
        vendor="Govee",
        model=model,
        firmware=text_in(said, "wifiVersionSoft"),
        kind="bulb",
        open=True,
        how="its LAN control is on and asks for no login",
        numbers=(number,),
        serial=True,
        port=CONTROL_PORT,
    )
