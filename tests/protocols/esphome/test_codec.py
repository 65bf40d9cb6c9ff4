"""ESPHome's native API, against bytes that its own client library made."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.errors import Malformed
from iotscan.protocols.encodings import protobuf
from iotscan.protocols.esphome import codec as esphome
from iotscan.protocols.esphome.codec import Frame
from iotscan.testing import three_ways

# Written by aioesphomeapi 46: a hello of a client called iotscan, a device's answer, and its
# description without and with a password.
GREETING = bytes.fromhex("000d010a07696f747363616e1001180a")
HELLO = bytes.fromhex(
    "002a020801100a1a1b6b69746368656e2028657370686f6d652076323032342e362e312922076b69746368656e"
)
DEVICE = bytes.fromhex(
    "00680a12076b69746368656e1a1141343a43463a31323a30303a30323a31302208323032342e362e312a0b4a756e"
    "203230203230323432086573703332646576420941636d652e4c616d704a03312e3258056209457370726573736966"
    "6a0c4b69746368656e206c616d70"
)
LOCKED = bytes.fromhex(
    "006d0a080112076b69746368656e1a1141343a43463a31323a30303a30323a31302208323032342e362e312a0b4a"
    "756e203230203230323432086573703332646576420941636d652e4c616d704a03312e325805620945737072657373"
    "69666a0c4b69746368656e206c616d70980101"
)
REFUSAL = b"\x01\x00\x13\x01Bad indicator byte"
NOISE_HELLO = b"\x01\x00\x16\x01kitchen\x00a4cf12000210\x00"


def frame(data: bytes) -> Frame:
    found = esphome.take(data)
    assert found is not None
    assert found[1] == len(data)
    return found[0]


@pytest.mark.parametrize("sample", [GREETING, HELLO, DEVICE, REFUSAL, NOISE_HELLO])
def test_frames_are_taken_however_they_arrive(sample: bytes) -> None:
    def feed(chunks: Sequence[bytes]) -> tuple[Frame, int] | None:
        heard = b""
        for chunk in chunks:
            heard += chunk
            if found := esphome.take(heard):
                return found
        return None

    whole, dripped, tailed = three_ways(feed, sample, b"\x00\x00\x07")
    assert whole == dripped == tailed
    assert whole is not None
    assert whole[1] == len(sample)
    assert whole[0].encode() == sample


def test_a_greeting_is_what_the_client_library_writes() -> None:
    assert esphome.greeting("iotscan") == GREETING
    assert esphome.parse_greeting(frame(GREETING)) == "iotscan"


def test_a_hello_is_read() -> None:
    hello = esphome.parse_hello(frame(HELLO))
    assert (hello.major, hello.minor, hello.name) == (1, 10, "kitchen")
    assert hello.server == "kitchen (esphome v2024.6.1)"


@pytest.mark.parametrize(("data", "locked", "key"), [(DEVICE, False, None), (LOCKED, True, True)])
def test_a_device_says_whether_it_wants_a_password(
    data: bytes, locked: bool, key: bool | None
) -> None:
    device = esphome.parse_device(frame(data))
    assert (device.password, device.encryption) == (locked, key)
    assert (device.name, device.friendly_name) == ("kitchen", "Kitchen lamp")
    assert (device.mac, device.version, device.model) == (
        "A4:CF:12:00:02:10",
        "2024.6.1",
        "esp32dev",
    )
    assert (device.project, device.project_version) == ("Acme.Lamp", "1.2")


def test_noise_is_known_by_its_refusal_and_its_hello() -> None:
    assert esphome.refuses_clear(frame(REFUSAL))
    assert not esphome.refuses_clear(frame(NOISE_HELLO))
    assert esphome.parse_noise_hello(frame(NOISE_HELLO)) == ("kitchen", "a4cf12000210")
    old = b"\x01\x00\x09\x01kitchen\x00"
    assert esphome.parse_noise_hello(frame(old)) == ("kitchen", "")


def test_logins_are_read() -> None:
    login = Frame(False, esphome.LOGIN, protobuf.put(1, "Sesame"))
    assert esphome.parse_login(login) == b"Sesame"
    assert esphome.parse_login(Frame(False, esphome.LOGIN, b"")) == b""
    assert esphome.parse_login_answer(Frame(False, esphome.LOGIN_ANSWER, b""))
    wrong = Frame(False, esphome.LOGIN_ANSWER, protobuf.put(1, 1))
    assert not esphome.parse_login_answer(wrong)


@pytest.mark.parametrize(
    "data",
    [b"\x02\x00\x00", b"HTTP/1.1", b"\x00\x00\x00", b"\x00\x00\x80\x10", b"\x00\xff\xff\x7f\x01"],
    ids=["marker", "HTTP", "no type", "type too large", "too long"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        esphome.take(data)


@pytest.mark.parametrize("sample", [GREETING, HELLO, DEVICE, REFUSAL, NOISE_HELLO])
def test_messages_are_not_taken_for_each_other(sample: bytes) -> None:
    readers = {
        GREETING: esphome.parse_greeting,
        HELLO: esphome.parse_hello,
        DEVICE: esphome.parse_device,
        NOISE_HELLO: esphome.parse_noise_hello,
    }
    for own, read in readers.items():
        if own != sample and not (sample == REFUSAL and own == NOISE_HELLO):
            with pytest.raises(Malformed):
                read(frame(sample))
    assert esphome.refuses_clear(frame(sample)) == (sample == REFUSAL)


def test_a_refusal_is_no_hello() -> None:
    with pytest.raises(Malformed):
        esphome.parse_noise_hello(frame(REFUSAL))


READERS = (
    esphome.parse_hello,
    esphome.parse_device,
    esphome.parse_noise_hello,
    esphome.parse_greeting,
    esphome.parse_login,
    esphome.parse_login_answer,
)


@given(st.binary(max_size=80))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    try:
        found = esphome.take(data)
    except Malformed:
        return
    if found is None:
        return
    assert 0 < found[1] <= len(data)
    for read in READERS:
        try:
            read(found[0])
        except Malformed:
            continue
