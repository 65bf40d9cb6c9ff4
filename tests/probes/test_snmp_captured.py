"""SNMP that others spoke: communities in requests, answers and traps, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from iotscan.model import Channel, Endpoint, Fact, Sender, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.protocols.encodings import ber
from iotscan.protocols.snmp import codec as snmp

PROBE = next(probe for probe in probes() if probe.name == "snmp")
MANAGER = Endpoint(ip_address("192.168.7.2"), "udp", 40_000)
AGENT = Endpoint(ip_address("192.168.7.9"), "udp", 161)
ASKED = snmp.get("2c", b"secret-word", 7, ["1.3.6.1.2.1.1.1.0"])
ANSWERED = ASKED.replace(b"\xa0", b"\xa2", 1)


def captured(
    *said: tuple[Sender, bytes], server: Endpoint = AGENT, client: Endpoint = MANAGER
) -> Transcript:
    turns = tuple(Turn(who, 0.0, data, frame=i) for i, (who, data) in enumerate(said, 1))
    channels = (Channel(server),)
    return Transcript("c1", Service(server), "capture", 0.0, turns, channels, client=client)


def facts(talk: Transcript) -> Sequence[tuple[str, dict[str, Fact]]]:
    return [(str(seen.endpoint), dict(seen.facts)) for seen in PROBE.read(talk)]


def test_a_question_and_its_answer_are_one_community_seen() -> None:
    talk = captured(("client", ASKED), ("server", ANSWERED), ("client", ASKED))
    expected: dict[str, Fact] = {
        "peer": "192.168.7.2",
        "version": "2c",
        "sort": "request",
        "answered": True,
        "well_known": False,
        "writes": False,
    }
    assert facts(talk) == [("192.168.7.9:161/udp", expected)]
    (seen,) = PROBE.read(talk)
    assert seen.proofs[0].turns == (0,)
    assert "secret-word" not in repr(seen)


def test_whoever_is_asked_is_the_agent_though_the_roles_were_guessed_wrongly() -> None:
    talk = captured(("server", ASKED), ("client", ANSWERED), server=MANAGER, client=AGENT)
    assert facts(talk)[0][0] == "192.168.7.9:161/udp"


def test_a_trap_is_booked_on_its_sender() -> None:
    ear = Endpoint(MANAGER.address, "udp", 162)
    trap = ASKED.replace(b"\xa0", b"\xa7", 1)
    mouth = Endpoint(AGENT.address, "udp", 50_000)
    (place, found), *more = facts(captured(("client", trap), server=ear, client=mouth))
    assert (place, found["sort"], found["peer"]) == ("192.168.7.9:162/udp", "trap", "192.168.7.2")
    assert more == []


def test_a_confirmed_inform_is_booked_on_its_sender_alone() -> None:
    ear = Endpoint(MANAGER.address, "udp", 162)
    mouth = Endpoint(AGENT.address, "udp", 50_000)
    inform = ASKED.replace(b"\xa0", b"\xa6", 1)
    talk = captured(("client", inform), ("server", ANSWERED), server=ear, client=mouth)
    ((place, found),) = facts(talk)
    assert (place, found["sort"], found["peer"]) == ("192.168.7.9:162/udp", "trap", "192.168.7.2")


def test_setting_a_value_shows() -> None:
    talk = captured(("client", ASKED.replace(b"\xa0", b"\xa3", 1)))
    assert facts(talk)[0][1]["writes"] is True


def test_version_3_and_other_bytes_show_no_community() -> None:
    talk = captured(("client", snmp.discovery(1)), ("server", b"\x30\x03\x02\x01\x01"))
    assert facts(talk) == []
    assert facts(captured(("client", ber.encode(ber.SEQUENCE, b"\x02\x01\x00")))) == []


def test_a_guess_that_nobody_answered_gives_no_community_away() -> None:
    guess = snmp.get("2c", b"public", 7, ["1.3.6.1.2.1.1.1.0"])
    assert facts(captured(("client", guess))) == []
    ((_, found),) = facts(captured(("client", ASKED)))
    assert (found["answered"], found["well_known"]) == (False, False)
    ((_, found),) = facts(captured(("client", guess), ("server", guess.replace(b"\xa0", b"\xa2"))))
    assert (found["answered"], found["well_known"]) == (True, True)


def over_tcp(*said: tuple[Sender, bytes], port: int = 161) -> Transcript:
    server = Endpoint(AGENT.address, "tcp", port)
    return captured(*said, server=server, client=Endpoint(MANAGER.address, "tcp", 40_000))


def test_messages_over_tcp_come_in_any_pieces() -> None:
    whole = over_tcp(("client", ASKED + ASKED), ("server", ANSWERED))
    pieces: list[tuple[Sender, bytes]] = [("client", ASKED[i : i + 1]) for i in range(len(ASKED))]
    dripped = over_tcp(*pieces, ("server", ANSWERED[:3]), ("server", ANSWERED[3:]))
    ((place, found),) = facts(whole)
    assert facts(dripped) == [(place, found)]
    assert place == "192.168.7.9:161/tcp"
    assert (found["version"], found["sort"], found["answered"]) == ("2c", "request", True)


def test_a_trap_over_tcp_is_booked_on_its_sender() -> None:
    agent = Endpoint(AGENT.address, "tcp", 50_000)
    trap = ASKED.replace(b"\xa0", b"\xa7", 1)
    ear = Endpoint(MANAGER.address, "tcp", 162)
    ((place, found),) = facts(captured(("client", trap), server=ear, client=agent))
    assert (place, found["sort"]) == ("192.168.7.9:162/tcp", "trap")


def test_what_is_not_snmp_over_tcp_is_left() -> None:
    bind = bytes.fromhex("300c020101600702010304008000")
    assert facts(over_tcp(("client", bind), ("client", ASKED))) == []
    assert facts(over_tcp(("client", b"0 is not enough\r\n"), ("client", ASKED))) == []
    assert facts(over_tcp(("client", b"\x30\x84\xff\xff\xff\xff" + ASKED))) == []
    assert facts(over_tcp(("client", ASKED[:-1]))) == []
