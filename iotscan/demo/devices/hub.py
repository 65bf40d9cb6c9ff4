"""The smart-home hub: a message broker that lets everybody read everything."""

from __future__ import annotations

from iotscan.demo import announce
from iotscan.demo.broker import Broker
from iotscan.demo.device import about
from iotscan.demo.host import Host

_RETAINED = {
    "$SYS/broker/version": b"mosquitto version 2.0.11",
    "$SYS/broker/clients/connected": b"7",
    "home/wifi/password": b"correct horse battery",
    "zigbee2mqtt/bridge/state": b'{"state":"online"}',
    "zigbee2mqtt/front door": b'{"contact":true,"battery":91}',
    "owntracks/anna/phone": b'{"_type":"location","lat":48.1374,"lon":11.5755,"tst":1700000000}',
    "tele/kettle/LWT": b"Online",
}


class Hub:
    name = "hub"
    number = 4
    what = (
        "A hub whose MQTT broker needs no login and holds a Wi-Fi password and somebody's position "
        "for whoever subscribes."
    )
    truth = about(
        1883,
        "mqtt-anonymous",
        "mqtt-cleartext",
        "mqtt-wildcard-subscribe",
        "mqtt-secrets-retained",
        "mqtt-sys-readable",
        "version-disclosed",
    )
    unseen = ""

    async def start(self, host: Host) -> None:
        await host.tcp(1883, Broker(retained=_RETAINED).served())
        await announce.announce(host, "hub", [announce.Announced("Hub", "_mqtt._tcp", 1883)])


DEVICES = (Hub,)
