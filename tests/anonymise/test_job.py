"""Captures from end to end: what is gone, what stays, and that they are still captures."""

from __future__ import annotations

import stat
import struct
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.anonymise.book import Book
from iotscan.anonymise.conversations import datagram
from iotscan.anonymise.framing import MOST_HELD, Framer
from iotscan.anonymise.job import anonymise, book_for
from iotscan.anonymise.known import Known
from iotscan.anonymise.wish import Wish
from iotscan.capture.files import GZIP, ZSTD
from iotscan.capture.frames import Frame
from iotscan.capture.making import Connection, checksum, ip_frame, udp_frame
from iotscan.errors import UsageError
from iotscan.model import Endpoint

Share = Callable[..., Any]
LAMP, HUB = ip_address("192.168.1.5"), ip_address("192.168.1.9")
MAC = b"\x00\x17\x88\x01\x02\x03"
LAMP6, HUB6 = ip_address("fe80::5"), ip_address("fe80::9")
CLIENT = Endpoint(LAMP, "tcp", 40_000)


def tcp(*said: tuple[bool, bytes], port: int = 80, six: bool = False) -> list[bytes]:
    """A connection of the lamp to the hub."""
    ends = (LAMP6, HUB6) if six else (LAMP, HUB)
    talk = Connection(Endpoint(ends[0], "tcp", 40_000), Endpoint(ends[1], "tcp", port))
    frames = talk.opened()
    for from_client, data in said:
        frames += talk.said(from_client, data)
    return [*frames, *talk.closed()]


def udp(data: bytes, port: int, source: int = 40_000) -> bytes:
    return udp_frame(Endpoint(LAMP, "udp", source), Endpoint(HUB, "udp", port), data)


def sums_are_right(frame: bytes) -> bool:
    """IPv4 header, and TCP or UDP behind it."""
    assert frame[12:14] == b"\x08\0"
    head, body = frame[14:34], frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
    pseudo = head[12:20] + struct.pack("!BBH", 0, head[9], len(body))
    return checksum(head) == 0 and checksum(pseudo + body) == 0


PAGE = b"GET / HTTP/1.1\r\nHost: kitchen-lamp.fritz.box\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nServer: mini/1\r\nContent-Length: 2\r\n\r\nok"


def test_names_addresses_and_macs_are_gone_and_sums_are_right(share: Share) -> None:
    shared = share(tcp((True, PAGE), (False, ANSWER)))
    for gone in (b"kitchen-lamp", b"fritz", LAMP.packed + HUB.packed, b"\x02\x04\xc0\xa8\x01\x05"):
        assert gone not in shared.raw
    assert all(map(sums_are_right, shared.frames))
    assert b"Server: mini/1" in shared.raw
    assert shared.done.counts["addresses"] == 2
    assert shared.done.counts["MACs"] == 2
    before, after = shared.reports()
    assert [f.rule for f in before.findings] == [f.rule for f in after.findings]


def test_the_same_key_gives_the_same_bytes_another_one_others(share: Share) -> None:
    frames = tcp((True, PAGE), (False, ANSWER))
    first = share(frames).raw
    assert share(frames).raw == first
    assert share(frames, key=b"other").raw != first
    assert share(frames, key=b"").raw != share(frames, key=b"").raw


LOGIN = (
    (False, b"Welcome\r\nlogin: "),
    *((True, bytes([byte])) for byte in b"jossef\r\n"),
    (False, b"jossef\r\nPassword: "),
    *((True, bytes([byte])) for byte in b"hun\x7fnter2\r\n"),
    (False, b"\r\nLast login: Mon Nov 20 from hub\r\n$ "),
)


def test_logins_typed_key_by_key_are_replaced_with_their_echo(
    share: Share, said_in: Callable[[Path], bytes]
) -> None:
    shared = share(tcp(*LOGIN, port=23))
    said = said_in(shared.after)
    assert b"jossef" in said_in(shared.before)
    assert b"jossef" not in said
    assert b"hun" not in said
    assert b"nter2" not in said
    assert b"Password: " in said
    (before, after) = (
        [f for f in report.findings if f.rule == "telnet-credentials-seen"]
        for report in shared.reports()
    )
    assert len(before) == len(after) == 1
    assert before[0].facts["outcome"] == after[0].facts["outcome"]
    assert before[0].facts["username"] != after[0].facts["username"]


def test_a_secret_that_is_sent_again_is_replaced_again(share: Share) -> None:
    frames = tcp(
        (True, b"USER jossef\r\n"), (False, b"331 ?\r\n"), (True, b"PASS hunter2\r\n"), port=21
    )
    frames = tcp(
        (False, b"220 ready\r\n"),
        (True, b"USER jossef\r\n"),
        (False, b"331 password please\r\n"),
        (True, b"PASS hunter2\r\n"),
        (False, b"230 welcome\r\n"),
        port=21,
    )
    password = next(frame for frame in frames if b"hunter2" in frame)
    shared = share([*frames[:-3], password, *frames[-3:]])
    assert b"hunter2" not in shared.raw
    assert shared.raw.count(b"PASS ") == 2
    sent = [frame for frame in shared.frames if b"PASS " in frame]
    assert sent[0] == sent[1]


def test_payload_that_nobody_reads_becomes_zeroes_unless_it_is_wanted(share: Share) -> None:
    odd = b"\x07\x07strange kitchen 192.168.1.5"
    frames = tcp((True, odd), (False, b"\x08\x08words"), port=9999)
    shared = share(frames)
    assert b"strange" not in shared.raw
    assert b"words" not in shared.raw
    assert shared.done.counts["bytes of unread payload"] > 20
    assert [len(a) for a in shared.frames] == [len(b) for b in frames]
    kept = share(frames, keep_payload=True)
    assert b"strange" in kept.raw
    assert b"192.168.1.5" not in kept.raw
    assert any("as you wished" in doubt for doubt in kept.done.doubts)


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(content).to_bytes(2, "big") + content


HELLO = b"\x02\x00\x00\x26\x03\x03" + bytes(32) + b"\x00\xc0\x2b\x00"


def client_hello() -> bytes:
    from iotscan.protocols.tls.hello import TLS12, ClientHello

    return ClientHello(TLS12, (0xC02B,), sni="cam.vendor.io", random=b"\x01" * 32).encode()


def test_of_tls_the_handshake_stays_and_what_is_encrypted_goes(share: Share) -> None:
    frames = tcp(
        (True, client_hello()),
        (False, record(22, HELLO)),
        (True, record(23, b"sealed words")),
        port=443,
    )
    shared = share(frames)
    assert b"cam.vendor.io" not in shared.raw
    assert b"sealed" not in shared.raw
    before, after = shared.reports()
    one, two = (next(o for o in r.observations if o.kind == "tls.session") for r in (before, after))
    assert one.facts["cipher"] == two.facts["cipher"]
    assert str(two.facts["server_name"]).endswith(".io")
    assert b"sealed" in share(frames, keep_payload=True).raw


def test_a_datagram_of_text_may_change_its_length(share: Share) -> None:
    said = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nLOCATION: http://192.168.1.5:80/d\r\n\r\n"
    group = Endpoint(ip_address("239.255.255.250"), "udp", 1900)
    shared = share([udp_frame(Endpoint(LAMP, "udp", 1900), group, said)])
    (frame,) = shared.frames
    new = ip_address(frame[26:30])
    assert b"http://%s:80/d" % str(new).encode() in frame
    assert sums_are_right(frame)
    assert int.from_bytes(frame[38:40], "big") == len(frame) - 34


def test_lengths_inside_a_text_follow() -> None:
    book = book_for(Wish(b"k"))
    book.addresses.learn(LAMP.packed)
    book.close()
    head = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.168.1.5:5060\r\nl: 22\r\n\r\n"
    said, _, rest = datagram(None, head + b"c=IN IP4 192.168.1.5\r\n", book).partition(b"\r\n\r\n")
    assert rest == b"c=IN IP4 %s\r\n" % str(ip_address(book.addresses(LAMP.packed))).encode()
    assert len(rest) != 22
    assert said.endswith(b"l: %d" % len(rest))


@pytest.mark.parametrize("link", [1, 113, 276, 101])
def test_link_layers(link: int, share: Share) -> None:
    packet = udp(b"\x1b" + bytes(47), 123)[14:]
    mac = b"\x00\x17\x88\x01\x02\x03"
    heads = {
        1: mac + b"\x00\x17\x88\x01\x02\x04\x81\x00\x00\x07\x08\x00",
        113: b"\0\0\0\1\0\6" + mac + b"\0\0\x08\0",
        276: b"\x08\0\0\0\0\0\0\1\0\1\0\6" + mac + b"\0\0",
        101: b"",
    }
    (frame,) = share([heads[link] + packet], link=link).frames
    assert len(frame) == len(heads[link] + packet)
    assert mac not in frame
    assert LAMP.packed not in frame
    assert frame[len(heads[link])] == 0x45


def test_frames_that_are_not_looked_into_lose_their_content(share: Share) -> None:
    beacon = b"\x80\x00\0\0" + b"\xff" * 6 + MAC * 2 + b"\0\0" + b"\0\x07kitchen"
    (frame,) = share([beacon], link=105).frames
    assert b"kitchen" not in frame
    assert MAC not in frame
    assert frame[:10] == beacon[:10]
    (frame,) = share([b"\x41\x88kitchen"], link=195).frames
    assert frame == bytes(9)
    eapol = b"\x01\x80\xc2\0\0\3" + MAC + b"\x88\x8e" + b"identity jossef"
    (frame,) = share([eapol]).frames
    assert frame[14:] == bytes(15)


def test_arp_and_neighbours(share: Share) -> None:
    arp = b"\0\1\x08\0\6\4\0\1" + MAC + LAMP.packed + bytes(6) + HUB.packed
    solicit = b"\x87\0\0\0\0\0\0\0" + LAMP6.packed + b"\1\1" + MAC
    echo = b"\x08\0\0\0\0\1\0\1jossef was here!"
    echo = echo[:2] + checksum(echo).to_bytes(2, "big") + echo[4:]
    shared = share(
        [
            b"\xff" * 6 + MAC + b"\x08\x06" + arp,
            ip_frame(HUB6, LAMP6, 58, solicit, checksum_at=2),
            ip_frame(HUB, LAMP, 1, echo),
            tcp((True, PAGE))[0],
        ]
    )
    new_arp, new_solicit, new_echo, opening = shared.frames
    assert MAC not in shared.raw
    assert new_arp[6:12] == new_arp[22:28]
    assert new_arp[28:32] == opening[26:30]
    assert new_arp[38:42] == opening[30:34]
    assert new_solicit[62:78] == new_solicit[38:54]
    assert new_solicit[80:86] == new_arp[6:12]
    assert b"jossef" not in new_echo
    assert checksum(new_echo[34:]) == 0


def test_an_error_quotes_the_new_addresses(share: Share) -> None:
    quoted = ip_frame(LAMP, HUB, 17, b"\x9c\x40\x00\x35\0\x10\0\0kitchen!")[14:]
    (frame,) = share([ip_frame(HUB, LAMP, 1, b"\3\3\0\0\0\0\0\0" + quoted)]).frames
    assert frame[54:58] == frame[30:34]
    assert frame[58:62] == frame[26:30]
    assert frame[62:66] == b"\x9c\x40\x00\x35"
    assert b"kitchen" not in frame


def test_names_are_replaced_in_dns_and_dhcp(share: Share) -> None:
    name = b"\x07kitchen\x06vendor\x02io\0"
    asked = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + name + b"\0\1\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + HUB.packed
    told = b"\x12\x34\x81\x80\0\1\0\1\0\0\0\0" + name + b"\0\1\0\1" + record
    octets = b"\x019\x011\x03168\x03192"
    back = b"\x12\x35\x01\0\0\1\0\0\0\0\0\0" + octets + b"\x07in-addr\x04arpa\0\0\x0c\0\1"
    lease = b"\1\1\6\0" + bytes(8) + LAMP.packed + bytes(12) + MAC + bytes(202)
    lease += (
        b"\x63\x82\x53\x63\x35\1\3\x0c\7kitchen\x32\4" + HUB.packed + b"\x3d\7\1" + MAC + b"\xff"
    )
    answer = udp_frame(Endpoint(HUB, "udp", 53), Endpoint(LAMP, "udp", 40_000), told)
    shared = share([udp(asked, 53), answer, udp(back, 53, 40_001), udp(lease, 67, 68)])
    assert b"kitchen" not in shared.raw
    assert b"vendor" not in shared.raw
    question, reply, reverse, request = shared.frames
    assert question[54:75] == reply[54:75]
    assert reply[-4:] == reply[26:30]
    assert b"\x07in-addr\x04arpa" in reverse
    assert octets not in reverse
    at = request.index(b"\x32\4") + 2
    assert request[at : at + 4] == request[30:34]
    assert request[70:76] == request[request.index(b"\x3d\7\1") + 3 :][:6]
    assert request[54:58] == request[26:30]
    assert all(map(sums_are_right, shared.frames))


def test_cut_frames_and_lone_fragments_leave_nothing(share: Share) -> None:
    whole = udp(b"\x07\x07 kitchen " * 4, 9999)
    part = bytearray(whole)
    part[20:22] = b"\x20\x00"
    later = bytearray(whole)
    later[18:22] = b"\0\x07\x20\x05"
    frames = [bytes(part), bytes(later), tcp((True, PAGE))[3][:70]]
    shared = share(frames, wires=(0, 0, 200))
    first, second, cut = shared.frames
    for frame in (first, second, cut):
        assert b"kitchen" not in frame
    assert cut[50:52] == b"\0\0"
    assert shared.done.counts["fragments of packets that are not whole"] == 2


def test_names_in_parts_of_segments_are_found_in_order(
    share: Share, said_in: Callable[[Path], bytes]
) -> None:
    split = [(True, PAGE[:25]), (True, PAGE[25:]), (False, ANSWER)]
    assert b"kitchen-lamp" not in said_in(share(tcp(*split)).after)


@pytest.mark.parametrize(("name", "begins"), [("o.gz", GZIP), ("o.zst", ZSTD), ("o", b"\n\r\r\n")])
def test_the_name_of_the_output_says_how_it_is_packed(
    name: str, begins: bytes, share: Share, tmp_path: Path, frames_of: Callable[[Path], Any]
) -> None:
    shared = share(tcp((True, PAGE)))
    target = tmp_path / name
    anonymise(shared.before, target, Wish(b"k"))
    assert target.read_bytes().startswith(begins)
    assert [frame[3] for frame in frames_of(target)] == shared.frames
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_damaged_capture_gives_what_it_holds_and_says_so(share: Share, tmp_path: Path) -> None:
    shared = share(tcp((True, PAGE)))
    shared.before.write_bytes(shared.before.read_bytes()[:-30])
    done = anonymise(shared.before, tmp_path / "o", Wish(b"k"))
    assert "only as far as it goes" in done.doubts[-1]
    with pytest.raises(UsageError, match="cannot be written"):
        anonymise(shared.before, tmp_path / "none" / "o", Wish(b"k"))


def written(
    frames: list[Frame], book: Book, known: Known, *, keep: bool = False, most: int = MOST_HELD
) -> list[bytes]:
    """What a framer makes of frames."""
    made: list[bytes] = []
    framer = Framer(book, known, lambda _, new: made.append(new), keep=keep, most=most)
    for frame in frames:
        framer.take(frame)
    framer.finish()
    return made


HEADS = {
    1: b"\x00\x17\x88\x01\x02\x03\x00\x17\x88\x01\x02\x04",
    113: bytes(14),
    105: b"\x08\x00" + bytes(22) + b"\xaa\xaa\x03\0\0\0",
    127: b"\0\0\x08\0" + bytes(4),
    0: b"\2\0\0\0",
}
KINDS = (b"\x08\x00\x45", b"\x86\xdd\x60", b"\x08\x06", b"\x88\xcc", b"\x81\x00", b"")


@given(
    st.sampled_from(sorted(HEADS)),
    st.sampled_from(KINDS),
    st.sampled_from([6, 17, 1, 2, 58, 0, 43, 44]),
    st.sampled_from([53, 67, 137, 547, 1900, 9]),
    st.binary(max_size=200),
)
def test_no_frame_is_too_odd(link: int, kind: bytes, protocol: int, port: int, rest: bytes) -> None:
    """Frames that go wrong anywhere come out as long as they were, or as their texts are."""
    data = bytearray(HEADS[link] + kind + rest)
    at = len(HEADS[link]) + 2
    if kind[2:] == b"\x45" and len(data) >= at + 24:
        data[at + 9], data[at + 22 : at + 24] = protocol, port.to_bytes(2, "big")
    elif kind[2:] == b"\x60" and len(data) >= at + 44:
        data[at + 6], data[at + 42 : at + 44] = protocol, port.to_bytes(2, "big")
    book = book_for(Wish(b"k"))
    book.name(b"kitchen")
    book.close()
    for keep in (False, True):
        known = Known()
        known.said(1, bytes(29), bytes(3) + b"x" + bytes(25))
        known.close()
        frames = [(number, 0.0, link, bytes(data), len(data)) for number in (1, 2)]
        assert [len(new) for new in written(frames, book, known, keep=keep)] == [len(data)] * 2


MAC = bytes.fromhex("02aabbccddee")
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"
WIFI = b"\x08\x01\0\0" + MAC * 3 + b"\0\0"
LONG_WIFI = b"\x08\x03\0\0" + MAC * 3 + b"\0\0" + MAC
BEFORE = {
    6: b"\x10\x40" + MAC * 2 + SNAP,
    10: b"\x50" + MAC * 2 + SNAP,
    105: LONG_WIFI + SNAP,
    119: b"\0\0\0\x44\x10\0\0\0wlankitc" + WIFI + SNAP,
    163: b"\x80\x21\x10\x01\0\0\0\x0cwlan" + WIFI + SNAP,
    192: b"\0\0\x0c\0\x69\0\0\0kitc" + WIFI + SNAP,
    239: b"\2\0\0\0\x10\0\x08\0" + MAC + bytes(6) + b"\x60\0\x09\0",
}


@pytest.mark.parametrize("link", BEFORE)
def test_rare_link_layers_keep_their_packets_but_no_macs(link: int, share: Share) -> None:
    head = BEFORE[link]
    shared = share([head + frame[14:] for frame in tcp((True, PAGE), (False, ANSWER))], link=link)
    assert MAC not in shared.raw
    assert b"kitc" not in shared.raw
    before, after = shared.reports()
    assert [f.rule for f in before.findings] == [f.rule for f in after.findings] != []


def test_heads_that_are_not_understood_are_told(share: Share) -> None:
    shared = share([b"\0\0\x08\0\xc3\0\0\0" + MAC * 4, MAC * 3], link=192)
    assert MAC not in shared.raw
    shared = share([b"\0" + MAC * 3], link=147)
    assert MAC not in shared.raw
    assert shared.done.counts["frames whose link layer is not understood"] == 1


def test_a_dns_answer_that_is_cut_still_asks(share: Share) -> None:
    asked = b"\x12\x34\x81\x80\0\1\0\1\0\0\0\0\x07kitchen\x06vendor\x02io\0\0\1\0\1"
    cut = asked + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + HUB.packed[:2]
    (frame,) = share([udp(cut, 40_000, 53)]).frames
    assert b"kitchen" not in frame
    assert frame[54:56] == b"\x07" + frame[55:56]
    assert b"\x02io\0" in frame
    assert frame[42 + len(asked) :] == bytes(len(cut) - len(asked))


def test_a_netbios_name_that_is_none_is_a_word(share: Share) -> None:
    asked = b"\0\1\1\x10\0\1\0\0\0\0\0\0\x20kitchen-lamp-kitchen-lamp-kitchen-" + b"\0\0\x20\0\1"
    (frame,) = share([udp(asked, 137, 137)]).frames
    assert b"kitchen" not in frame
