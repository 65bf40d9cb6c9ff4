"""What is found in bytes and replaced there: logins by their form, names, addresses, MACs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.anonymise import texts
from iotscan.anonymise.addresses import Addresses
from iotscan.anonymise.book import Book
from iotscan.anonymise.keyed import Key
from iotscan.anonymise.macs import Macs
from iotscan.anonymise.pictures import blanked

MAC = bytes.fromhex("0017882476ff")


def book(*names: bytes, secrets: tuple[bytes, ...] = (), key: bytes = b"k") -> Book:
    macs = Macs(Key(key), keep_vendor=False)
    made = Book(Key(key), macs, Addresses(Key(key), macs), frozenset({b"admin"}))
    for name in names:
        made.name(name)
    for secret in secrets:
        made.secret(secret)
    macs(MAC)
    made.addresses.learn(ip_address("192.168.1.7").packed)
    made.addresses.learn(ip_address("52.1.2.3").packed)
    made.close()
    return made


PLAIN = book()


@given(st.binary(max_size=400))
def test_the_length_of_anything_stays(data: bytes) -> None:
    assert len(book(b"kitchen lamp", secrets=(b"hunter2", b"a b c")).text(data)) == len(data)


@pytest.mark.parametrize(
    "said",
    [
        b"password=hunter2&x=1",
        b'{"password": "hunter2"}',
        b"<Password>hunter2</Password>",
        b"<wsse:Password>hunter2</wsse:Password>",
        b"GET /cgi?user=x&pwd=hunter2 HTTP/1.1",
        b"Authorization: Bearer hunter2\r\n",
        b"Cookie: sid=hunter2; theme=hunter2\r\n",
        b"X-Auth-Token: hunter2\r\n",
        b"psk: hunter2",
        b'{"ssid":"hunter2"}',
        b"mail to hunter2@gmx.de now",
        b"mail=hunter2%40gmx.de",
    ],
)
def test_what_a_text_tells_by_its_form_is_replaced(said: bytes) -> None:
    new = PLAIN.text(said)
    assert b"hunter2" not in new
    assert b"gmx" not in new
    assert len(new) == len(said)
    assert sum(PLAIN.counts.values()) > 0


@pytest.mark.parametrize(
    "said",
    [
        b"login: ",
        b"Password: \r\n",
        b"Login: incorrect",
        b'<input type="password" name="login">',
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nServer: lighttpd/1.4.34\r\n\r\n",
        b"version 1.2.3.4 of 10 things",
        b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n\r\n",
        b"Set-Cookie: a=; Path=/; Max-Age=300; HttpOnly\r\n",
        b"latency: 12.3 ms",
        bytes(range(256)),
    ],
)
def test_what_tells_nothing_stays(said: bytes) -> None:
    assert PLAIN.text(said) == said


def test_logins_keep_their_form() -> None:
    inside = base64.b64encode(b"jo:hunter2")
    new = PLAIN.text(b"Authorization: Basic  " + inside + b"\r\n")
    decoded = base64.b64decode(new[22:-2])
    assert (decoded.count(b":"), len(decoded)) == (1, 10)
    assert not set(decoded.split(b":")) & {b"jo", b"hunter2"}
    digest = b'Authorization: Digest username="jo", realm="IP Camera", response="6629fae49393"\r\n'
    new = PLAIN.text(digest)
    assert b'realm="IP Camera"' in new
    assert b"jo" not in new
    assert b"6629fae" not in new


def test_the_logins_in_a_text_are_found() -> None:
    said = b"Authorization: Basic " + base64.b64encode(b"jo:hunter2") + b"\r\n\r\npass=abc&user=you"
    assert list(texts.logins(said)) == [b"jo", b"hunter2", b"abc", b"you"]


def test_a_place_stays_on_the_planet() -> None:
    new = PLAIN.text(b'{"lat": 47.12345, "lon": -151.20930}')
    assert b"47.12345" not in new
    latitude, longitude = (float(part.split(b":")[1].strip(b' "}')) for part in new.split(b","))
    assert 40 <= latitude < 50
    assert -160 < longitude <= -150


def test_names_are_replaced_wherever_they_stand_as_words() -> None:
    made = book(b"kitchen-lamp", b"api.vendor.com", b"Anna's Lamp", b"tv")
    new = made.text(
        b"GET /Kitchen-Lamp_1.cfg HTTP/1.1\r\nHost: www.api.vendor.com:80\r\n"
        b"X-Name: Anna's Lamp\r\n\r\nkitchen-lamps and tv"
    )
    assert b"Kitchen-Lamp" not in new
    assert b"vendor" not in new
    assert b"Anna" not in new
    assert new.endswith(b"kitchen-lamps and tv")
    assert new.count(b"HTTP/1.1") == 1


def test_names_in_sixteen_bit_characters() -> None:
    wide = "kitchen".encode("utf-16-le")
    new = book(b"kitchen").text(b"\x05\x00" + wide + b"\x00\x00")
    assert wide not in new
    assert new[3::2][:7] == bytes(7)


def test_words_that_everybody_uses_are_replaced_only_where_asked() -> None:
    made = book(secrets=(b"admin", b"hunter2"))
    assert made.text(b"admin hunter2") == b"admin " + made.words.word(b"hunter2")
    assert made.text(b"admin", (b"admin",)) == made.words.word(b"admin")


def test_a_secret_before_the_tag_of_a_next_field() -> None:
    made = book(secrets=(b"hunter2",))
    assert b"hunter2" not in made.text(b"\x04\x07hunter2\xa0\x19\x02")


@pytest.mark.parametrize(
    "form",
    [
        b"00:17:88:24:76:ff",
        b"00-17-88-24-76-FF",
        b"0017882476ff",
        b"0017882476FF",
        b"001788fffe2476ff",
        MAC,
        b"fw_0122_0017882476FF.bin",
    ],
)
def test_macs_in_every_form(form: bytes) -> None:
    new = PLAIN.text(b"\x01\x02" + form + b"\x03")
    assert form not in new
    digits = PLAIN.macs(MAC).hex().encode()
    if b"fffe" not in form and form != MAC:
        assert digits in new.lower().replace(b":", b"").replace(b"-", b"")


def test_a_uuid_that_ends_in_a_mac_ends_in_the_new_one() -> None:
    made = book(b"2f402f80-da50-11e1-9b23-0017882476ff")
    new = made.text(b"USN: uuid:2f402f80-da50-11e1-9b23-0017882476ff::x\r\n")
    assert b"2f402f80" not in new
    assert made.macs(MAC).hex().encode() in new


def test_addresses_in_text() -> None:
    new4 = str(ip_address(PLAIN.addresses(ip_address("192.168.1.7").packed))).encode()
    said = b"LOCATION: http://192.168.1.7:80/d.xml"
    assert PLAIN.text(said, resize=True) == said.replace(b"192.168.1.7", new4)
    fixed = PLAIN.text(said)
    assert len(fixed) == len(said)
    assert b"192.168.1.7:" not in fixed
    assert b"192.168." in fixed
    assert PLAIN.text(said) == fixed
    assert b"52.1.2.3" not in PLAIN.text(b"at 52.1.2.3.")
    assert b"192,168,1,7," not in PLAIN.text(b"PORT 192,168,1,7,4,1")
    assert b"9fc8192.168.1.7" not in PLAIN.text(b"branch=9fc8192.168.1.7;")
    assert PLAIN.text(b"\x04\x0b192.168.1.70\x17")[-2:] == b"0\x17"
    assert b"fe80::1:2" not in PLAIN.text(b"[fe80::1:2]:80")


def test_pictures_lose_what_is_on_them() -> None:
    thumbnail = b"\xff\xe1\x00\x0aEXIF\xff\xd9xx"
    jpeg = b"\xff\xd8\xff\xe0\x00\x06JFIF" + thumbnail + b"\xff\xda\x00\x04\0\0" + b"face" * 50
    out = blanked(b"before" + jpeg + b"\xff\xd9after")
    assert b"face" not in out
    assert out.startswith(b"before\xff\xd8\xff\xe0")
    assert out.endswith(b"\xff\xd9after")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/x-y\r\nContent-Length: 80\r\n\r\n"
    out = blanked(head + b"face" * 20 + b"HTTP/1.1 404 No\r\n")
    assert out.startswith(head + b"face" * 4 + b"\0")
    assert out.endswith(b"HTTP/1.1 404 No\r\n")
    rtsp = (
        b"RTSP/1.0 200 OK\r\n\r\n$\x00\x00\x20"
        + bytes(12)
        + b"face" * 5
        + b"RTSP/1.0 200 OK\r\n\r\n"
    )
    assert b"face" not in blanked(rtsp)
    assert blanked(rtsp).endswith(b"RTSP/1.0 200 OK\r\n\r\n")


@given(st.binary(max_size=300))
def test_pictures_of_anything_keep_its_length(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RTSP/1.0 2\r\n\r\n$"):
        assert len(blanked(start + data)) == len(start + data)


def test_what_a_certificate_is_for_is_replaced_like_the_packets() -> None:
    made = book(b"api.vendor.com")
    raw = ip_address("192.168.1.7").packed
    new = made.text(b"\x30\x20\x82\x0c*.vendor.com\x87\x04" + raw)
    assert new.endswith(b"\x87\x04" + made.addresses(raw))
    assert b"*." + made.words.name(b"vendor.com") in new
    assert made.words.name(b"api.vendor.com").endswith(made.words.name(b"vendor.com"))


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        (b"login: \xff\xfb\x01\xff\xfe", True),
        (b"Last login: Thu Dec  2", True),
        (b"login: jossef", False),
        (b"x_sid=jossef", False),
        (b"inside=jossef", True),
        (b"my-password2 = jossef", False),
        (b"<sid>jossef</sid>", False),
        (b"bypass road: jossef", True),
    ],
)
def test_a_field_is_told_by_what_its_name_ends_in(said: bytes, stays: bool) -> None:
    assert (PLAIN.text(said) == said) is stays


def test_what_stands_twice_by_its_form_is_replaced_once() -> None:
    made = book(secrets=(b"jossef",))
    new = made.words.word(b"jossef")
    assert made.text(b"Cookie: sid=jossef\r\n") == b"Cookie: sid=" + new + b"\r\n"
    mail = made.words.word(b"jo@mail.example.com")
    assert mail == made.words.word(b"jo") + b"@" + made.words.name(b"mail.example.com")
    assert made.text(b"user=jo@mail.example.com") == b"user=" + mail
    assert made.text(b"to jo@mail.example.com") == b"to " + mail


@pytest.mark.parametrize("case", [bytes.lower, bytes.upper])
@pytest.mark.parametrize("before", [b"", b"x", b"ab"])
def test_names_in_hexadecimal_digits(case: Callable[[bytes], bytes], before: bytes) -> None:
    made = book(b"kitchen-lamp")
    digits = case((b"{GET} " + b"kitchen-lamp:80").hex().encode())
    new = made.text(b"q=" + before[:1] + digits)
    inside = (b"{GET} " + made.words.word(b"kitchen-lamp") + b":80").hex().encode()
    assert (case(inside) in new) or before[:1] in b"ab"
    assert case(b"kitchen".hex().encode()) not in new


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_names_in_base64(encode: Callable[[bytes], bytes]) -> None:
    made = book(b"kitchen-lamp")
    for text in (b'{"sub":"kitchen-lamp"}', b"\xff\xfe kitchen-lamp ~~~", b"kitchen-lamp"):
        for strip in (b"", b"="):
            old = encode(text).rstrip(strip)
            new = made.text(b"x " + old + b" y")[2:-2]
            assert len(new) == len(old)
            alphabet = base64.urlsafe_b64decode if b"_" in new or b"-" in new else base64.b64decode
            plain = alphabet(new + b"=" * (-len(new) % 4))
            assert plain == text.replace(b"kitchen-lamp", made.words.word(b"kitchen-lamp"))


def test_addresses_and_macs_in_bytes() -> None:
    raw = ip_address("192.168.1.7").packed
    assert PLAIN.text(b"\x02" + raw + b"\0") == b"\x02" + PLAIN.addresses(raw) + b"\0"
    beside = MAC[:5] + b"\x07"
    assert PLAIN.text(b"\1" + beside) == b"\1" + PLAIN.macs(beside)
    assert PLAIN.text(b"\1\2\3\4\5\6\0") == b"\1\2\3\4\5\6\0"


def test_a_mac_inside_a_number_that_is_made_of_it() -> None:
    new = PLAIN.text(b"uuid:RINCON_0017882476FF01400 and DCH-G020_FW_0017882476ffx")
    digits = PLAIN.macs(MAC).hex().encode()
    assert new == b"uuid:RINCON_" + digits.upper() + b"01400 and DCH-G020_FW_" + digits + b"x"


def test_macs_are_learned_from_texts_before_all_is_known() -> None:
    macs = Macs(Key(b"k"), keep_vendor=False)
    made = Book(Key(b"k"), macs, Addresses(Key(b"k"), macs), frozenset())
    made.numbers.look(b"<serial>94-9F-3E-00-02-09:A</serial>")
    made.close()
    new = made.text(b"<serial>94-9F-3E-00-02-09:A</serial> RINCON_949F3E00020901400")
    assert b"94-9F-3E" not in new
    assert b"949F3E" not in new


def test_numbers_between_dots_and_commas() -> None:
    known = ip_address(PLAIN.addresses(ip_address("192.168.1.7").packed))
    assert PLAIN.text(b"1.3.6.1.192.168.1.7", resize=True) == b"1.3.6.1.%s" % str(known).encode()
    assert PLAIN.text(b"1.2.3.4 1,2,3,4,5") == b"1.2.3.4 1,2,3,4,5"
    assert (
        PLAIN.text(b"1,192,168,1,7,80", resize=True)
        == b"1,%s,80" % str(known).replace(".", ",").encode()
    )


@pytest.mark.parametrize("most", ["MOST", "MOST_NAMES"])
def test_more_than_is_kept_in_mind_is_told(most: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from iotscan.anonymise import addresses, macs
    from iotscan.anonymise import book as books

    module = books if most == "MOST_NAMES" else addresses
    monkeypatch.setattr(module, most, 3)
    if module is addresses:
        monkeypatch.setattr(macs, "MOST", 3)
    made = book(*(b"kitchen%d" % number for number in range(9)))
    for number in range(1, 9):
        raw = bytes((10, 1, 2, number))
        assert made.addresses(raw) == made.addresses(raw) != raw
        mac = bytes((0, 1, 2, 3, 4, number))
        assert made.macs(mac) == made.macs(mac) != mac
    assert made.full is (most == "MOST_NAMES")
    assert made.addresses.full is made.macs.full is (most == "MOST")


def test_the_name_of_a_field_is_no_secret() -> None:
    said = b"<AdminPassword>AdminPassword</AdminPassword><LoginPassword>x1</LoginPassword>"
    assert list(texts.logins(said)) == [b"x1"]
    assert PLAIN.text(said).startswith(b"<AdminPassword>")
    assert b">AdminPassword<" not in PLAIN.text(said)
