"""Reports of made-up networks, judged by the real rules, to try histories and comparisons on.

report(Thing("192.0.2.7", doors=(TELNET,)), day=2)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from iotscan.assess.findings import judge
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.model import (
    ConversationNote,
    Device,
    Ending,
    Endpoint,
    Fact,
    Gap,
    Identity,
    Impact,
    Observation,
    Proof,
    Report,
    Scope,
    Service,
    Sighting,
    Sweep,
    Transport,
)

NETWORK = "192.0.2.0/24"
UNKNOWN = Identity()


@dataclass(frozen=True)
class Door:
    """A port that answered: the conversation with it, and what was observed in that, if it was."""

    port: int
    name: str
    kind: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    ending: Ending = Ending.COMPLETE
    logins: tuple[str, ...] = ()
    transport: Transport = "tcp"
    note: str = ""
    probe: str = ""


TELNET = Door(23, "telnet", "telnet.service", {"cleartext": True, "prompt": "login"})
SILENT_TELNET = Door(23, "telnet", ending=Ending.TIMEOUT, note="no answer in time (read)")
OPEN_LOGIN = Door(
    23,
    "telnet",
    "telnet.login",
    {
        "accepted": True,
        "accepts_anything": False,
        "empty_password": False,
        "login": "generic-admin-1",
    },
    logins=("generic-admin-1",),
)
REFUSED_LOGIN = Door(
    23, "telnet", "telnet.login", {"accepted": False, "attempts": 2}, logins=("generic-admin-1",)
)


def key(port: int, sha256: str) -> Door:
    """An SSH server with that host key."""
    return Door(port, "ssh", "ssh.host_key", {"sha256": sha256})


@dataclass(frozen=True)
class Thing:
    """A device. ``traits`` are what its mDNS announcement says, if it makes one."""

    address: str
    mac: str | None = None
    name: str = ""
    traits: Mapping[str, str] | None = None
    identity: Identity = UNKNOWN
    doors: tuple[Door, ...] = ()
    random: bool = False
    unswept: int = 0
    silent: int = 0
    swept: bool = True


def report(
    *things: Thing,
    day: int = 1,
    ports: str = "1-1024",
    impact: Impact = Impact.LOGIN,
    source: str = "scan",
    complete: bool = True,
    network: str = NETWORK,
    gaps: tuple[Gap, ...] = (),
    book: Rulebook | None = None,
) -> Report:
    """The report on a scan of these devices that began on that day of 2026."""
    book = book or load_rulebook()
    devices = tuple(_device(number, thing) for number, thing in enumerate(things))
    doors = [(device, door) for device, t in zip(devices, things, strict=True) for door in t.doors]
    observations = tuple(
        Observation(
            door.kind, door.facts, device.addresses[0], _at(device, door), (Proof(f"c{number}"),)
        )
        for number, (device, door) in enumerate(doors)
        if door.kind
    )
    return Report(
        format=1,
        version="1.0",
        rules=book.hash,
        started=f"2026-{1 + day // 28:02}-{1 + day % 28:02}T08:00:00+00:00",
        duration=60.0,
        source=source,
        scope=Scope((ip_network(network),), impact=impact),
        complete=complete,
        devices=devices,
        observations=observations,
        findings=judge(observations, devices, book),
        gaps=gaps,
        conversations=tuple(
            ConversationNote(
                f"c{number}",
                door.probe or door.name,
                _at(device, door),
                door.ending,
                4,
                door.note,
                door.logins,
            )
            for number, (device, door) in enumerate(doors)
        ),
        ports=ports,
        sweeps=tuple(
            _sweep(device, thing)
            for device, thing in zip(devices, things, strict=True)
            if thing.swept
        ),
    )


def _device(number: int, thing: Thing) -> Device:
    address = ip_address(thing.address)
    seen = [Sighting("arp", (address,), thing.mac, proof=Proof(f"p{number}"))]
    names = (thing.name,) if thing.name else ()
    if thing.traits is not None:
        proof = Proof(f"p{1000 + number}")
        seen.append(Sighting("mdns", (address,), None, names, thing.traits, proof=proof))
    registered = thing.mac if thing.mac and not thing.random else None
    udn = (thing.traits or {}).get("udn")
    return Device(
        key=registered or udn or thing.address,
        addresses=(address,),
        mac=thing.mac,
        randomised=thing.random,
        names=names,
        identity=thing.identity,
        services=tuple(
            Service(Endpoint(address, door.transport, door.port), door.name or None)
            for door in thing.doors
        ),
        sightings=tuple(seen),
    )


def _at(device: Device, door: Door) -> Endpoint:
    return Endpoint(device.addresses[0], door.transport, door.port)


def _sweep(device: Device, thing: Thing) -> Sweep:
    open_ = tuple(_at(device, door) for door in thing.doors if door.transport == "tcp")
    return Sweep(
        f"s{device.addresses[0]}",
        0.0,
        device.addresses[0],
        open_,
        closed=0 if thing.silent else 100,
        silent=thing.silent,
        unswept=thing.unswept,
        alive=True,
    )
