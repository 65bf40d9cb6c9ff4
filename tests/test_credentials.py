from __future__ import annotations

import random
from pathlib import Path

import pytest

from iotscan.credentials import Credential, Credentials, load
from iotscan.errors import RulePackError
from iotscan.probe_api import Login


@pytest.fixture(scope="module")
def known() -> Credentials:
    return load()


def _choose(
    known: Credentials, service: str, words: str, most: int = 6, per_account: int = 3, seed: int = 7
) -> tuple[Login, ...]:
    logins, secrets = known.choose(service, words, most, per_account, random.Random(seed))
    assert list(secrets) == [login.id for login in logins if login.control]
    return logins


def _pairs(known: Credentials, service: str, words: str, most: int = 6) -> list[str]:
    chosen = _choose(known, service, words, most)
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
            tries = [x for x in _choose(known, "telnet", words, most, per_account) if not x.control]
            names = [login.username for login in tries]
            assert len(tries) <= most
            assert max(names.count(name) for name in names) <= per_account


def test_no_pair_is_tried_twice(known: Credentials) -> None:
    pairs = _pairs(known, "telnet", "dahua mikrotik huawei tp-link zyxel hikvision", most=200)
    assert len(pairs) == len(set(pairs))


def test_one_control_stands_last_and_nobody_set_it(known: Credentials) -> None:
    (*tries, control), secrets = known.choose("telnet", "", 6, 3, random.Random(7))
    assert control.control
    assert not any(login.control for login in tries)
    assert control.realm == "system"
    assert len(secrets[control.id]) > 10
    assert control.username not in {entry.username for entry in known.entries}
    assert control.id not in known.vault()


def test_two_services_get_two_controls(known: Credentials) -> None:
    rng = random.Random(7)
    ids = {known.choose("telnet", "", 6, 3, rng)[0][-1].id for _ in range(5)}
    assert len(ids) == 5


def test_a_service_without_known_logins_gets_none_and_no_control(known: Credentials) -> None:
    assert known.choose("coap", "anything", 6, 3, random.Random(1)) == ((), {})


def test_passwords_are_in_no_repr_and_in_no_id(known: Credentials) -> None:
    entry = Credential("an-id", ("telnet",), "system", "root", "hunter2secret")
    told = Credentials((entry,))
    told_of = (repr(entry), repr(told), repr(told.choose("telnet", "", 6, 3, random.Random(1))))
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
    mine = load(tmp_path)
    assert _choose(mine, "telnet", "MyBox 3")[0].id == "my-pair"
    assert "my-pair" not in [login.id for login in _choose(mine, "telnet", "")]


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
        load(tmp_path)
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
        load(tmp_path)
