"""A sweep alone, in a process of its own: ``python -m benchmarks.sweep PORT,PORT… TARGET…``."""

from __future__ import annotations

import asyncio
import sys
import time

from iotscan.net.gateway import Gateway
from iotscan.net.interfaces import attachments
from iotscan.net.scope import resolve_targets
from iotscan.net.sweep import sweep_many
from iotscan.settings import Limits, Settings

UNLIMITED = Limits(
    packets_per_second=1e9,
    connections_per_second=1e9,
    connections_per_host=20,
    host_connections_per_second=1e9,
    connect_timeout=0.5,
)


async def main(ports: str, targets: list[str]) -> None:
    settings = Settings(targets=tuple(targets), limits=UNLIMITED)
    resolved = resolve_targets(settings, attachments())
    gateway = Gateway(resolved.scope, UNLIMITED, clock=time.monotonic)
    numbers = [int(port) for port in ports.split(",")]
    sweeps = await sweep_many(resolved.addresses(), numbers, gateway)
    print(f"{sum(len(sweep.open) for sweep in sweeps)} open, {len(sweeps)} hosts")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2:]))
