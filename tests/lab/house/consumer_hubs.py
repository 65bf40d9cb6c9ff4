"""Players, plugs and bridges of homes, by the lab's hubs.py, as open and as closed as they come."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from certificates import self_signed
from lan import PATIENCE, POLL, Device, Host

SCRIPT = Path(__file__).resolve().parent.parent / "hubs.py"
# Name, last byte of the address, MAC.
HUBS = (
    ("roku-open", 206, "80:c5:f2:00:02:06"),
    ("roku-limited", 207, "80:c5:f2:00:02:07"),
    ("cast-player", 208, "54:60:09:00:02:08"),
    ("sonos", 209, "94:9f:3e:00:02:09"),
    ("shelly-locked", 210, "a8:03:2a:00:02:10"),
    ("tasmota-open", 211, "dc:4f:22:00:02:11"),
    ("tasmota-locked", 212, "dc:4f:22:00:02:12"),
    ("esphome-open", 213, "a4:cf:12:00:02:13"),
    ("esphome-sound", 214, "a4:cf:12:00:02:14"),
    ("hue-bridge", 215, "00:17:88:00:02:15"),
    ("hue-emulated", 216, "b8:27:eb:00:02:16"),
    ("airplay-open", 217, "ac:bc:32:00:02:17"),
    ("airplay-paired", 218, "ac:bc:32:00:02:18"),
    ("unifi-new", 219, "04:18:d6:00:02:19"),
    ("unifi-adopted", 220, "04:18:d6:00:02:20"),
    ("thread-hub", 221, "00:1b:c5:00:02:21"),
)


def start(host: Host) -> None:
    """Start the device of the host's name; what it is asked is written to ``events``."""
    tls = self_signed(host.folder, host.address) if host.name == "cast-player" else ()
    log = host.folder / "events"
    process = host.start(sys.executable, str(SCRIPT), host.name, host.address, str(log), *tls)
    until = time.monotonic() + PATIENCE
    while not (host.folder / "ready").exists():
        if process.poll() is not None or time.monotonic() > until:
            said = "\n".join(path.read_text() for path in host.folder.glob("*.log"))
            raise RuntimeError(f"{host.name} did not start\n{said}")
        time.sleep(POLL)


DEVICES: tuple[Device, ...] = tuple(
    (name, f"10.77.0.{last}", mac, start) for name, last, mac in HUBS
)
