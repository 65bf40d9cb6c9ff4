"""Two bulbs that speak CoAP: one that tells everything, one that keeps its keys."""

from __future__ import annotations

from iotscan.demo.device import about
from iotscan.demo.host import Host
from iotscan.demo.things import Thing, things

_PORT = 5683


class KitchenBulb:
    name = "kitchen bulb"
    number = 5
    what = "A bulb that lists its switches to anybody over CoAP without encryption."
    truth = about(
        _PORT,
        "coap-no-dtls",
        "coap-discovery-open",
        "coap-resource-readable",
        "coap-resource-writable",
        "coap-amplification",
        transport="udp",
    )
    unseen = ""

    async def start(self, host: Host) -> None:
        resources = {
            "/light": Thing("on", ';rt="light";if="core.a";title="Lamp"'),
            "/dimmer": Thing("80", ';rt="dimmer";if="core.a";title="Brightness in percent"'),
            "/power": Thing("7.4", ';rt="power";if="core.s";obs;title="Power in watts"'),
        }
        await host.udp(_PORT, things(resources))


class HallBulb:
    name = "hall bulb"
    number = 6
    what = "A bulb that answers CoAP in the clear, but tells a stranger nothing without a key."
    truth = about(_PORT, "coap-no-dtls", transport="udp")
    unseen = ""

    async def start(self, host: Host) -> None:
        await host.udp(_PORT, things({"/light": Thing(None)}, listed=False))


DEVICES = (KitchenBulb, HallBulb)
