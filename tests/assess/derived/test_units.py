"""Units of one model beside each other."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.assess.derived.units import units
from iotscan.assess.inventory import owner_of
from iotscan.model import Device, Identity, Observation, Proof


def device(number: int, model: str = "L-1", mac: str | None = None) -> Device:
    return Device(
        f"d{number}",
        (ip_address(f"10.0.0.{number}"),),
        mac or f"00:40:8c:00:00:0{number}",
        identity=Identity("Lampco", model),
    )


def key(number: int, digest: str, kind: str = "ssh.host_key") -> Observation:
    name = "sha256" if kind == "ssh.host_key" else "spki_sha256"
    proof = Proof(f"c{number}", (1,))
    return Observation(kind, {name: digest}, ip_address(f"10.0.0.{number}"), proofs=(proof,))


def told(devices: list[Device], seen: list[Observation]) -> list[tuple[str, object, object]]:
    return [
        (str(one.address), one.facts["units"], one.facts["distinct"])
        for one in units(devices, seen, owner_of(devices))
    ]


def test_two_units_with_keys_of_their_own_are_told_with_both_proofs() -> None:
    devices = [device(1), device(2)]
    seen = [key(1, "a"), key(1, "b", "tls.certificate"), key(2, "c")]
    assert told(devices, seen) == [("10.0.0.1", 2, True), ("10.0.0.2", 2, True)]
    first, second = units(devices, seen, owner_of(devices))
    assert first.facts["model"] == "Lampco L-1"
    assert {proof.source for proof in second.proofs} == {"c1", "c2"}


def test_a_key_in_common_is_told() -> None:
    seen = [key(1, "a"), key(1, "b"), key(2, "b")]
    assert told([device(1), device(2)], seen) == [("10.0.0.1", 2, False), ("10.0.0.2", 2, False)]


@pytest.mark.parametrize(
    ("devices", "seen"),
    [
        ([device(1), device(2)], [key(1, "a")]),
        ([device(1), device(2, "L-2")], [key(1, "a"), key(2, "b")]),
        ([device(1, ""), device(2, "")], [key(1, "a"), key(2, "b")]),
        ([device(1)], [key(1, "a")]),
        ([device(1), device(2)], [key(1, "a"), key(2, "b", "http.favicon")]),
    ],
)
def test_nothing_is_said_where_it_cannot_be_known(
    devices: list[Device], seen: list[Observation]
) -> None:
    assert told(devices, seen) == []
