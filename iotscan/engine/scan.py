"""THE task group: discover → sweep → recognise → converse, with a fence around every probe.

A worker per host (:mod:`iotscan.engine.host`) bounds the load on a device, the gateway bounds
everything else. The engine draws no conclusion: it writes the journal, and :mod:`iotscan.assess`
reads it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import replace

from iotscan.capture.recording import Journal
from iotscan.engine.host import HostWorker, Workshop
from iotscan.errors import NetworkError
from iotscan.model import (
    Address,
    Ending,
    Gap,
    Impact,
    Packet,
    Progress,
    Service,
    Sighting,
    Subnet,
    Sweep,
)
from iotscan.net.airwaves import Air
from iotscan.net.blindspots import blind_spots
from iotscan.net.gateway import Gateway
from iotscan.net.machine import this_machine
from iotscan.net.scope import Targets
from iotscan.net.sweep import sweep_many
from iotscan.plugins import discoverers
from iotscan.probe_api import Discoverer, Login, Probe
from iotscan.settings import Settings

# A /24 of a large home at once, and a bound on open sockets.
HOSTS_AT_ONCE = 64
# Ports nearly every device answers on, open or closed: for networks beyond a router, where neither
# ARP nor announcements tell who is there.
KNOCK_PORTS = (80, 443, 22, 23, 554, 1883, 8080, 9100)
# A loopback network this small is a virtual home: every address is looked at.
SMALL_NETWORK = 256


class Engine:
    """One scan. ``run`` returns when all is done; cancelling it keeps what the journal has."""

    def __init__(
        self,
        settings: Settings,
        targets: Targets,
        gateway: Gateway,
        probes: Sequence[Probe],
        choose: Callable[[str, str], Sequence[Login]],
        journal: Journal,
        clock: Callable[[], float],
        progress: Callable[[Progress], None],
    ) -> None:
        self._settings, self._targets, self._gateway = settings, targets, gateway
        self._journal, self._clock, self._progress = journal, clock, progress
        self._readers = {found.name: found for found in discoverers()}
        self._began = clock()
        self._numbers = {prefix: itertools.count(1) for prefix in "cps"}
        self._hosts: dict[Address, HostWorker] = {}
        self._owner: dict[str, Address] = {}
        self._macs: dict[Address, str] = {}
        self._room = asyncio.Semaphore(HOSTS_AT_ONCE)
        self._group = asyncio.TaskGroup()
        self._over = False
        self._shop = Workshop(
            settings,
            gateway,
            probes,
            settings.ports,
            choose,
            journal,
            self.now,
            self._new_id,
            self._spawn,
            progress,
        )

    def now(self) -> float:
        """Seconds since the scan began."""
        return round(self._clock() - self._began, 6)

    async def run(self, air: Air) -> None:
        """Discover and look at everything in the targets."""
        try:
            async with self._group:
                for address in self._targets.named:
                    self._meet(address, named=True)
                for network in self._targets.networks:
                    if not air.attached(network):
                        self._spawn(self._knock(network))
                await self._discover(air)
        finally:
            self._over = True
            self._tell_blind_spots(air)

    def _tell_blind_spots(self, air: Air) -> None:
        """Also of a scan that was stopped: what it did not see is not "nothing there"."""
        machine = this_machine(interface.name for interface in air.interfaces)
        ports, neighbours = len(self._settings.ports), len(set(self._macs.values()))
        scope = self._targets.scope
        natural = blind_spots(scope, ports, air.interfaces, machine, neighbours)
        for spot in dict.fromkeys((*air.blind, *natural)):
            self._journal.add(spot)

    def device_of(self, address: Address) -> Hashable:
        """What tells a device from another, as far as it is known: the MAC, else the address."""
        return self._macs.get(address, address)

    def hear(self, packet: Packet) -> None:
        """Take down a packet that discovery heard, and meet the hosts it tells of."""
        packet = replace(packet, id=self._new_id("p"), at=self.now())
        self._journal.add(packet)
        reader = self._readers.get(packet.protocol)
        hearsay = getattr(reader, "hearsay", False)
        for said in reader.read(packet) if reader and not hearsay else ():
            if isinstance(said, Sighting):
                self._sight(said, packet.source)

    async def _discover(self, air: Air) -> None:
        self._progress(Progress("discover", "start", total=len(self._readers)))
        addresses = list(self._targets.addresses())
        tasks = [
            self._group.create_task(self._solicit(discoverer, air, addresses))
            for discoverer in self._readers.values()
        ]
        await asyncio.wait(tasks)
        self._progress(Progress("discover", "done", done=len(self._hosts)))

    async def _solicit(self, discoverer: Discoverer, air: Air, targets: Sequence[Address]) -> None:
        """One discoverer, fenced: what it cannot do is a gap, not the end of the scan."""
        try:
            await discoverer.solicit(air, targets)
        except NetworkError as error:
            self._gap(discoverer.name, error.ending, str(error))
        except Exception as error:  # the fence: a discoverer's bug must not end the scan
            self._gap(discoverer.name, Ending.BUG, f"{type(error).__name__}: {error}")

    def _gap(self, name: str, ending: Ending, reason: str) -> None:
        self._journal.add(Gap("the network", f"discovery by {name}", ending, reason))

    def _sight(self, sighting: Sighting, source: Address | None) -> None:
        scope = self._targets.scope
        for address in sighting.addresses:
            if self._over or not scope.admits(address) or self._settings.impact is Impact.LISTEN:
                continue
            host = self._meet(address, mac=sighting.mac)
            host.words += [*sighting.names, *sighting.traits.values()]
            leads = [lead for lead in sighting.leads if lead.endpoint.address == address]
            # Nobody can send us to a path on somebody else: of such a lead only the port is kept.
            own = address == source
            if host.hear(leads if own else [Service(lead.endpoint) for lead in leads]):
                self._spawn(self._follow(host))

    def _meet(self, address: Address, *, named: bool = False, mac: str | None = None) -> HostWorker:
        """The worker of an address, started if it is new.

        A second address of a device already met is greeted but gets no logins: its accounts are
        the same ones, and tries on both would add up to a lock-out.
        """
        if mac:
            self._macs.setdefault(address, mac)
        if address not in self._hosts:
            owner = self._owner.setdefault(mac, address) if mac else address
            impact = self._settings.impact if owner == address else Impact.GREET
            worker = HostWorker(
                self._shop, address, named=named, impact=min(impact, self._settings.impact)
            )
            self._hosts[address] = worker
            if self._settings.impact is not Impact.LISTEN:
                self._spawn(self._work(worker))
        return self._hosts[address]

    async def _work(self, worker: HostWorker) -> None:
        async with self._room:
            await worker.work()

    async def _follow(self, worker: HostWorker) -> None:
        """Announcements may come later than the sweep; what they lead to is looked at too."""
        async with self._room:
            await worker.follow_leads()

    async def _knock(self, network: Subnet) -> None:
        """Find who is there on a network that no broadcast reaches."""
        if self._settings.impact is Impact.LISTEN:
            self._gap(
                "listening", Ending.OUT_OF_SCOPE, f"{network} is not attached to this machine"
            )
            return
        addresses = [a for a in self._targets.addresses() if a in network]
        if network.is_loopback and len(addresses) <= SMALL_NETWORK:
            for address in addresses:
                self._meet(address)
            return

        hindered: Counter[str] = Counter()

        async def on_host(sweep: Sweep) -> None:
            if sweep.alive:
                self._meet(sweep.address)
            elif sweep.unswept:
                hindered[sweep.why] += 1

        await sweep_many(addresses, KNOCK_PORTS, self._gateway, on_host=on_host)
        for why, many in hindered.items():
            reason = f"{many} of {len(addresses)} addresses could not be looked at: {why}"
            advice = "Run iotscan doctor: it says which networks this machine can reach."
            self._journal.add(Gap(str(network), "the network", Ending.TIMEOUT, reason, advice))

    def _new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers[prefix])}"

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        return self._group.create_task(work)
