"""The MQTT probe against mosquitto in several configurations."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from brokers import (
    BRIEF,
    LIMITS,
    LOGINS,
    OVER_WEBSOCKET,
    PROBE,
    broker,
    converse,
    needs_mosquitto,
    read,
    service_at,
    with_passwords,
    without_passwords,
)
from certificates import self_signed
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from iotscan.model import Ending, Impact, Outcome
from iotscan.protocols.mqtt import codec as mqtt
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.reader import Sample
from iotscan.settings import Limits


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
    assert BRIEF.seconds <= traffic["seconds"] < 100 * BRIEF.seconds
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
async def test_a_granted_wildcard_that_an_acl_filters_is_not_called_traffic(tmp_path: Path) -> None:
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
    cert, key = self_signed(tmp_path, "127.0.0.1")
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
    cert, key = self_signed(tmp_path, "127.0.0.1")
    secured = (f"certfile {cert}", f"keyfile {key}", f"cafile {cert}", "require_certificate true")
    with broker(tmp_path, "allow_anonymous true", *secured) as running:
        monkeypatch.setattr("iotscan.probes.mqtt._TLS_PORTS", (running.port,))
        # Nobody was served there, so nothing could recognise it.
        unknown = service_at(running.port, tls=True, hint="", name=None)
        assert PROBE.handles(unknown)
        talk = await converse(unknown)
    assert talk.ending in (Ending.TLS_FAILED, Ending.CLOSED)
    assert read(talk) == {"mqtt.certificate": [{"requested": True, "required": True}]}


async def test_a_client_certificate_that_is_merely_accepted(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "127.0.0.1")
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
    few = Sample(seconds=LIMITS.conversation_timeout, messages=60)
    with broker(tmp_path, "allow_anonymous true") as running:
        running.retain({f"t/{number}": b"x" for number in range(15)})
        talk = await converse(service_at(running.port), sample=few)
    assert read(talk, few)["mqtt.traffic"][0]["capped"] is True
    assert talk.ending is Ending.COMPLETE, "else its time would have been up"


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
