"""Runs inside a namespace that a test made: sweeps three addresses and prints what it found."""

from __future__ import annotations

import asyncio
import json
import time
from ipaddress import ip_address, ip_network

from iotscan.model import Scope, Sweep
from iotscan.net.gateway import Gateway
from iotscan.net.sweep import sweep_many
from iotscan.settings import Limits

PORTS = (79, 80, 81, 82)


async def main() -> dict[str, object]:
    found: dict[str, object] = {}

    async def keep(sweep: Sweep) -> None:
        found[str(sweep.address)] = {
            "open": [endpoint.port for endpoint in sweep.open],
            "closed": sweep.closed,
            "silent": sweep.silent,
            "unswept": sweep.unswept,
            "why": sweep.why,
            "alive": sweep.alive,
        }

    gateway = Gateway(
        Scope((ip_network("10.0.0.0/8"),)), Limits(connect_timeout=0.5), clock=time.monotonic
    )
    addresses = [ip_address(text) for text in ("10.77.5.2", "10.77.5.3", "10.99.0.1")]
    with gateway.watch():
        await sweep_many(addresses, PORTS, gateway, keep)
    return found


print(json.dumps(asyncio.run(main())))
