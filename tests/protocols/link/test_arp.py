"""ARP against scapy's frames, and against what is not ARP."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.link import arp

MAC, SENDER, TARGET = "a4:2b:b0:00:00:01", IPv4Address("10.0.0.2"), IPv4Address("10.0.0.9")


def test_a_request_frame_is_the_one_scapy_makes() -> None:
    from scapy.layers.l2 import ARP, Ether

    theirs = Ether(src=MAC, dst=arp.BROADCAST) / ARP(
        op=1, hwsrc=MAC, psrc=str(SENDER), hwdst=arp.UNKNOWN, pdst=str(TARGET)
    )
    assert arp.ask_frame(MAC, SENDER, TARGET) == bytes(theirs)


def test_a_reply_of_scapy_is_read_behind_vlan_tags_and_with_padding() -> None:
    from scapy.layers.l2 import ARP, Dot1Q, Ether

    reply = ARP(op=2, hwsrc="A4:2B:B0:00:00:09", psrc=str(TARGET), hwdst=MAC, pdst=str(SENDER))
    for tags in (reply, Dot1Q(vlan=7) / reply, Dot1Q(vlan=7) / Dot1Q(vlan=8) / reply):
        frame = bytes(Ether(src="a4:2b:b0:00:00:09", dst=MAC) / tags) + bytes(18)
        data = arp.message_in(frame)
        assert arp.parse(data) == arp.Arp(arp.REPLY, "a4:2b:b0:00:00:09", TARGET, MAC, SENDER)
        assert len(data) == 28


def test_encoding_and_parsing_agree() -> None:
    message = arp.Arp(arp.REQUEST, MAC, SENDER, arp.UNKNOWN, TARGET)
    assert arp.parse(message.encode()) == message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(28),
        arp.Arp(arp.REPLY, MAC, SENDER, MAC, TARGET).encode()[:27],
        b"\x00\x06" + arp.Arp(arp.REPLY, MAC, SENDER, MAC, TARGET).encode()[2:],
        arp.Arp(9, MAC, SENDER, MAC, TARGET).encode(),
    ],
    ids=["empty", "zeroes", "short", "token-ring", "inverse"],
)
def test_other_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        arp.parse(data)


@given(st.binary(max_size=80))
def test_no_frame_makes_it_fail_otherwise(frame: bytes) -> None:
    try:
        arp.parse(arp.message_in(frame))
    except Malformed:
        return


@pytest.mark.parametrize("text", ["", "a4:2b:b0", "zz:2b:b0:00:00:01", "a4:2b:b0:00:00:01:02"])
def test_what_is_not_a_mac_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        arp.mac_bytes(text)
    assert arp.mac_bytes("A4-2B-B0-00-00-01") == arp.mac_bytes(MAC)
