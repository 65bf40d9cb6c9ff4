"""Personal data by patterns: what is meant, and what merely looks like it."""

from __future__ import annotations

import pytest

from iotscan.protocols.common.personal import SMALLEST_PICTURE, is_picture, personal_kinds


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        (b"<Account>jo.public@outlook.com</Account>", ("e-mail address",)),
        (b"user=jo%40gmx.de&x=1", ("e-mail address",)),
        (b'{"email": "jo@mail.vendor.io"}', ("e-mail address",)),
        (b'{"lat": 47.12345, "lon": 8.54321}', ("place",)),
        (b"latitude=-33.8688&longitude=151.2093", ("place",)),
        (b'{"_type":"location","lat":52.5163,"lng":13.3777}', ("place",)),
        (b"phone=%2B491701234567&a=b", ("telephone number",)),
        (b'{"mobile_number":"0170 1234567"}', ("telephone number",)),
        (b"first_name=Jo&last_name=Public", ("name",)),
        (b"<FirstName>Jo</FirstName><LastName>Public</LastName>", ("name",)),
        (b'{"birthday":"1980-05-17"}', ("date of birth",)),
        (b"dob=17.5.1980&mail=jo@gmx.de", ("e-mail address", "date of birth")),
    ],
)
def test_what_is_personal(said: bytes, kinds: tuple[str, ...]) -> None:
    assert personal_kinds(said) == kinds


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"admin@192.168.1.1",
        b"rtsp://user@camera.vendor.com:554/",
        b"root@localhost.localdomain.local",
        b"someone@example.com",
        b"pkg@2.0.1",
        b"lat=47.12345",
        b'{"lat": 47.1, "lon": 8.5}',
        b'{"lat": 0.0000, "lon": 0.0000}',
        b"latency=12.34567&longest=13.45678",
        b'{"lat": 91.12345, "lon": 8.54321}',
        b"first_name=Jo",
        b"<FirstName></FirstName><LastName></LastName>",
        b"phone=1",
        b"hostname=lamp&firstname_len=4",
    ],
)
def test_what_only_looks_like_it(said: bytes) -> None:
    assert personal_kinds(said) == ()


def test_pictures_by_signature_and_size() -> None:
    photograph = b"\xff\xd8\xff\xe0" + bytes(SMALLEST_PICTURE)
    assert is_picture(photograph)
    assert not is_picture(photograph[: SMALLEST_PICTURE - 1])
    assert not is_picture(bytes(SMALLEST_PICTURE))
