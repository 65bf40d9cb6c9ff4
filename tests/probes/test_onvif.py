"""ONVIF against the lab's camera on loopback, through the real gateway."""

from __future__ import annotations

import asyncio
import importlib
import socket
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from camera import STREAM, Camera

from iotscan import testing
from iotscan.model import Ending, Impact, Transcript
from iotscan.probe_api import Login, Probe
from iotscan.testing import facts_of, on_loopback, serve

PROBE: Probe = importlib.import_module("iotscan.probes.onvif").PROBE
VAULT = {"first": b"admin", "second": b"12345", "control": b"Xy7Kq"}
LOGINS = (
    Login("first", "admin", "web"),
    Login("second", "admin", "web"),
    Login("control", "zq81", "web", control=True),
)


class Loopback(Camera):
    """The lab's camera, and what it answers to a request that it does not foresee."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.web(reader, writer)
        writer.close()

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            await self.rtsp(reader, writer)


async def converse(
    camera: Loopback, impact: Impact = Impact.LOGIN, hint: str = "/onvif/device_service"
) -> Transcript:
    async with serve(camera.serve) as port, serve(camera.stream) as stream_port:
        camera.port, camera.stream_port = port, stream_port
        service = on_loopback(port, "onvif", hint=hint)
        return await testing.converse(PROBE, service, LOGINS, vault=VAULT, impact=impact)


def camera_of(kind: str, folder: Path) -> Loopback:
    return Loopback(kind, "127.0.0.1", folder / "events")


facts = partial(facts_of, PROBE)


async def test_each_call_that_everybody_may_make_is_a_verdict(tmp_path: Path) -> None:
    talk = await converse(camera_of("onvif-open", tmp_path))
    assert talk.ending is Ending.COMPLETE
    calls = {str(one["call"]): one for one in facts(talk, "onvif.call")}
    assert {name for name, one in calls.items() if one["answered"] and not one["public"]} == {
        "GetDeviceInformation",
        "GetUsers",
        "GetProfiles",
        "GetSnapshotUri",
        "GetStreamUri",
    }
    assert calls["GetSystemDateAndTime"]["public"] is True
    (device,) = facts(talk, "onvif.device")
    assert device == {
        "manufacturer": "Lab",
        "model": "Cam 1",
        "firmware": "1.2.3",
        "serial": True,
        "users": 1,
    }
    assert facts(talk, "onvif.login") == []


async def test_a_picture_is_known_by_its_first_bytes_and_not_kept(tmp_path: Path) -> None:
    talk = await converse(camera_of("onvif-open", tmp_path))
    (picture,) = facts(talk, "onvif.picture")
    assert (picture["path"], picture["open"]) == ("/snapshot.jpg", True)
    assert picture["content_type"] == "image/jpeg"
    (proof,) = next(one for one in PROBE.read(talk) if one.kind == "onvif.picture").proofs
    heard = b"".join(talk.turns[i].data for i in proof.turns if talk.turns[i].sender == "server")
    assert b"JFIF" in heard
    assert len(heard) <= 512


async def test_a_known_login_is_proven_by_the_call_that_was_refused(tmp_path: Path) -> None:
    talk = await converse(camera_of("onvif-default", tmp_path))
    (login,) = facts(talk, "onvif.login")
    assert login == {
        "accepted": True,
        "login": "second",
        "scheme": "ws-security",
        "call": "GetDeviceInformation",
        "attempts": 2,
        "refused": 1,
        "control_accepted": False,
        "accepts_anything": False,
        "locked_out": False,
        "encrypted": False,
    }
    assert facts(talk, "onvif.picture") == []
    assert {one["call"] for one in facts(talk, "onvif.call") if one["refused"]} == {
        "GetDeviceInformation",
        "GetUsers",
        "GetProfiles",
    }


async def test_a_sound_camera_gives_only_what_is_public(tmp_path: Path) -> None:
    talk = await converse(camera_of("onvif-sound", tmp_path))
    answered = {one["call"] for one in facts(talk, "onvif.call") if one["answered"]}
    assert answered == {"GetSystemDateAndTime", "GetCapabilities"}
    (login,) = facts(talk, "onvif.login")
    assert (login["accepted"], login["refused"]) == (False, 2)


async def test_no_login_is_tried_where_only_greetings_are_allowed(tmp_path: Path) -> None:
    talk = await converse(camera_of("onvif-default", tmp_path), Impact.GREET)
    assert facts(talk, "onvif.login") == []
    assert b"UsernameToken" not in talk.said_by("client")


@pytest.mark.parametrize(
    "away", ["http://127.0.0.2:1/snap", "http://camera.lan/snap", "http://127.0.0.1:1/reboot.jpg"]
)
async def test_pictures_elsewhere_and_doings_are_not_asked_for(tmp_path: Path, away: str) -> None:
    class Astray(Loopback):
        def content(self, call: str) -> str:
            said = super().content(call)
            return f"<MediaUri><Uri>{away}</Uri></MediaUri>" if call == "GetSnapshotUri" else said

    talk = await converse(Astray("onvif-open", "127.0.0.1", tmp_path / "events"))
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "onvif.picture") == []
    assert b"GET " not in talk.said_by("client")


async def test_http_digest_is_answered_where_it_is_asked_for(tmp_path: Path) -> None:
    seen: list[str] = []

    class Digest(Loopback):
        async def web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if "Authorization: Digest" in head:
                seen.append(head)
            wish = 'WWW-Authenticate: Digest realm="c", nonce="n", qop="auth"\r\n'
            writer.write(f"HTTP/1.1 401 x\r\n{wish}Content-Length: 0\r\n\r\n".encode())
            await writer.drain()

    talk = await converse(Digest("onvif-sound", "127.0.0.1", tmp_path / "events"))
    assert len(seen) == 2
    assert all('uri="/onvif/device_service"' in head for head in seen)
    (login,) = facts(talk, "onvif.login")
    assert (login["accepted"], login["refused"]) == (False, 2)


async def test_what_is_no_onvif_is_called_so(tmp_path: Path) -> None:
    talk = await converse(camera_of("onvif-open", tmp_path), hint="/elsewhere")
    assert talk.ending is Ending.WRONG_PROTOCOL
    assert list(PROBE.read(talk)) == []


async def test_the_stream_it_names_is_described_and_one_that_is_not_there_is_not(
    tmp_path: Path,
) -> None:
    camera = camera_of("onvif-open", tmp_path)
    talk = await converse(camera)
    (stream,) = [one for one in PROBE.read(talk) if one.kind == "rtsp.stream"]
    assert stream.facts["path"] == STREAM
    assert (stream.facts["described"], stream.facts["any_route"]) == (True, False)
    assert str(stream.endpoint) == f"127.0.0.1:{camera.stream_port}/tcp"
    assert talk.said_by("client").count(b"DESCRIBE ") == 2
    assert b"SETUP" not in talk.said_by("client")


async def test_a_camera_that_describes_anything_is_known_to(tmp_path: Path) -> None:
    class Anything(Loopback):
        def rtsp_answer(self, head: str) -> str:
            return super().rtsp_answer(head.replace("/iotscan-no-such-stream", STREAM))

    talk = await converse(Anything("onvif-open", "127.0.0.1", tmp_path / "events"))
    assert {one["any_route"] for one in facts(talk, "rtsp.stream")} == {True}


@pytest.mark.parametrize(
    "away",
    [
        "rtsp://127.0.0.2:554/live",
        "rtsp://camera.lan/live",
        "http://127.0.0.1/live",
        "rtsp://127.0.0.1:0/x",
        "rtsp://127.0.0.1:99999/x",
        "rtsp://127.0.0.1/a\r\nb",
        "",
    ],
)
async def test_streams_elsewhere_are_not_asked_for(tmp_path: Path, away: str) -> None:
    class Astray(Loopback):
        def content(self, call: str) -> str:
            said = super().content(call)
            return f"<MediaUri><Uri>{away}</Uri></MediaUri>" if call == "GetStreamUri" else said

    talk = await converse(Astray("onvif-open", "127.0.0.1", tmp_path / "events"))
    assert talk.ending is Ending.COMPLETE
    assert b"DESCRIBE" not in talk.said_by("client")


async def test_a_closed_stream_port_leaves_the_rest_to_be_asked(tmp_path: Path) -> None:
    class Closed(Loopback):
        def content(self, call: str) -> str:
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            said = super().content(call)
            uri = f"<MediaUri><Uri>rtsp://127.0.0.1:{port}/live</Uri></MediaUri>"
            return uri if call == "GetStreamUri" else said

    talk = await converse(Closed("onvif-open", "127.0.0.1", tmp_path / "events"))
    assert talk.ending is Ending.COMPLETE
    assert facts(talk, "rtsp.stream") == []
