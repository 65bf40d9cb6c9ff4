from __future__ import annotations

import random
from pathlib import Path

import pytest

from iotscan.credentials import Credential, Credentials, load
from iotscan.errors import RulePackError


@pytest.fixture(scope="module")
def known() -> Credentials:
    return load(rng=random.Random(7))


def _pairs(known: Credentials, service: str, words: str, most: int = 6) -> list[str]:
    chosen = known.choose(service, words, most, 3)
    return [f"{login.username}/{known.reveal(login.id)}" for login in chosen if not login.control]


def test_malware_tries_these_first_on_a_device_that_says_nothing(known: Credentials) -> None:
    assert _pairs(known, "telnet", "") == [
        "root/xc3511",
        "root/vizxv",
        "root/admin",
        "admin/admin",
        "support/support",
        "admin/password",
    ]


@pytest.mark.parametrize(
    ("service", "words", "first"),
    [
        ("telnet", "MikroTik v6.45.9 (stable)", "admin/"),
        ("telnet", "anko login: ", "root/anko"),
        ("mqtt", "tele/tasmota_4F2A/LWT", "DVES_USER/DVES_PASS"),
        ("rtsp", "Hikvision DS-2CD2032", "admin/12345"),
        ("http", "AXIS P1344 Network Camera", "root/pass"),
        ("ftp", "220 WAGO 750-881 PFC", "root/wago"),
    ],
)
def test_what_the_device_said_of_itself_goes_first(
    known: Credentials, service: str, words: str, first: str
) -> None:
    assert _pairs(known, service, words)[0] == first


def test_a_vendor_word_inside_another_word_does_not_count() -> None:
    entry = Credential("a", ("telnet",), "system", "u", "p", vendors=("axis",))
    assert entry.suits("AXIS 211")
    assert entry.suits("model=axis;")
    assert not entry.suits("praxis router")


def test_limits_hold_per_account_and_in_all(known: Credentials) -> None:
    for words in ("", "dahua dvr", "xiongmai"):
        for most, per_account in ((6, 3), (4, 1), (1, 5), (40, 2)):
            tries = [x for x in known.choose("telnet", words, most, per_account) if not x.control]
            names = [login.username for login in tries]
            assert len(tries) <= most
            assert max(names.count(name) for name in names) <= per_account


def test_no_pair_is_tried_twice(known: Credentials) -> None:
    pairs = _pairs(known, "telnet", "dahua mikrotik huawei tp-link zyxel hikvision", most=200)
    assert len(pairs) == len(set(pairs))


def test_one_control_stands_last_and_nobody_set_it(known: Credentials) -> None:
    *tries, control = known.choose("telnet", "", 6, 3)
    assert control.control
    assert not any(login.control for login in tries)
    assert (control.realm, control.id) == ("system", "control")
    assert known.vault()["control"] == known.reveal("control").encode()
    assert control.username not in {entry.username for entry in known.entries}
    other = load(rng=random.Random(8)).choose("telnet", "", 6, 3)[-1]
    assert other.username != control.username


def test_a_service_without_known_logins_gets_none_and_no_control(known: Credentials) -> None:
    assert known.choose("coap", "anything", 6, 3) == ()


def test_passwords_are_in_no_repr_and_in_no_id(known: Credentials) -> None:
    entry = Credential("an-id", ("telnet",), "system", "root", "hunter2secret")
    told = Credentials([entry], random.Random(1))
    told_of = (repr(entry), repr(told), repr(told.entries), repr(told.choose("telnet", "", 6, 3)))
    assert not any("hunter2secret" in text for text in told_of)
    for entry in known.entries:
        named = f"{entry.username} {entry.product}".lower()
        if len(entry.password) > 2 and entry.password.lower() not in named:
            assert entry.password.lower() not in entry.id, entry.id


def test_the_file_covers_every_service_we_log_in_to(known: Credentials) -> None:
    services = {name for entry in known.entries for name in entry.services}
    assert {"telnet", "ssh", "ftp", "http", "rtsp", "onvif", "mqtt", "snmp", "vnc"} <= services
    assert len(known.entries) >= 120
    assert any(entry.password == "" for entry in known.entries)
    assert all(entry.source and entry.product for entry in known.entries)


def test_a_users_folder_adds_logins(tmp_path: Path) -> None:
    (tmp_path / "credentials.yaml").write_text(
        "sources: {mine: my own list}\n"
        "logins:\n"
        "  - {id: my-pair, services: [telnet], realm: system, username: me, password: 'x',\n"
        "     product: my box, source: mine, vendors: [mybox]}\n"
    )
    mine = load(tmp_path, random.Random(1))
    assert mine.choose("telnet", "MyBox 3", 6, 3)[0].id == "my-pair"
    assert "my-pair" not in [login.id for login in mine.choose("telnet", "", 6, 3)]


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "credentials.yaml"
    path.write_text(
        "sources: {mine: my own list}\n"
        "logins:\n"
        "  - {id: one, services: [telnet], realm: system, username: root, password: 123456,\n"
        "     product: p, source: mine, rank: 1}\n"
        "  - {id: Two, services: [], realm: system, username: root, product: p, source: yours}\n"
        "  - just a word\n"
        "  - {id: mirai, services: [telnet], realm: s, username: a, password: b, product: p,\n"
        "     source: mine, rank: first, colour: red}\n"
        "  - {id: generic-root-1, services: [telnet], realm: s, username: a, password: b,\n"
        "     product: p, source: mine, rank: 1}\n"
    )
    with pytest.raises(RulePackError) as caught:
        load(tmp_path, random.Random(1))
    told = [(fault.line, fault.reason.split(";")[0]) for fault in caught.value.faults]
    assert told == [
        (3, "password must be str, not int (put it in quotes)"),
        (5, "password is missing"),
        (5, "id 'Two' must be lower-case letters, digits and hyphens"),
        (5, "source 'yours' is not among the sources of this file"),
        (5, "services must name at least one protocol"),
        (5, "needs a rank, or vendors that it is tried for"),
        (6, "an entry must be a mapping"),
        (7, "unknown field 'colour'"),
        (7, "rank must be int, not str"),
        (9, "id 'generic-root-1' stands there twice"),
    ]
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "- a list", "logins: 3", "sources: {}\nlogins: [{", "a: \x01"]
)
def test_a_file_of_another_shape_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "credentials.yaml").write_text(text)
    with pytest.raises(RulePackError, match=r"credentials\.yaml"):
        load(tmp_path, random.Random(1))
