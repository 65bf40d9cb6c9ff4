"""Two devices as they should be: a lock that wants a key, a sensor that says little."""

from __future__ import annotations

from iotscan.demo import announce
from iotscan.demo.broker import Broker
from iotscan.demo.certificates import sound_tls
from iotscan.demo.device import as_whole
from iotscan.demo.host import Host


class Lock:
    name = "door lock"
    number = 13
    what = (
        "A door lock done well: MQTT inside modern TLS only, a certificate for its own name, and a "
        "login that nobody knows."
    )
    truth = as_whole()
    unseen = ""

    async def start(self, host: Host) -> None:
        broker = Broker(lambda name, password: (name, password) == ("panel", b"9xT-4rQp-77Lm"))
        await host.tcp(8883, broker.served(), sound_tls(host.address, "door-lock"))


class Sensor:
    name = "window sensor"
    number = 14
    what = "A sensor done well: it announces what it is, and has no port open at all."
    truth = as_whole()
    unseen = ""

    async def start(self, host: Host) -> None:
        service = announce.Announced("Window sensor", "_hearth._udp", 40_000, {"model": "HW-1"})
        await announce.announce(host, "window-sensor", [service])


DEVICES = (Lock, Sensor)
