"""The MQTT probe against mosquitto in several configurations, scripts, and hostile peers."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from daemons import free_port
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from iotscan import testing
from iotscan.errors import (
    LockedOut,
    Malformed,
    NetworkError,
    Refused,
    TimedOut,
    TlsFailed,
)
from iotscan.model import (
    Ending,
    Impact,
    Outcome,
    Service,
    Transcript,
)
from iotscan.net.gateway import Gateway
from iotscan.probe_api import Login
from iotscan.protocols.http import websocket
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.reader import Sample
from iotscan.settings import Limits
from iotscan.testing import (
    HOSTILE,
    LOOPBACK,
    Closes,
    Fails,
    FakeNetwork,
    Handler,
    Hears,
    Says,
    Step,
    on_loopback,
    serve,
)

MODULE = importlib.import_module("iotscan.probes.mqtt")
PROBE = MODULE.PROBE
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="not installed: mosquitto")

LIMITS = Limits(read_timeout=1.0, connect_timeout=1.0, conversation_timeout=20.0, login_pause=0.01)
BRIEF = Sample(seconds=0.3)
PAIRS = {"mqtt-admin": ("admin", b"admin-pw"), "mqtt-guest": ("guest", b"guest-pw")}
CONTROL = Login("control", "q7x2", "mqtt", control=True)
LOGINS = (*(Login(name, pair[0], "mqtt") for name, pair in PAIRS.items()), CONTROL)
VAULT = {name: pair[1] for name, pair in PAIRS.items()} | {"control": b"z9-nobody"}
PLAIN = "connect"
OVER_WEBSOCKET = "websocket /mqtt"


service_at = partial(on_loopback, name="mqtt", hint=PLAIN)


async def converse(
    service: Service,
    *,
    logins: Sequence[Login] = (),
    sample: Sample = BRIEF,
    limits: Limits = LIMITS,
    impact: Impact = Impact.LOGIN,
) -> Transcript:
    return await testing.converse(
        type(PROBE)(sample), service, logins, vault=VAULT, limits=limits, impact=impact
    )


def read(talk: Transcript, sample: Sample = BRIEF) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for seen in type(PROBE)(sample).read(talk):
        found.setdefault(seen.kind, []).append(dict(seen.facts))
        assert seen.proofs[0].source == "c1"
        assert all(0 <= turn < len(talk.turns) for turn in seen.proofs[0].turns)
    return found


class Broker:
    """A mosquitto of our own on a loopback port."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port = free_port()
        config = folder / "mosquitto.conf"
        head = ("user root", f"listener {self.port} 127.0.0.1", "log_type all", "log_dest stderr")
        config.write_text("\n".join((*head, "sys_interval 1", *lines)) + "\n")
        self._process = subprocess.Popen(
            [str(MOSQUITTO), "-c", str(config)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b" running" in line:
                return
        raise AssertionError("mosquitto did not start")

    def retain(self, messages: Mapping[str, bytes]) -> None:
        for topic, payload in messages.items():
            command = ["mosquitto_pub", "-p", str(self.port), "-r", "-q", "1", "-t", topic, "-s"]
            subprocess.run(command, input=payload, check=True, capture_output=True)

    def stop(self) -> list[str]:
        """Its log since it ran."""
        if self._process.poll() is None:
            self._process.terminate()
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            log = stream.read().decode(errors="replace").splitlines()
        self._process.wait()
        return log


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[Broker]:
    running = Broker(folder, *lines)
    try:
        yield running
    finally:
        if running._process.stdout and not running._process.stdout.closed:
            running.stop()


def with_passwords(folder: Path, *known: str) -> tuple[str, ...]:
    path = folder / "passwords"
    pairs = ((PAIRS[name][0], PAIRS[name][1].decode()) for name in known)
    path.write_text("".join(f"{user}:{word}\n" for user, word in (*pairs, ("owner", "kX9!w"))))
    subprocess.run(["mosquitto_passwd", "-U", str(path)], check=True, capture_output=True)
    return "allow_anonymous false", f"password_file {path}"


def certificate(folder: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return str(paths[0]), str(paths[1])


def without_passwords(talk: Transcript) -> bool:
    said = b"".join(turn.data for turn in talk.turns)
    return not any(secret in said for secret in VAULT.values())


# Real brokers.


@needs_mosquitto
async def test_an_open_broker_is_seen_as_open_and_left_as_it_was(tmp_path: Path) -> None:
    messages = {
        "home/wifi/password": b"correct horse battery",
        "tele/plug/LWT": b"Online",
        "phone": b'{"_type":"location","lat":52.1,"lon":4.2}',
    }
    with broker(tmp_path, "allow_anonymous true") as running:
        running.retain(messages)
        talk = await converse(service_at(running.port))
        running.retain({"afterwards": b"so that all before was read"})
        log = running.stop()
    found = read(talk)
    assert talk.ending is Ending.COMPLETE

    assert {s["version"] for s in found["mqtt.session"]} == {"3.1.1", "5.0"}
    for session in found["mqtt.session"]:
        assert session["accepted"] is session["usable"] is session["anonymous"] is True
        assert session["code"] == 0
        assert session["encrypted"] is session["websocket"] is False
    assert [(s["filter"], s["granted"]) for s in found["mqtt.subscribe"]] == [
        ("$SYS/#", True),
        ("#", True),
    ]
    traffic = found["mqtt.traffic"][0]
    assert (traffic["topics"], traffic["messages"], traffic["retained"]) == (3, 3, 3)
    assert traffic["system_topics"] > 10
    assert traffic["capped"] is False
    assert 0.3 <= traffic["seconds"] < 3
    assert {(s["topic"], s["kind"], s["retained"]) for s in found["mqtt.secret"]} == {
        ("home/wifi/password", "wifi key", True),
        ("phone", "location", True),
    }
    assert found["mqtt.broker"][0]["product"] == "Eclipse Mosquitto"
    assert found["mqtt.broker"][0]["version"].startswith("2.")
    assert found["mqtt.ecosystem"][0]["product"] == "Tasmota"
    assert found["mqtt.limits"][0]["wildcard_available"] is True
    assert "correct horse" not in repr(found)

    ours = [line for line in log if "iotscan" in line]
    assert not [line for line in ours if "PUBLISH from" in line or "closed its connection" in line]
    assert sum(line.endswith("disconnected.") for line in ours) == 3
    assert sum("Received UNSUBSCRIBE from" in line for line in ours) == 2
    assert len(joined := [line for line in ours if " connected " in line]) == 3
    assert all(", c1, " in line for line in joined)


@needs_mosquitto
async def test_a_granted_wildcard_that_an_acl_filters_is_not_called_traffic(
    tmp_path: Path,
) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic write #\n")
    with broker(tmp_path, "allow_anonymous true", f"acl_file {acl}") as running:
        running.retain({"home/wifi/password": b"correct horse battery"})
        found = read(await converse(service_at(running.port)))
    assert [(s["filter"], s["granted"]) for s in found["mqtt.subscribe"]] == [
        ("$SYS/#", True),
        ("#", True),
    ]
    traffic = found["mqtt.traffic"][0]
    assert (traffic["messages"], traffic["system_topics"], traffic["topics"]) == (0, 0, 0)
    assert "mqtt.secret" not in found


@needs_mosquitto
async def test_a_default_login_is_found_with_a_control_and_masked(tmp_path: Path) -> None:
    with broker(tmp_path, *with_passwords(tmp_path, "mqtt-guest")) as running:
        talk = await converse(service_at(running.port), logins=LOGINS)
    found = read(talk)
    assert talk.ending is Ending.COMPLETE
    assert [(s["accepted"], s["code"]) for s in found["mqtt.session"]] == [
        (False, 5),
        (False, 0x87),
    ]
    assert found["mqtt.login"] == [
        {
            "attempts": 2,
            "accepted": True,
            "login": "mqtt-guest",
            "username": "guest",
            "control_accepted": False,
            "accepts_anything": False,
            "locked_out": False,
            "encrypted": False,
        }
    ]
    assert {"mqtt.credentials", "mqtt.subscribe"}.isdisjoint(found)
    assert without_passwords(talk)
    assert [channel.outcome for channel in talk.channels if channel.login] == [
        Outcome.REFUSED,
        Outcome.ACCEPTED,
        Outcome.REFUSED,
    ]


@needs_mosquitto
async def test_refused_logins_are_refused_and_greeting_alone_tries_none(tmp_path: Path) -> None:
    with broker(tmp_path, *with_passwords(tmp_path)) as running:
        refused = read(await converse(service_at(running.port), logins=LOGINS))
        greeted = await converse(service_at(running.port), logins=LOGINS, impact=Impact.GREET)
    assert refused["mqtt.login"][0]["accepted"] is False
    assert refused["mqtt.login"][0]["attempts"] == 2
    assert "mqtt.login" not in read(greeted)
    assert greeted.ending is Ending.COMPLETE


@needs_mosquitto
async def test_tls_is_the_gateways_and_so_is_what_it_showed(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    secured = ("allow_anonymous true", f"certfile {cert}", f"keyfile {key}")
    with broker(tmp_path, *secured) as running:
        found = read(await converse(service_at(running.port, tls=True)))
    assert all(s["encrypted"] and s["usable"] for s in found["mqtt.session"])
    assert found["mqtt.traffic"][0]["encrypted"] is True
    assert found["mqtt.certificate"] == [{"requested": False, "required": False}]


@needs_mosquitto
async def test_a_broker_that_demands_a_client_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate(tmp_path)
    secured = (f"certfile {cert}", f"keyfile {key}", f"cafile {cert}", "require_certificate true")
    with broker(tmp_path, "allow_anonymous true", *secured) as running:
        monkeypatch.setattr(MODULE, "_TLS_PORTS", (running.port,))
        # Nobody was served there, so nothing could recognise it.
        unknown = service_at(running.port, tls=True, hint="", name=None)
        assert PROBE.handles(unknown)
        talk = await converse(unknown)
    assert talk.ending in (Ending.TLS_FAILED, Ending.CLOSED)
    assert read(talk) == {"mqtt.certificate": [{"requested": True, "required": True}]}


async def test_a_client_certificate_that_is_merely_accepted(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(cert)
    context.verify_mode = ssl.CERT_OPTIONAL

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(mqtt.encode(packets.Connack(5)))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = read(await converse(service_at(port, tls=True)))
    assert found["mqtt.certificate"] == [{"requested": True, "required": False}]


@asynccontextmanager
async def bridged(port: int) -> AsyncIterator[int]:
    """A WebSocket door to a broker, by an implementation that is not ours."""

    async def carry(door: ServerConnection) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def back() -> None:
            while data := await reader.read(4096):
                await door.send(data)
            await door.close()

        answering = asyncio.ensure_future(back())
        try:
            async for message in door:
                writer.write(message if isinstance(message, bytes) else b"")
                await writer.drain()
        except (ConnectionClosed, OSError):
            pass
        finally:
            writer.close()
            await asyncio.wait({answering}, timeout=2)

    async with serve_websocket(
        carry, "127.0.0.1", 0, subprotocols=[Subprotocol("mqtt")], compression=None
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@needs_mosquitto
async def test_an_open_broker_behind_a_websocket(tmp_path: Path) -> None:
    with broker(tmp_path, "allow_anonymous true") as running:
        running.retain({"tele/plug/LWT": b"Online"})
        async with bridged(running.port) as port:
            talk = await converse(service_at(port, hint=OVER_WEBSOCKET))
    found = read(talk)
    assert talk.ending is Ending.COMPLETE
    assert {s["version"] for s in found["mqtt.session"]} == {"3.1.1", "5.0"}
    assert all(s["websocket"] and s["usable"] and s["anonymous"] for s in found["mqtt.session"])
    assert found["mqtt.traffic"][0]["messages"] == 1
    assert found["mqtt.traffic"][0]["system_topics"] > 10
    assert found["mqtt.ecosystem"][0]["product"] == "Tasmota"


@needs_mosquitto
async def test_a_login_over_a_websocket_is_masked_as_well(tmp_path: Path) -> None:
    with broker(tmp_path, *with_passwords(tmp_path, "mqtt-admin")) as running:
        async with bridged(running.port) as port:
            talk = await converse(service_at(port, hint=OVER_WEBSOCKET), logins=LOGINS)
    login = read(talk)["mqtt.login"][0]
    assert (login["login"], login["username"]) == ("mqtt-admin", "admin")
    assert login["control_accepted"] is False
    assert without_passwords(talk)


@needs_mosquitto
async def test_listening_stops_at_so_many_messages(tmp_path: Path) -> None:
    few = Sample(seconds=10.0, messages=60)
    with broker(tmp_path, "allow_anonymous true") as running:
        running.retain({f"t/{number}": b"x" for number in range(15)})
        began = time.monotonic()
        talk = await converse(service_at(running.port), sample=few)
    assert read(talk, few)["mqtt.traffic"][0]["capped"] is True
    assert talk.ending is Ending.COMPLETE
    assert time.monotonic() - began < 8


@needs_mosquitto
async def test_a_broker_with_more_than_may_be_recorded_is_sampled_not_failed(
    tmp_path: Path,
) -> None:
    narrow = Limits(read_timeout=1.0, login_pause=0.01, conversation_bytes=30_000)
    with broker(tmp_path, "allow_anonymous true", "max_packet_size 200000") as running:
        running.retain({f"camera/{number}": bytes(9_000) for number in range(6)})
        talk = await converse(service_at(running.port), limits=narrow)
    traffic = read(talk)["mqtt.traffic"][0]
    assert talk.ending is Ending.COMPLETE
    assert traffic["capped"] is True
    assert traffic["messages"] >= 1


# Brokers of odd manners, played by a script of our own codec.


def manners(
    *,
    admits: Callable[[int, int], int] = lambda number, version: 0,
    hangs_up_at: Sequence[str] = (),
    codes: Mapping[str, int] | None = None,
) -> Handler:
    """A broker that hangs up at some filters and answers the others with ``codes``.

    ``admits``: the CONNACK code for the how-many-eth connection and its version.
    """
    connections = itertools.count(1)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        splitter, version = mqtt.Splitter(), 4
        while data := await reader.read(4096):
            splitter.receive(data)
            while (frame := splitter.next()) is not None:
                packet = mqtt.decode(frame, version)
                answer: packets.Packet | None = None
                match packet:
                    case packets.Connect():
                        version = packet.version
                        answer = packets.Connack(admits(next(connections), version))
                    case packets.Pingreq():
                        answer = packets.Pingresp()
                    case packets.Subscribe(number, ((name, _),)):
                        if name in hangs_up_at:
                            return
                        answer = packets.Suback(number, ((codes or {}).get(name, 0),))
                    case _:
                        continue
                writer.write(mqtt.encode(answer, version))
                await writer.drain()

    return handler


async def test_filters_that_are_refused_are_refused() -> None:
    async with serve(manners(codes={"#": 0x87, "$SYS/#": 0x80})) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert [(s["filter"], s["granted"], s["code"]) for s in found["mqtt.subscribe"]] == [
        ("$SYS/#", False, 0x80),
        ("#", False, 0x87),
    ]
    assert "mqtt.traffic" not in found
    assert talk.ending is Ending.COMPLETE


async def test_a_broker_that_hangs_up_at_one_filter_is_asked_the_other_one_anew() -> None:
    async with serve(manners(hangs_up_at=["$SYS/#"])) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert [(s["filter"], s["granted"]) for s in found["mqtt.subscribe"]] == [("#", True)]
    # What was not answered is not known, and the ending says so.
    assert talk.ending is Ending.CLOSED
    assert "$SYS/#" in talk.note


async def test_a_broker_that_only_lets_connect_is_not_called_readable() -> None:
    async with serve(manners(hangs_up_at=["$SYS/#", "#"])) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert {"mqtt.subscribe", "mqtt.traffic"}.isdisjoint(found)
    assert talk.ending is Ending.CLOSED


async def test_a_broker_without_version_5_is_listened_to_in_3_1_1() -> None:
    async with serve(manners(admits=lambda number, version: 1 if version == 5 else 0)) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert [(s["version"], s["code"]) for s in found["mqtt.session"]] == [("3.1.1", 0), ("5.0", 1)]
    assert [s["granted"] for s in found["mqtt.subscribe"]] == [True, True]
    assert "mqtt.limits" not in found
    assert talk.ending is Ending.COMPLETE


async def test_a_broker_that_admits_nobody_any_more_was_not_listened_to() -> None:
    async with serve(manners(admits=lambda number, version: 0x97 if number > 2 else 0)) as port:
        talk = await converse(service_at(port))
    assert {"mqtt.subscribe", "mqtt.traffic"}.isdisjoint(read(talk))
    assert talk.ending is Ending.CLOSED
    assert "$SYS/# and #" in talk.note


async def test_bytes_spent_before_a_filter_was_answered_are_a_failure() -> None:
    async def pours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frame = bytes.fromhex("30060003612f6278")
        await reader.read(1024)
        writer.write(mqtt.encode(packets.Connack(0)) + frame * 4_000)
        await writer.drain()
        await reader.read(-1)

    narrow = Limits(read_timeout=1.0, conversation_bytes=16_384)
    async with serve(pours) as port:
        talk = await converse(service_at(port), limits=narrow)
    assert talk.ending is Ending.BUDGET_SPENT
    assert "mqtt.subscribe" not in read(talk)


@pytest.mark.parametrize(
    "answer", [packets.Pingresp(), packets.Publish("a", b"b")], ids=["ping", "message"]
)
async def test_a_broker_that_does_not_begin_with_connack_is_none(answer: packets.Packet) -> None:
    net = network([hello(4), answers(answer)])
    with pytest.raises(Malformed):
        await PROBE.converse(net.service, net, ())
    assert read(net.transcript("mqtt", Ending.WRONG_PROTOCOL)) == {}


def answers(packet: packets.Packet, version: int = 4) -> Says:
    return Says(mqtt.encode(packet, version))


def hello(version: int) -> Hears:
    def fits(data: bytes) -> bool:
        splitter = mqtt.Splitter()
        splitter.receive(data)
        frame = splitter.next()
        said = mqtt.decode(frame) if frame else None
        return (
            isinstance(said, packets.Connect)
            and said.version == version
            and said.clean
            and said.will is None
            and not splitter.pending
        )

    return Hears(fits)


def refused(version: int, code: int = 5) -> list[Step]:
    return [hello(version), answers(packets.Connack(code), version)]


def network(
    *connections: Sequence[Step] | NetworkError, impact: Impact = Impact.LOGIN
) -> FakeNetwork:
    return FakeNetwork(service_at(1883), connections, dict(VAULT), impact)


async def test_a_broker_of_the_first_version_is_asked_in_its_own() -> None:
    net = network([hello(4), answers(packets.Connack(1))], [hello(5), Closes()], refused(3, code=5))
    found = read(await net.play(PROBE))
    assert [(s["version"], s["code"]) for s in found["mqtt.session"] if "code" in s] == [
        ("3.1.1", 1),
        ("3.1", 5),
    ]


async def test_a_broker_that_hangs_up_on_every_version_is_unknown() -> None:
    closing: list[list[Step]] = [[hello(version), Closes()] for version in (4, 5, 3)]
    net = network(*closing)
    talk = await net.play(PROBE)
    assert talk.ending is Ending.CLOSED
    assert read(talk) == {}


async def test_silence_on_version_5_does_not_hide_what_3_1_1_said() -> None:
    net = network(refused(4), [hello(5), Fails(TimedOut("read"))])
    talk = await net.play(PROBE)
    assert talk.ending is Ending.COMPLETE
    assert read(talk)["mqtt.session"][0]["code"] == 5


async def test_what_takes_any_pair_is_told_apart_from_a_default_login() -> None:
    taken: list[Step] = [Hears(), answers(packets.Connack(0)), Hears()]
    net = network(refused(4), refused(5, 0x87), taken, taken)
    talk = await net.play(PROBE, LOGINS)
    login = read(talk)["mqtt.login"][0]
    assert login["accepts_anything"] is login["control_accepted"] is True
    assert net.outcomes == {"mqtt-admin": Outcome.ACCEPTED, "control": Outcome.ACCEPTED}


async def test_a_login_that_hangs_is_a_sign_of_throttling() -> None:
    net = network(refused(4), refused(5, 0x87), [Hears(), Fails(TimedOut("read"))])
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert read(talk)["mqtt.login"][0] == {
        "attempts": 1,
        "locked_out": True,
        "encrypted": False,
    }


async def test_a_ban_ends_the_logins() -> None:
    net = network(refused(4, 1), refused(5, 0x87), refused(5, 0x8A))
    talk = await net.play(PROBE, LOGINS)
    assert talk.ending is Ending.LOCKED_OUT
    assert net.outcomes == {"mqtt-admin": Outcome.LOCKED}


async def test_a_close_instead_of_an_answer_is_unclear_and_the_next_pair_is_tried() -> None:
    closed: list[Step] = [Hears(), Closes()]
    net = network(refused(4), refused(5, 0x87), closed, refused_login())
    talk = await net.play(PROBE, LOGINS)
    assert net.outcomes == {"mqtt-admin": Outcome.UNCLEAR, "mqtt-guest": Outcome.REFUSED}
    assert "accepted" not in read(talk)["mqtt.login"][0]


def refused_login() -> list[Step]:
    return [Hears(), answers(packets.Connack(4))]


@pytest.mark.parametrize("code", [2, 3, 0x88, 0x9D])
async def test_logins_are_not_tried_where_none_was_asked_for(code: int) -> None:
    net = network(refused(4, code), refused(5, code))
    await net.play(PROBE, LOGINS)
    assert net.outcomes == {}


@pytest.mark.parametrize(
    "error", [Refused("no"), TimedOut("connect"), TlsFailed("bad"), LockedOut("stop")]
)
async def test_what_keeps_the_first_connection_from_being_made_is_how_it_ends(
    error: NetworkError,
) -> None:
    talk = await network(error).play(PROBE)
    assert talk.ending is error.ending
    assert read(talk) == {}


async def test_a_websocket_that_is_not_agreed_to_is_malformed() -> None:
    net = FakeNetwork(
        service_at(8083, hint=OVER_WEBSOCKET),
        [[Hears(), Says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]],
    )
    with pytest.raises(Malformed):
        await PROBE.converse(net.service, net, ())


# Hostile peers.


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.parametrize("hint", [PLAIN, OVER_WEBSOCKET])
async def test_a_hostile_peer_proves_nothing_and_costs_little(name: str, hint: str) -> None:
    limits = Limits(read_timeout=0.3, connect_timeout=1.0, conversation_timeout=3.0)
    async with serve(HOSTILE[name]) as port:
        began = time.monotonic()
        talk = await converse(service_at(port, hint=hint), logins=LOGINS, limits=limits)
    assert time.monotonic() - began < 6
    assert talk.ending in (
        Ending.TIMEOUT,
        Ending.CLOSED,
        Ending.WRONG_PROTOCOL,
        Ending.BUDGET_SPENT,
    )
    assert talk.note
    assert read(talk) == {}
    assert sum(len(turn.data) for turn in talk.turns) <= limits.conversation_bytes


@pytest.mark.parametrize(
    "behaviour",
    [
        b"\x20\x02\x00\x00" + b"\xff" * 64,
        b"\x20\x02\x00\x00" + b"\x30\xff\xff\xff\x7f",
        b"\x20\x02\x00\x00" + b"\xe0\x00",
        b"\x20\x02\x00\x00",
    ],
    ids=["garbage", "endless message", "farewell", "hangs up"],
)
async def test_a_broker_that_accepts_and_then_misbehaves_gives_no_access(behaviour: bytes) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(behaviour)
        await writer.drain()

    async with serve(handler) as port:
        talk = await converse(service_at(port))
    found = read(talk)
    assert talk.ending is Ending.CLOSED
    assert {"mqtt.subscribe", "mqtt.traffic", "mqtt.login"}.isdisjoint(found)
    assert not any(session.get("usable") for session in found["mqtt.session"])


async def test_being_cancelled_while_listening_ends_at_once() -> None:
    async with serve(manners()) as port:
        service = service_at(port)
        gateway = Gateway(LOOPBACK, LIMITS, clock=time.monotonic)
        conversation = gateway.conversation(service, "mqtt", id="c1", began=0.0)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await type(PROBE)(Sample(seconds=30.0)).converse(service, conversation, ())
        assert time.monotonic() - began < 3
    assert "mqtt.subscribe" in read(conversation.transcript(Ending.TIMEOUT))


# What the engine asks.


@pytest.mark.parametrize("opening", PROBE.openings, ids=lambda opening: opening.name)
async def test_openings_are_answered_by_what_they_recognise(opening: Any) -> None:
    if opening.name.startswith("websocket"):
        reply = websocket.upgrade_answer(websocket.KEY, "mqtt")
        assert b"Sec-WebSocket-Protocol: mqtt" in opening.says
    else:
        reply = mqtt.encode(packets.Connack(5))
        splitter = mqtt.Splitter()
        splitter.receive(opening.says)
        frame = splitter.next()
        assert frame is not None
        said = mqtt.decode(frame)
        assert isinstance(said, packets.Connect)
        assert said.anonymous
        assert said.clean
        assert said.will is None
    assert PROBE.recognises(reply)
    assert set(opening.tls) <= set(opening.ports)


def test_one_opening_may_be_said_anywhere_and_it_is_the_plain_connect() -> None:
    assert [opening.name for opening in PROBE.openings if opening.anywhere] == [PLAIN]


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        b"\x20\x02",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        websocket.upgrade_answer(websocket.KEY, "chat"),
        b"SSH-2.0-x\r\n",
        b"\xff\xfd\x18",
        b"HTTP/1.1 101 Switching",
    ],
)
def test_other_greetings_are_not_recognised(heard: bytes) -> None:
    assert not PROBE.recognises(heard)


def test_services_that_are_handled() -> None:
    assert PROBE.handles(service_at(23))
    assert not PROBE.handles(service_at(1883, name="telnet"))
    assert not PROBE.handles(service_at(1883, name=None))
    assert PROBE.handles(service_at(8883, name=None, tls=True))
    assert not PROBE.handles(service_at(8443, name=None, tls=True))
