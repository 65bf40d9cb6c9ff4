"""Makers' own protocols: what their probes send, once, and what they conclude from answers."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from iotscan.errors import ConnectionLost, TimedOut
from iotscan.model import Channel, Ending, Endpoint, Sender, Service, Transcript, Turn
from iotscan.plugins import probes
from iotscan.probe_api import Opening
from iotscan.protocols.makers import kasa, lifx, miio, tuya, wiz, yeelight
from iotscan.testing import Closes, Fails, FakeNetwork, Hears, Says, Step, captured

BY_NAME = {probe.name: probe for probe in probes()}
HERE = ip_address("127.9.0.3")
SYSINFO = b'{"system":{"get_sysinfo":{"model":"HS110(EU)","deviceId":"80","alias":"Kettle"}}}'
PLUG = len(SYSINFO).to_bytes(4, "big") + kasa.obscured(SYSINFO)
LATER = (
    bytes.fromhex("0200000100000000")
    + bytes(8)
    + (
        b'{"result":{"device_id":"0","device_type":"SMART.TAPOPLUG","device_model":"P110",'
        b'"factory_default":true},"error_code":0}'
    )
)
KEY = "476e6b70343055483230644c53707a73"
HELLO = bytes.fromhex("2131002000000000" + "0e254488" + "000003a3" + KEY)
CONFIG = json.dumps(
    {
        "method": "getSystemConfig",
        "result": {"mac": "a8bb50000197", "moduleName": "ESP01_SHRGB1C_31"},
    }
).encode()
VERSION = bytes.fromhex(
    "3000001453544f49d073d501020300000000000000000001000000000000000021000000"
    "010000001b00000000000000"
)
FIRMWARE = bytes.fromhex(
    "3800001453544f49d073d50102030000000000000000000200000000000000000f000000"
    "009418581c05d914000000000000000050000200"
)
LABEL = bytes.fromhex(
    "4400001453544f49d073d501020300000000000000000003000000000000000019000000"
    "416e6e612773206c616d70000000000000000000000000000000000000000000"
)
STATE = b'{"method":"props","params":{"power":"on"}}\r\n'
PROPERTIES = b'{"id":1, "result":["on", "my_bulb"]}\r\n'
BEAT = bytes.fromhex("000055aa00000000000000090000000c00000000b051ab030000aa55")


def service(name: str, transport: Any, port: int, hint: str = "") -> Service:
    return Service(Endpoint(HERE, transport, port), name, hint=hint)


def recognised(name: str, transport: Any, port: int, answer: bytes) -> Transcript:
    """What the engine writes down when an opening was answered."""
    (opening,) = BY_NAME[name].openings
    turns = (Turn("client", 0.0, opening.says), Turn("server", 0.1, answer))
    where = service(name, transport, port)
    return Transcript("c1", where, "recognise", 0.0, turns, (Channel(where.endpoint),))


@pytest.mark.parametrize(
    ("name", "port", "answer"),
    [
        ("kasa", 20002, LATER),
        ("miio", 54321, HELLO),
        ("wiz", 38899, CONFIG),
        ("lifx", 56700, VERSION),
    ],
)
def test_over_udp_one_question_is_asked_where_it_was_announced(
    name: str, port: int, answer: bytes
) -> None:
    probe = BY_NAME[name]
    (opening,) = probe.openings
    assert (opening.transport, opening.ports, opening.announced) == ("udp", (port,), True)
    assert probe.recognises(answer)
    assert not probe.recognises(opening.says)
    (seen,) = probe.read(recognised(name, "udp", port, answer))
    assert seen.proofs[0].turns == (1,)
    assert list(probe.read(recognised(name, "udp", port, b"noise"))) == []


def test_a_key_that_is_shown_makes_a_device_open_and_goes_no_further() -> None:
    (seen,) = BY_NAME["miio"].read(recognised("miio", "udp", miio.PORT, HELLO))
    assert (seen.facts["open"], seen.facts["setup"]) == (True, True)
    assert KEY not in str(seen)


def test_what_a_later_device_of_tp_link_says_is_read() -> None:
    (seen,) = BY_NAME["kasa"].read(recognised("kasa", "udp", 20002, LATER))
    assert (seen.facts["open"], seen.facts["setup"]) == (False, True)


async def test_a_plug_is_asked_once_over_tcp_and_its_answer_may_come_in_pieces() -> None:
    where = service("kasa", "tcp", 9999)
    script: list[Step] = [Hears(kasa.STREAM_QUESTION), Says(PLUG[:3]), Says(PLUG[3:20]),
                          Says(PLUG[20:])]  # fmt: skip
    talk = await FakeNetwork(where, [script]).play(BY_NAME["kasa"])
    assert talk.ending is Ending.COMPLETE
    (seen,) = BY_NAME["kasa"].read(talk)
    assert (seen.facts["open"], seen.facts["name"]) == (True, "Kettle")
    assert seen.endpoint == where.endpoint


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        ([Says(b"HTTP/1.1 400 Bad Request\r\n")], Ending.WRONG_PROTOCOL),
        ([Says(PLUG[:30]), Closes()], Ending.CLOSED),
        ([Fails(TimedOut("read"))], Ending.TIMEOUT),
        ([Fails(ConnectionLost("reset"))], Ending.CLOSED),
    ],
)
async def test_a_plug_that_does_not_answer_proves_nothing(
    steps: list[Step], ending: Ending
) -> None:
    network = FakeNetwork(service("kasa", "tcp", 9999), [[Hears(), *steps]])
    talk = await network.play(BY_NAME["kasa"])
    assert talk.ending is ending
    assert list(BY_NAME["kasa"].read(talk)) == []


@pytest.mark.parametrize("device", ["server", "client"])
def test_other_peoples_talk_with_a_plug_shows_it_whoever_was_taken_for_the_server(
    device: Any,
) -> None:
    phone: Sender = "client" if device == "server" else "server"
    said = [(phone, kasa.STREAM_QUESTION), (device, PLUG)]
    (seen,) = BY_NAME["kasa"].read(captured(said, 9999))
    ends = {"server": "192.0.2.1", "client": "192.0.2.7"}
    assert (str(seen.address), seen.facts["peer"]) == (ends[device], ends[phone])
    assert list(BY_NAME["kasa"].read(captured([(phone, kasa.STREAM_QUESTION)], 9999))) == []


async def test_a_lamp_of_lifx_is_asked_for_what_recognition_has_not_told() -> None:
    where = service("lifx", "udp", lifx.PORT)
    script: list[Step] = [Hears(lifx.FIRMWARE), Says(FIRMWARE), Hears(lifx.LABEL), Says(LABEL)]
    talk = await FakeNetwork(where, [script]).play(BY_NAME["lifx"])
    (seen,) = BY_NAME["lifx"].read(talk)
    assert (seen.facts["firmware"], seen.facts["name"]) == ("2.80", "Anna's lamp")
    assert seen.proofs[0].turns == (1, 3)


async def test_a_lamp_of_lifx_that_says_something_else_is_left() -> None:
    network = FakeNetwork(service("lifx", "udp", lifx.PORT), [[Hears(), Says(b"noise")]])
    assert (await network.play(BY_NAME["lifx"])).ending is Ending.WRONG_PROTOCOL


@pytest.mark.parametrize("answer", [PROPERTIES, STATE + PROPERTIES])
def test_a_yeelight_is_recognised_by_its_answer_behind_what_it_tells_unasked(
    answer: bytes,
) -> None:
    probe = BY_NAME["yeelight"]
    assert probe.recognises(answer)
    assert not probe.recognises(STATE)
    assert not probe.recognises(b'{"id":1,"error":{"code":-1,"message":"unsupported method"}}\r\n')
    (seen,) = probe.read(recognised("yeelight", "tcp", 55443, answer))
    assert (seen.facts["open"], seen.facts["name"]) == (True, "my_bulb")


def test_a_yeelight_is_asked_a_second_time_only_elsewhere() -> None:
    probe = BY_NAME["yeelight"]
    (opening,) = probe.openings
    assert isinstance(opening, Opening)
    assert not probe.handles(service("yeelight", "tcp", 55443, hint=opening.name))
    assert probe.handles(service("yeelight", "tcp", 4321))


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        ([Says(STATE[:9]), Says(STATE[9:] + PROPERTIES)], Ending.COMPLETE),
        ([Says(STATE), Closes()], Ending.CLOSED),
        ([Says(STATE * 300)], Ending.WRONG_PROTOCOL),
        ([Says(b"HTTP/1.1 200 OK\r\n")], Ending.WRONG_PROTOCOL),
    ],
)
async def test_a_yeelight_elsewhere_is_asked_one_question(
    steps: list[Step], ending: Ending
) -> None:
    network = FakeNetwork(service("yeelight", "tcp", 4321), [[Hears(yeelight.QUESTION), *steps]])
    talk = await network.play(BY_NAME["yeelight"])
    assert talk.ending is ending
    assert len(list(BY_NAME["yeelight"].read(talk))) == (ending is Ending.COMPLETE)


def test_a_heartbeat_shows_tuyas_protocol_and_claims_nothing_else() -> None:
    probe = BY_NAME["tuya"]
    assert probe.openings[0].says == tuya.heartbeat()
    (seen,) = probe.read(recognised("tuya", "tcp", 6668, BEAT))
    assert seen.facts == {"protocol": "Tuya"}
    assert not probe.recognises(b":irc.example NOTICE AUTH :*** Looking up your hostname\r\n")
    assert list(probe.read(captured([("server", b":irc.example NOTICE\r\n")], 6668))) == []


def test_no_question_of_these_protocols_changes_anything() -> None:
    """Methods and message kinds that set something never stand in what is sent."""
    said = {name: [o.says for o in BY_NAME[name].openings] for name in ("wiz", "yeelight", "lifx")}
    assert json.loads(said["wiz"][0])["method"] == wiz.CONFIG
    assert json.loads(said["yeelight"][0])["method"] == "get_prop"
    kinds = [int.from_bytes(q[32:34], "little") for q in (*said["lifx"], lifx.FIRMWARE, lifx.LABEL)]
    assert kinds == [32, 14, 23]
    assert kasa.plain(kasa.QUESTION) == b'{"system":{"get_sysinfo":{}}}'
