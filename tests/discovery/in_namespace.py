"""Run inside a network namespace by the tests: discover, and print what was found as JSON.

Arguments: a JSON object with ``allow``, ``deny`` and ``targets`` (networks), ``impact``,
``patience``, ``discoverers`` (names) and ``resolvers`` (addresses).
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from ipaddress import ip_address, ip_network
from typing import Any

from iotscan.capture.overheard import Dissector
from iotscan.model import Impact, Observation, Packet, Scope, Sighting
from iotscan.net import airwaves, guard
from iotscan.net.airwaves import Air
from iotscan.net.limits import Governor
from iotscan.plugins import discoverers
from iotscan.settings import Limits, Settings


async def discover(wanted: dict[str, Any]) -> dict[str, Any]:
    scope = Scope(
        tuple(ip_network(text) for text in wanted["allow"]),
        tuple(ip_network(text) for text in wanted.get("deny", ())),
        impact=Impact[wanted.get("impact", "GREET")],
    )
    targets = [
        address
        for text in wanted.get("targets", ())
        for address in (ip_network(text).hosts() if "/" in text else ip_network(text))
    ]
    limits = Limits(packets_per_second=wanted.get("rate", 2000.0))
    settings = Settings(discovery_time=wanted.get("patience", 1.5), limits=limits)
    readers = {found.name: found for found in discoverers()}
    chosen = [readers[name] for name in wanted["discoverers"]]
    if "resolvers" in wanted:
        # This machine's own settings would name a server of another network.
        listed = [ip_address(text) for text in wanted["resolvers"]]
        airwaves.__dict__["resolvers"] = lambda: listed
    packets: list[Packet] = []
    governor = Governor(limits, time.monotonic)
    began = time.monotonic()
    hears = {place: reader.name for reader in readers.values() for place in reader.hears}
    dissect = Dissector(hears)
    async with Air(scope, settings, governor, packets.append, dissect=dissect) as air:
        with guard.watching(air.permits) as watch:
            await asyncio.gather(*(one.solicit(air, targets) for one in chosen))
        said = [found for packet in packets for found in readers[packet.protocol].read(packet)]
        return {
            "seconds": time.monotonic() - began,
            "blind": air.blind,
            "stopped": watch.stopped,
            "packets": len(packets),
            "sightings": [_sighting(s) for s in said if isinstance(s, Sighting)],
            "observations": [
                {"kind": o.kind, "facts": dict(o.facts), "address": str(o.address)}
                for o in said
                if isinstance(o, Observation)
            ],
        }


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {
        "source": sighting.source,
        "addresses": [str(address) for address in sighting.addresses],
        "mac": sighting.mac,
        "names": list(sighting.names),
        "traits": dict(sighting.traits),
        "leads": [[str(lead.endpoint), lead.name, lead.hint] for lead in sighting.leads],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(discover(json.loads(sys.argv[1])))))
