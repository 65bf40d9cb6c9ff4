"""The thermostat: its broker asks for a login, and takes one from a tutorial."""

from __future__ import annotations

from iotscan.demo import announce
from iotscan.demo.broker import Broker
from iotscan.demo.device import about
from iotscan.demo.host import Host


class Thermostat:
    name = "thermostat"
    number = 9
    what = "A thermostat whose MQTT broker asks for a login and takes admin with password admin."
    truth = about(1883, "mqtt-cleartext", "default-credentials-mqtt")
    unseen = ""

    async def start(self, host: Host) -> None:
        broker = Broker(lambda name, password: (name, password) == ("admin", b"admin"))
        await host.tcp(1883, broker.served())
        service = announce.Announced(
            "Thermostat", "_mqtt._tcp", 1883, {"model": "Warmly T1", "manufacturer": "Warmly"}
        )
        await announce.announce(host, "thermostat", [service])


DEVICES = (Thermostat,)
