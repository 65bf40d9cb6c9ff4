"""What is said behind the order to a proxy, and that nothing else is taken for one."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from iotscan.model import Channel, Endpoint, Sender, Service, Transcript, Turn
from iotscan.protocols.socks import behind

CLIENT, PROXY = (Endpoint(ip_address(f"192.168.1.{i}"), "tcp", 1000 + i) for i in (5, 80))


def talk(*said: tuple[Sender, bytes], captured: bool = True) -> Transcript:
    turns = tuple(Turn(who, 0.0, data, frame=i) for i, (who, data) in enumerate(said, 1))
    client = CLIENT if captured else None
    return Transcript("c", Service(PROXY), "capture", 0.0, turns, (Channel(PROXY),), client=client)


def turns_behind(proxied: Transcript) -> tuple[Turn, ...]:
    found = behind(proxied)
    assert found is not None
    return found.turns


ORDER, TAKEN = b"\4\1\0\x50\x0a\0\0\1\0", b"\0\x5a" + bytes(6)


def test_the_order_is_taken_off_wherever_its_packets_end() -> None:
    (asked,) = turns_behind(talk(("client", ORDER + b"hello"), ("server", TAKEN)))
    assert (asked.data, asked.frame) == (b"hello", 1)
    pieces = talk(("client", ORDER[:3]), ("client", ORDER[3:]), ("server", TAKEN + b"220"))
    (said,) = turns_behind(pieces)
    assert (said.sender, said.data, said.frame) == ("server", b"220", 3)


def test_our_own_conversations_and_orders_without_more_are_left_alone() -> None:
    assert behind(talk(("client", ORDER), ("server", TAKEN + b"x"), captured=False)) is None
    assert behind(talk(("client", ORDER), ("server", TAKEN))) is None


@given(st.sampled_from([b"\4", b"\5"]), st.binary(max_size=60), st.binary(max_size=60))
def test_garbage_is_harmless(version: bytes, asked: bytes, answered: bytes) -> None:
    behind(talk(("client", version + asked), ("server", answered)))
