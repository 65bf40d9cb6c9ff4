"""The DNS probe: who resolves for us, who does not, and whose questions were overheard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

import pytest
from daemons import free_port, program, running

from iotscan.errors import TimedOut
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Fact,
    Sender,
    Service,
    Transcript,
    Transport,
    Turn,
)
from iotscan.plugins import probes
from iotscan.protocols.dns.message import frame, query
from iotscan.testing import (
    Closes,
    Fails,
    FakeNetwork,
    Hears,
    Says,
    Step,
    converse,
    facts_of,
    on_loopback,
)

PROBE = next(probe for probe in probes() if probe.name == "dns")
HOME = ip_address("127.9.0.2")
UDP = Service(Endpoint(HOME, "udp", 53), "dns")
TCP = Service(Endpoint(HOME, "tcp", 53), "dns")
ASKED = query(0x696F, "iotscan-check.invalid")
ASKED_VERSION = query(0x7673, "version.bind", 16, 3)
TOLD = b"\xc0\x0c\0\x10\0\x03\0\0\0\0\0\x0d\x0cdnsmasq-2.90"


def answered(asked: bytes, flags: int, records: bytes = b"") -> bytes:
    count = b"\0\1" if records else b"\0\0"
    return (
        asked[:2] + flags.to_bytes(2, "big") + asked[4:6] + count + bytes(4) + asked[12:] + records
    )


facts = partial(facts_of, PROBE)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (0x8183, {"recursion": True, "recursion_available": True, "code": "NXDOMAIN"}),
        (0x8180, {"recursion": True, "recursion_available": True, "code": "NOERROR"}),
        (0x8185, {"recursion": False, "recursion_available": True, "code": "REFUSED"}),
        (0x8103, {"recursion": False, "recursion_available": False, "code": "NXDOMAIN"}),
        (0x8182, {"recursion_available": True, "code": "SERVFAIL"}),
    ],
)
async def test_an_answer_says_whether_it_resolves(flags: int, expected: dict[str, Fact]) -> None:
    script: list[Step] = [
        Hears(ASKED),
        Says(answered(ASKED, flags)),
        Hears(ASKED_VERSION),
        Says(answered(ASKED_VERSION, 0x8580, TOLD)),
    ]
    talk = await FakeNetwork(UDP, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "dns.resolver") == [expected | {"transport": "udp"}]
    assert facts(talk, "dns.version") == [{"version": "dnsmasq-2.90"}]


async def test_a_server_may_keep_its_version() -> None:
    script: list[Step] = [
        Hears(),
        Says(answered(ASKED, 0x8183)),
        Hears(),
        Fails(TimedOut("read")),
    ]
    talk = await FakeNetwork(UDP, [script]).play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "dns.version") == []


async def test_an_answer_in_pieces_over_tcp_is_read() -> None:
    whole = frame(answered(ASKED, 0x8183))
    script: list[Step] = [Hears(frame(ASKED)), Says(whole[:1]), Says(whole[1:9]), Says(whole[9:])]
    (found,) = facts(await FakeNetwork(TCP, [script]).play(PROBE), "dns.resolver")
    assert (found["transport"], found["recursion"]) == ("tcp", True)


async def test_a_connection_closed_early_proves_nothing() -> None:
    script: list[Step] = [Hears(), Says(frame(answered(ASKED, 0x8183))[:9]), Closes()]
    talk = await FakeNetwork(TCP, [script]).play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert list(PROBE.read(talk)) == []


@pytest.mark.parametrize(
    "heard",
    [
        ASKED,
        answered(query(1, "iotscan-check.invalid"), 0x8183),
        answered(query(0x696F, "elsewhere.invalid"), 0x8183),
        b"SSH-2.0-x\r\n",
        b"",
    ],
    ids=["our question", "another id", "another name", "ssh", "nothing"],
)
def test_only_the_answer_to_our_question_is_recognised(heard: bytes) -> None:
    assert not PROBE.recognises(heard)
    assert PROBE.recognises(answered(ASKED, 0x8183))
    assert PROBE.recognises(frame(answered(ASKED, 0x8183)))


PHONE, ROUTER = ip_address("192.168.7.3"), ip_address("192.168.7.1")
LOOKUP = query(0x1234, "cam.vendor.example")
FOUND = answered(LOOKUP, 0x8180)


def captured(
    *said: tuple[Sender, bytes],
    transport: Transport = "udp",
    client: tuple[str, int] = ("192.168.7.3", 40_000),
    server: tuple[str, int] = ("192.168.7.1", 53),
) -> Transcript:
    ends = [Endpoint(ip_address(host), transport, port) for host, port in (client, server)]
    turns = tuple(Turn(who, 0.0, data, frame=i) for i, (who, data) in enumerate(said, 1))
    service = Service(ends[1])
    return Transcript("c1", service, "capture", 0.0, turns, (Channel(ends[1]),), client=ends[0])


def overheard(talk: Transcript) -> list[tuple[str, Fact, tuple[int, ...]]]:
    return [
        (str(seen.endpoint), seen.facts["peer"], seen.proofs[0].turns)
        for seen in PROBE.read(talk)
        if seen.kind == "dns.overheard"
    ]


CLIENT = ("192.168.7.3:53/udp", "192.168.7.1", (0,))


def test_who_asks_in_clear_is_named_and_nobody_else() -> None:
    assert overheard(captured(("client", LOOKUP), ("server", FOUND))) == [CLIENT]


ALIAS = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\x06\3cdn\xc0\x10"
FOUR = b"\xc0\x30\0\1\0\1\0\0\0\x3c\0\4\x34\1\2"


def test_what_an_asker_is_told_is_kept_with_its_addresses() -> None:
    told = answered(LOOKUP, 0x8180, ALIAS + FOUR + b"\3" + FOUR + b"\4")
    told = told[:6] + b"\0\3" + told[8:]
    (found,) = facts(captured(("client", LOOKUP), ("server", told)), "dns.answer")
    assert found == {"name": "cam.vendor.example", "addresses": ("52.1.2.3", "52.1.2.4")}
    stream = captured(("client", frame(LOOKUP)), ("server", frame(told)), transport="tcp")
    assert facts(stream, "dns.answer") == [found]


@pytest.mark.parametrize("flags", [0x8183, 0x8182], ids=["no such name", "failure"])
def test_an_answer_without_addresses_tells_nothing(flags: int) -> None:
    talk = captured(("client", LOOKUP), ("server", answered(LOOKUP, flags)))
    assert facts(talk, "dns.answer") == []


def test_an_answer_alone_tells_who_asked() -> None:
    assert overheard(captured(("server", FOUND))) == [CLIENT]


def test_a_question_that_the_capture_holds_the_beginning_of_names_who_asks() -> None:
    talk = captured(("client", LOOKUP[:20]))
    cut = replace(talk, turns=(replace(talk.turns[0], cut=True),))
    assert (overheard(cut), overheard(talk)) == ([CLIENT], [])


def test_roles_that_were_guessed_wrongly_are_turned_round() -> None:
    talk = captured(
        ("server", LOOKUP),
        ("client", FOUND),
        client=("192.168.7.1", 53),
        server=("192.168.7.3", 40_000),
    )
    assert overheard(talk) == [CLIENT]


def test_two_servers_that_talk_from_port_to_port_are_told_apart_by_who_asks() -> None:
    talk = captured(("server", LOOKUP), client=("192.168.7.1", 53), server=("192.168.7.3", 53))
    assert overheard(talk) == [CLIENT]


def test_questions_over_tcp_are_read_though_they_come_in_pieces() -> None:
    whole = frame(LOOKUP)
    talk = captured(("client", whole[:5]), ("client", whole[5:]), transport="tcp")
    assert overheard(talk) == [("192.168.7.3:53/tcp", "192.168.7.1", (1,))]


@pytest.mark.parametrize(
    "talk",
    [
        captured(("client", LOOKUP), server=("192.168.7.1", 5353)),
        captured(("client", LOOKUP), server=("224.0.0.251", 53)),
        captured(("client", LOOKUP), server=("255.255.255.255", 53)),
        captured(("client", b"SSH-2.0-x\r\n"), transport="tcp"),
        captured(("client", b"\xff" * 40)),
        captured(),
    ],
    ids=["another port", "multicast", "broadcast", "ssh on 53", "noise", "nothing"],
)
def test_what_is_not_unicast_dns_on_its_port_is_passed_over(talk: Transcript) -> None:
    assert overheard(talk) == []


@pytest.fixture
def resolver() -> Iterator[int]:
    """dnsmasq on loopback, which knows that .invalid holds nothing; its port."""
    port = free_port()
    command = [program("dnsmasq"), "-k", "-C", "/dev/null", "--user=root", "--no-resolv"]
    command += ["--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}"]
    with running([*command, "--local=/invalid/", "--pid-file="], port):
        yield port


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_real_resolver_is_recognised_and_read(resolver: int, transport: Transport) -> None:
    talk = await converse(PROBE, on_loopback(resolver, "dns", transport))
    first = next(turn.data for turn in talk.turns if turn.sender == "server")
    assert PROBE.recognises(first)
    (found,) = facts(talk, "dns.resolver")
    assert (found["recursion"], found["code"]) == (True, "NXDOMAIN")
    if transport == "udp":
        assert str(facts(talk, "dns.version")[0]["version"]).startswith("dnsmasq-")
