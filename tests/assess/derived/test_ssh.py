"""Host keys that several devices show."""

from __future__ import annotations

from ipaddress import ip_address

from iotscan.assess.derived.ssh import shared
from iotscan.model import Device, Endpoint, Observation, Proof


def device(last: int, mac: str | None = None) -> Device:
    address = ip_address(f"192.0.2.{last}")
    return Device(mac or str(address), (address,), mac)


def shows(last: int, key: str, port: int = 22) -> Observation:
    address = ip_address(f"192.0.2.{last}")
    facts = {"sha256": key, "key_type": "ssh-ed25519"}
    endpoint = Endpoint(address, "tcp", port)
    return Observation("ssh.host_key", facts, address, endpoint, (Proof(f"c{last}"),))


HERE = (device(1, "00:0c:42:00:00:01"), device(2, "00:0c:42:00:00:02"))
OWNERS = {one.addresses[0]: one for one in HERE}


def test_a_key_in_common_is_told_of_every_device_that_shows_it() -> None:
    first, second = shared([shows(1, "k"), shows(2, "k")], OWNERS)
    assert str(first.endpoint) == "192.0.2.1:22/tcp"
    assert first.facts == {"devices": 2, "others": ("192.0.2.2",), "fingerprint": "k"}
    assert [proof.source for proof in first.proofs] == ["c1", "c2"]
    assert second.facts["others"] == ("192.0.2.1",)


def test_one_device_with_two_ports_shares_nothing() -> None:
    assert list(shared([shows(1, "k"), shows(1, "k", 2222)], OWNERS)) == []


def test_different_keys_are_not_in_common() -> None:
    assert list(shared([shows(1, "k"), shows(2, "l")], OWNERS)) == []


def test_another_observation_with_a_digest_does_not_count() -> None:
    other = shows(2, "k")
    certificate = Observation("tls.certificate", other.facts, other.address, other.endpoint)
    assert list(shared([shows(1, "k"), certificate], OWNERS)) == []
