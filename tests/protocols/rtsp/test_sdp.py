"""Session descriptions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.rtsp.sdp import Media, parse

CAMERA = (
    b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=Front door\r\nc=IN IP4 0.0.0.0\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 8\r\n"
)


def test_streams_are_named_with_their_codecs() -> None:
    found = parse(CAMERA)
    assert found.name == "Front door"
    assert found.media == (
        Media("video", "RTP/AVP", ("H264",)),
        Media("audio", "RTP/AVP", ("PCMA",)),
    )
    assert (found.multicast, found.login_inside) == (False, False)


@pytest.mark.parametrize(
    ("profile", "encrypted"), [(b"RTP/AVP", False), (b"RTP/SAVP", True), (b"RTP/SAVPF", True)]
)
def test_srtp_is_told_by_the_profile(profile: bytes, encrypted: bool) -> None:
    (media,) = parse(b"v=0\nm=video 0 " + profile + b" 96\n").media
    assert media.encrypted is encrypted


@pytest.mark.parametrize(
    ("line", "multicast"),
    [(b"c=IN IP4 239.1.2.3/32", True), (b"c=IN IP4 192.0.2.1", False), (b"c=IN IP6 ff15::1", True)],
)
def test_a_group_is_told_from_a_host(line: bytes, multicast: bool) -> None:
    assert parse(b"v=0\n" + line + b"\nm=video 0 RTP/AVP 26\n").multicast is multicast


def test_a_login_in_a_url_is_noticed() -> None:
    assert parse(CAMERA + b"a=control:rtsp://admin:pw@192.0.2.1/1\r\n").login_inside


@pytest.mark.parametrize("body", [b"", b"v=0\r\ns=empty\r\n", b"<html>", b"m=video 0 RTP/AVP 1"])
def test_what_describes_no_stream_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse(body)


@given(st.binary(max_size=300))
def test_garbage_is_malformed_or_bounded(body: bytes) -> None:
    try:
        found = parse(b"v=0\nm=video 0 RTP/AVP 96\n" + body)
    except Malformed:
        return
    assert len(found.media) <= 16
