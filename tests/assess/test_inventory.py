"""The inventory: one device per real device, however devices lie about themselves and others."""

from __future__ import annotations

import random
from collections.abc import Sequence
from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from iotscan.assess.inventory import MOST_NAMES, MOST_SIGHTINGS, take_stock
from iotscan.assess.links import MOST_IPV4, embedded_mac
from iotscan.assess.reading import Witness
from iotscan.model import (
    Device,
    Endpoint,
    Proof,
    Service,
    Sighting,
    Sweep,
    Transcript,
    Turn,
)

A, B, C = "00:00:01:00:00:0a", "00:00:02:00:00:0b", "00:00:03:00:00:0c"
RANDOM = "02:00:00:00:00:0a"


def arp(address: str, mac: str) -> Witness:
    """The link layer's own word."""
    return Witness(Sighting("arp", (ip_address(address),), mac), own=True)


def said(
    source: str,
    *claims: str,
    mac: str | None = None,
    names: Sequence[str] = (),
    **traits: str,
) -> Witness:
    """An announcement from ``source`` that names these addresses as its own."""
    addresses = tuple(ip_address(claim) for claim in claims or (source,))
    sighting = Sighting("mdns", addresses, mac, tuple(names), traits, proof=Proof("p1"))
    return Witness(sighting, ip_address(source))


def stock(*witnesses: Witness) -> tuple[Device, ...]:
    return take_stock(witnesses, (), ())


def groups(devices: Sequence[Device]) -> list[list[str]]:
    return [[str(address) for address in device.addresses] for device in devices]


def test_one_mac_joins_ipv4_and_ipv6() -> None:
    (device,) = stock(arp("192.168.1.5", A), arp("fd00::5", A), arp("fe80::5", A))
    assert groups([device]) == [["192.168.1.5", "fd00::5", "fe80::5"]]
    assert (device.key, device.mac, device.randomised) == (A, A, False)


def test_a_made_up_mac_joins_but_is_no_lasting_key() -> None:
    (device,) = stock(arp("192.168.1.5", RANDOM), arp("fd00::5", RANDOM))
    assert (device.key, device.mac, device.randomised) == ("192.168.1.5", RANDOM, True)


def test_the_frame_that_an_address_spoke_in_tells_its_mac() -> None:
    (device,) = stock(arp("192.168.1.5", A), said("fe80::9", mac=A))
    assert groups([device]) == [["192.168.1.5", "fe80::9"]]


def test_a_public_address_on_the_link_does_not_drive_out_a_private_one() -> None:
    public = Witness(Sighting("frames", (ip_address("1.1.1.1"),), A), own=True)
    (device,) = stock(public, said("10.0.0.13", mac=A))
    assert groups([device]) == [["1.1.1.1", "10.0.0.13"]]


def test_an_address_that_holds_the_mac_is_the_devices() -> None:
    eui = "fe80::200:1ff:fe00:a"
    assert embedded_mac(ip_address(eui)) == A
    assert groups(stock(arp("192.168.1.5", A), said(eui))) == [["192.168.1.5", eui]]
    assert groups(stock(arp("192.168.1.5", A), arp(eui, B))) == [["192.168.1.5"], [eui]]


def test_a_mac_that_only_addresses_hold_joins_them_and_is_nobody_s() -> None:
    (device,) = stock(said("fe80::200:1ff:fe00:a"), said("2001:db8::200:1ff:fe00:a"))
    assert groups([device]) == [["2001:db8::200:1ff:fe00:a", "fe80::200:1ff:fe00:a"]]
    assert (device.mac, device.key) == (None, "2001:db8::200:1ff:fe00:a")


def test_a_router_that_forwards_for_many_keeps_its_own_address_only() -> None:
    devices = stock(
        arp("192.168.1.1", A),
        said("93.184.216.34", mac=A),
        said("10.0.7.9", mac=A),
        said("192.168.2.7", mac=A),
    )
    assert sorted(map(len, groups(devices))) == [1, 1, 1, 1]
    assert [d.mac for d in devices if str(d.addresses[0]) == "192.168.1.1"] == [A]


def test_a_router_that_answers_arp_for_many_fuses_none_of_them() -> None:
    asked = [f"192.168.1.{i}" for i in range(1, MOST_IPV4 + 2)]
    devices = stock(*(arp(address, A) for address in asked))
    assert groups(devices) == [[address] for address in asked]
    assert all(device.mac is None for device in devices)


def test_what_a_switch_says_of_where_it_is_managed_yields_to_arp() -> None:
    port = Witness(Sighting("cdp", (ip_address("192.168.1.2"),), B, ("hall-switch",)))
    (device,) = stock(port)
    assert (groups([device]), device.mac) == ([["192.168.1.2"]], B)
    (device,) = stock(port, arp("192.168.1.2", A))
    assert (groups([device]), device.mac, device.names) == ([["192.168.1.2"]], A, ("hall-switch",))


def test_a_liar_in_arp_does_not_take_its_victims_over() -> None:
    devices = stock(
        arp("192.168.1.5", A),
        arp("192.168.1.6", B),
        *(arp(f"192.168.1.{i}", C) for i in (5, 6, 7)),
    )
    assert groups(devices) == [["192.168.1.5"], ["192.168.1.6"], ["192.168.1.7"]]
    assert [device.mac for device in devices] == [A, B, C]


def test_claiming_others_addresses_merges_nobody() -> None:
    devices = stock(
        arp("192.168.1.5", A),
        arp("192.168.1.6", B),
        said("192.168.1.7", "192.168.1.5", "192.168.1.6", "192.168.1.7", mac=C),
    )
    assert groups(devices) == [["192.168.1.5"], ["192.168.1.6"], ["192.168.1.7"]]


def test_claiming_a_swept_address_does_not_take_its_services() -> None:
    victim = ip_address("192.168.1.5")
    sweep = Sweep("s1", 0.0, victim, open=(Endpoint(victim, "tcp", 23),), alive=True)
    devices = take_stock([said("192.168.1.7", "192.168.1.5")], [sweep], ())
    assert groups(devices) == [["192.168.1.5"], ["192.168.1.7"]]
    assert [len(device.services) for device in devices] == [1, 0]


def test_two_addresses_that_name_each_other_are_one_device() -> None:
    both = ("192.168.1.5", "fd00::5")
    assert groups(stock(said(both[0], *both), said(both[1], *both))) == [list(both)]
    assert groups(stock(said(both[0], *both), said(both[1]))) == [[both[0]], [both[1]]]


def test_naming_each_other_does_not_join_two_macs_for_senders_can_be_forged() -> None:
    both = ("192.168.1.5", "192.168.1.6")
    forged = [said(both[0], *both, mac=A), said(both[1], *both, mac=B)]
    assert groups(stock(arp(both[0], A), arp(both[1], B), *forged)) == [[both[0]], [both[1]]]
    (known,) = stock(arp(both[0], A), *(said(source, *both) for source in both))
    assert known.mac == A


def test_an_address_that_one_device_names_and_nobody_uses_is_its_own() -> None:
    (device,) = stock(said("192.168.1.5", "192.168.1.5", "fd00::5"))
    assert groups([device]) == [["192.168.1.5", "fd00::5"]]
    two = stock(said("192.168.1.5", "fd00::5"), said("192.168.1.6", "fd00::5"))
    assert groups(two) == [["192.168.1.5"], ["192.168.1.6"]]


def test_a_upnp_id_joins_an_ipv4_and_an_ipv6_side_only() -> None:
    udn = "2fac1234-31f8-11b4-a222-08002b34c003"
    (device,) = stock(said("192.168.1.5", udn=udn), said("fe80::5", udn=udn))
    assert device.key == udn
    thief = stock(said("192.168.1.5", udn=udn), said("192.168.1.6", udn=udn))
    assert groups(thief) == [["192.168.1.5"], ["192.168.1.6"]]
    assert [device.key for device in thief] == ["192.168.1.5", "192.168.1.6"]


def test_a_host_name_joins_two_families_unless_both_have_a_mac() -> None:
    name = ("porch-cam.local",)
    assert len(stock(said("192.168.1.5", names=name), said("fe80::5", names=name))) == 1
    apart = stock(said("192.168.1.5", names=name, mac=A), said("fe80::5", names=name, mac=B))
    assert len(apart) == 2
    common = ("android.local",)
    assert len(stock(said("192.168.1.5", names=common), said("fe80::5", names=common))) == 2


def test_one_device_with_two_names_does_not_join_two_others() -> None:
    devices = stock(
        said("192.168.1.5", names=("cam-one.local",)),
        said("192.168.1.6", names=("cam-two.local",)),
        said("fe80::7", names=("cam-one.local", "cam-two.local")),
    )
    assert ["192.168.1.5", "192.168.1.6"] not in [g[:2] for g in groups(devices)]
    assert len(devices) == 2


def test_of_many_names_those_by_which_it_is_addressed_are_kept() -> None:
    many = said("192.168.1.5", names=[f"Printer {n:02}" for n in range(40)], mac=A)
    own = Sighting("dhcp", (ip_address("192.168.1.5"),), A, ("zebra",))
    (device,) = stock(many, Witness(own, own=True))
    assert len(device.names) == MOST_NAMES
    assert "zebra" in device.names
    assert list(device.names) == sorted(device.names)


def test_of_many_sightings_some_of_each_source_are_kept() -> None:
    many = [said("192.168.1.5", mac=A, model=f"M{n}") for n in range(2 * MOST_SIGHTINGS)]
    rare = Sighting("wsd", (ip_address("192.168.1.5"),), A, traits={"model": "Z"})
    (device,) = stock(*many, Witness(rare, ip_address("192.168.1.5")))
    assert len(device.sightings) == MOST_SIGHTINGS
    assert rare in device.sightings
    assert stock(*many[::-1], Witness(rare, ip_address("192.168.1.5"))) == (device,)


def test_groups_and_placeholders_are_no_devices() -> None:
    assert stock(said("224.0.0.251"), said("0.0.0.0"), said("ff02::fb"), said("::")) == ()


def test_a_service_is_what_answered_named_by_what_it_said() -> None:
    address = ip_address("192.168.1.5")
    ports = [Endpoint(address, "tcp", port) for port in (80, 23)]
    sweep = Sweep("s1", 0.0, address, open=tuple(ports), alive=True)
    telnet = Transcript("c1", Service(ports[1], "telnet"), "telnet", 1.0)
    coap = Endpoint(address, "udp", 5683)
    answered = Transcript("c2", Service(coap, "coap"), "coap", 1.0, (Turn("server", 0.1, b"x"),))
    silent = Transcript("c3", Service(Endpoint(address, "udp", 53), "dns"), "dns", 1.0)
    (device,) = take_stock((), [sweep], [telnet, answered, silent])
    assert [(s.endpoint.port, s.name) for s in device.services] == [
        (23, "telnet"),
        (80, None),
        (5683, "coap"),
    ]


def test_a_silent_swept_address_is_no_device() -> None:
    assert take_stock((), [Sweep("s1", 0.0, ip_address("192.168.1.5"), silent=20)], ()) == ()


WITNESSES = st.lists(
    st.one_of(
        st.builds(
            arp, st.sampled_from(["192.168.1.1", "192.168.1.2", "fd00::1"]), st.sampled_from([A, B])
        ),
        st.builds(
            lambda source, claim, mac, name, udn: said(
                source, source, claim, mac=mac, names=(name,), udn=udn
            ),
            st.sampled_from(["192.168.1.1", "192.168.1.2", "fd00::1", "fd00::2"]),
            st.sampled_from(["192.168.1.1", "192.168.1.2", "192.168.1.3", "fd00::1", "fd00::2"]),
            st.sampled_from([A, B, None]),
            st.sampled_from(["camera-one.local", "camera-two.local"]),
            st.sampled_from(["", "uuid-1", "uuid-2"]),
        ),
    ),
    max_size=8,
)


@given(WITNESSES, st.randoms(use_true_random=False))
def test_the_order_of_sightings_does_not_matter(
    witnesses: list[Witness], rng: random.Random
) -> None:
    shuffled = list(witnesses)
    rng.shuffle(shuffled)
    assert stock(*witnesses) == stock(*shuffled)


@given(WITNESSES)
def test_every_address_belongs_to_one_device_and_keys_are_distinct(
    witnesses: list[Witness],
) -> None:
    devices = stock(*witnesses)
    addresses = [address for device in devices for address in device.addresses]
    assert len(addresses) == len(set(addresses))
    assert len({device.key for device in devices}) == len(devices)
