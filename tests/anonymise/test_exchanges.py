"""Names that were looked up, and files that were sent, at ports that tell nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from conversing import tcp, udp

from iotscan.protocols.dns.message import frame, query

Share = Callable[..., Any]
Said = Callable[[Path], bytes]
ASKED = query(0x1234, "anna-laptop.example")
TOLD = ASKED[:2] + b"\x81\x80" + ASKED[4:]
READ, TAKEN = b"\0\1lamp.cfg\0octet\0", b"\0\4\0\1"
SECRET = b"\0\3\0\1wifi of the family: hunter2"
IMAGE = b"\0\3\0\1\x27\x05\x19\x56" + b"hunter2 " * 64


def test_names_that_were_looked_up_are_replaced_at_any_port(share: Share, said_in: Said) -> None:
    datagrams = udp(5300, ("c", ASKED), ("s", TOLD))
    stream = tcp(5300, ("c", frame(ASKED)), ("s", frame(TOLD)))
    shared = share([*datagrams, *stream])
    assert b"laptop" not in said_in(shared.after)
    before, after = shared.reports()
    assert [f.rule for f in after.findings] == [f.rule for f in before.findings]
    assert "capture-plain-dns" in {f.rule for f in after.findings}


def test_what_went_through_a_proxy_names_nobody(share: Share) -> None:
    ask = ("c", b"\5\1\0\3\x14bedroom-lamp.example\0\x50")
    said: list[tuple[str, bytes | str]] = [
        ("c", b"\5\1\2"),
        ("s", b"\5\2"),
        ("c", b"\1\6robbie\6secret"),
        ("s", b"\1\0"),
        ask,
    ]
    said += [("s", b"\5\0\0\1" + bytes(6)), ("s", "login: ")]
    said += [("c", letter) for letter in "susanne\r"] + [("s", "Password: ")]
    said += [("c", letter) for letter in "hunter2\r"] + [("s", "\r\n$ ")]
    for keep in (False, True):
        shared = share(tcp(1080, *said), keep_payload=keep)
        typed = b"".join(frame[54:] for frame in shared.frames)
        for old in (b"bedroom", b"robbie", b"secret", b"susanne", b"hunter2"):
            assert old not in typed


def test_what_files_hold_is_left_out(share: Share, said_in: Said) -> None:
    shared = share(udp(69, ("c", READ)) + udp(50_001, ("s", SECRET), ("c", TAKEN)))
    assert b"hunter2" not in said_in(shared.after)
    assert shared.done.counts["bytes of files"] == len(SECRET) - 4


def test_firmware_is_known_by_its_mark_all_the_same(share: Share, said_in: Said) -> None:
    shared = share(udp(69, ("c", READ)) + udp(50_001, ("s", IMAGE), ("c", TAKEN)))
    assert said_in(shared.after).count(b"hunter2") == 1, "of the mark, no more"
    before, after = shared.reports()
    assert [f.rule for f in after.findings] == [f.rule for f in before.findings]
    assert "firmware-download-cleartext" in {f.rule for f in after.findings}


def test_files_are_kept_where_that_is_wished(share: Share, said_in: Said) -> None:
    frames = udp(69, ("c", READ)) + udp(50_001, ("s", SECRET), ("c", TAKEN))
    assert b"hunter2" in said_in(share(frames, keep_payload=True).after)
