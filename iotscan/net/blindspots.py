"""What a scan cannot see by its nature, in sentences for its report.

That a report names no device and no finding must never read as "there is none". What could not be
done on the way (no permission, a part of a network) is told by :mod:`iotscan.net.airwaves`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Impact, Scope
from iotscan.net.machine import Machine
from iotscan.net.reach import networks
from iotscan.probe_api import Attachment

MOST_PORTS = 65_535
UDP_SILENCE = (
    "A UDP service that does not answer cannot be told from a closed port; "
    "only services that answered are judged."
)
OTHER_RADIO = (
    "Devices that speak only Zigbee, Z-Wave, Bluetooth, Thread or a radio of their own have no "
    "address here; of those behind a hub only the hub is seen."
)
ASLEEP = "A device that was switched off or asleep all the time is not in this report."
NOTHING_ASKED = (
    "Nothing was asked: a device that told nothing of itself meanwhile is not in this report, and "
    "no service was looked at."
)
NO_LOGINS = "No login was tried, so passwords that everybody knows were not found out."
CONTAINER = (
    "This ran in a container. Unless that has the network of its machine, announcements and "
    "neighbours of the home do not reach it, and only addresses that were named were looked at."
)
NO_IPV6 = (
    "IPv6 was not looked at: devices that have nothing else, and services that are open over IPv6 "
    "alone, were missed. Scan without a TARGET, or name fe80::/64 too."
)


def blind_spots(
    scope: Scope,
    ports: int,
    interfaces: Sequence[Attachment],
    machine: Machine,
    neighbours: int,
) -> Iterator[str]:
    """What this scan could not see. ``ports``: how many TCP ports it tried; ``interfaces``: those
    with a network in scope; ``neighbours``: how many other machines showed themselves on them.
    """
    if scope.impact is Impact.LISTEN:
        yield NOTHING_ASKED
    else:
        yield UDP_SILENCE
        if ports < MOST_PORTS:
            yield f"Of TCP the {ports:,} likeliest of {MOST_PORTS:,} ports were tried."
    if scope.impact is Impact.GREET:
        yield NO_LOGINS
    if not interfaces:
        return
    yield OTHER_RADIO
    yield ASLEEP
    yield from _networks(scope, interfaces, machine)
    for interface in interfaces:
        yield from _radio(interface.name, machine, neighbours)
    if machine.container:
        yield CONTAINER


def _networks(scope: Scope, interfaces: Sequence[Attachment], machine: Machine) -> Iterator[str]:
    names = ", ".join(interface.name for interface in interfaces)
    yield (
        f"This was seen from {names}: guest networks, VLANs that are not attached to this machine "
        "and networks behind another router were not looked at."
    )
    versions = {address.version for one in interfaces for address in one.addresses}
    if 6 in versions and all(net.version == 4 for net in scope.allow):
        yield NO_IPV6
    for note in machine.left_out:
        if not any(scope.admits(network[0]) for network in networks(note.attachment)):
            yield f"{note.attachment.name} was left out: {note.reason}."


def _radio(name: str, machine: Machine, neighbours: int) -> Iterator[str]:
    wireless = (machine.wireless or {}).get(name)
    if wireless is False:
        return
    head = f"{name} is Wi-Fi" if wireless else f"If {name} is Wi-Fi"
    apart = "an access point that keeps its clients apart hides them from each other"
    yield f"{head}{':' if wireless else ','} {apart}."
    if wireless and neighbours <= 1:
        yield (
            f"At most the router answered on {name}, which is what that looks like. Scan from a "
            "machine on a cable, or let the access point's clients talk to each other."
        )
