"""Discovery alone, in a process of its own: ``python -m benchmarks.discover NETWORK [arp]``."""

from __future__ import annotations

import asyncio
import sys
import time

from iotscan.model import Impact, Packet
from iotscan.net.airwaves import Air
from iotscan.net.gateway import Gateway
from iotscan.net.interfaces import attachments
from iotscan.net.scope import resolve_targets
from iotscan.plugins import discoverers
from iotscan.settings import Settings


async def main(network: str, only: str) -> None:
    settings = Settings(targets=(network,), impact=Impact.GREET)
    targets = resolve_targets(settings, attachments())
    gateway = Gateway(targets.scope, settings.limits, clock=time.monotonic)
    heard: set[object] = set()

    def note(packet: Packet) -> None:
        for reader in discoverers():
            if reader.name == packet.protocol:
                heard.update(
                    a for said in reader.read(packet) for a in getattr(said, "addresses", ())
                )

    addresses = list(targets.addresses())
    async with Air(targets.scope, settings, gateway.governor, note) as air:
        chosen = [d for d in discoverers() if only in ("", d.name)]
        await asyncio.gather(*(d.solicit(air, addresses) for d in chosen))
    print(f"{len(heard)} hosts")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
