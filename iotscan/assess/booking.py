"""On whom to book what captures show: a device here, where the other side is a server outside.

Whoever reads the report can do something about the device; the endpoint still names the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from iotscan.assess.inventory import peer_of
from iotscan.assess.links import group, is_inside
from iotscan.assess.reading import Readings, Witness
from iotscan.model import Address, Observation


def booked(readings: Readings) -> Readings:
    """The readings of a capture, with each observation on a device of this network if either side
    is one, and with the ports that answered on such devices only, and on whoever else is told of.
    """
    near = _near(readings.witnesses)
    observations = tuple(_booked(seen, near) for seen in readings.observations)
    told = {seen.address for seen in observations}
    return replace(
        readings,
        observations=observations,
        answers={
            place: proof
            for place, proof in readings.answers.items()
            if _here(place.address, near) or place.address in told or _nobody_here(near)
        },
    )


def _near(witnesses: Iterable[Witness]) -> frozenset[Address]:
    """The addresses that have a MAC of this network."""
    members = group(tuple(witnesses), ()).members().values()
    with_mac = (nodes for nodes in members if any(isinstance(node, str) for node in nodes))
    return frozenset(node for nodes in with_mac for node in nodes if not isinstance(node, str))


def _booked(seen: Observation, near: Set[Address]) -> Observation:
    if _here(seen.address, near):
        return seen
    peer = peer_of(seen)
    return seen if peer is None or not _here(peer, near) else replace(seen, address=peer)


def _here(address: Address, near: Set[Address]) -> bool:
    return address in near or is_inside(address)


def _nobody_here(near: Set[Address]) -> bool:
    """A capture without link addresses, taken outside: then all its hosts are what it is about."""
    return not near
