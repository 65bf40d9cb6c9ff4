"""Plugs, lamps and remote controls with their makers' own protocols, by the lab's gadgets.py."""

from __future__ import annotations

import sys
from pathlib import Path

from lan import Device, Host

SCRIPT = Path(__file__).resolve().parent.parent / "gadgets.py"
# Name, last byte of the address, MAC, and the ports that tell that it is ready.
GADGETS = (
    ("kasa-plug", 190, "50:c7:bf:00:01:90", ("9999/tcp", "9999/udp")),
    ("kasa-klap", 191, "50:c7:bf:00:01:91", ("20002/udp",)),
    ("kasa-new", 192, "50:c7:bf:00:01:92", ("20002/udp",)),
    ("miio-open", 193, "44:23:7c:00:01:93", ("54321/udp",)),
    ("miio-paired", 194, "44:23:7c:00:01:94", ("54321/udp",)),
    ("yeelight", 195, "34:ce:00:00:01:95", ("55443/tcp", "1982/udp")),
    ("lifx", 196, "d0:73:d5:00:01:96", ("56700/udp",)),
    ("wiz", 197, "a8:bb:50:00:01:97", ("38899/udp",)),
    ("broadlink", 198, "34:ea:34:00:01:98", ("80/udp",)),
    ("broadlink-locked", 199, "34:ea:34:00:01:99", ("80/udp",)),
    ("govee", 200, "d4:ad:fc:00:02:00", ("4001/udp",)),
    ("tuya-33", 201, "dc:4f:22:00:02:01", ("6668/tcp",)),
    ("tuya-34", 202, "dc:4f:22:00:02:02", ("6668/tcp",)),
    ("tuya-35", 203, "dc:4f:22:00:02:03", ("6668/tcp", "7000/udp")),
    ("magic-home", 204, "ac:cf:23:00:02:04", ("48899/udp",)),
)


def start(host: Host) -> None:
    """Start the gadget of the host's name; what it did not know is written to ``events``."""
    log = str(host.folder / "events")
    host.start(sys.executable, str(SCRIPT), host.name, host.address, log)
    for place in next(ports for name, *_, ports in GADGETS if name == host.name):
        port, _, transport = place.partition("/")
        host.await_port(int(port), transport)


DEVICES: tuple[Device, ...] = tuple(
    (name, f"10.77.0.{number}", mac, start) for name, number, mac, _ in GADGETS
)
