"""A recording is lossless, private, and readable as far as it was written."""

from __future__ import annotations

import stat
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.capture.recording import Journal, is_recording, load, merge
from iotscan.codec import decode, encode
from iotscan.errors import RecordingError, UsageError
from iotscan.model import (
    Channel,
    Ending,
    Endpoint,
    Footer,
    Gap,
    Header,
    Impact,
    Outcome,
    Packet,
    Proof,
    Recording,
    Scope,
    Service,
    Sighting,
    Sweep,
    TlsFacts,
    Transcript,
    Turn,
)

ADDRESS = ip_address("10.0.0.7")
ENDPOINT = Endpoint(ADDRESS, "tcp", 23)
HEADER = Header(
    1,
    "0.1.0",
    "2026-01-02T03:04:05+00:00",
    Scope((ip_network("10.0.0.0/24"),), impact=Impact.GREET),
    {"ports": 3, "targets": ("10.0.0.0/24",)},
    "abc",
)
TALK = Transcript(
    "c1",
    Service(ENDPOINT, "telnet", hint="greeting"),
    "telnet",
    0.5,
    (Turn("server", 0.1, b"\xff\xfdlogin: \x00"), Turn("client", 0.2, b"*****\r", 0, "mirai-1")),
    (Channel(ENDPOINT, 0.0, Ending.CLOSED, TlsFacts("TLSv1.2", "AES", (b"\x30\x82",)), "mirai-1",
             Outcome.REFUSED),),
    Ending.COMPLETE,
)  # fmt: skip
ENTRIES = (
    HEADER,
    Packet("p1", 0.1, "arp", b"\x00\x01", ADDRESS, "00:11:22:33:44:55", "lan0"),
    Sighting("neighbours", (ADDRESS,), proof=Proof("p1")),
    Sweep("s1", 0.2, ADDRESS, (ENDPOINT,), 5, 1, alive=True),
    TALK,
    Gap("10.0.0.8", "telnet", Ending.TIMEOUT, "no answer"),
    "No raw sockets.",
    Footer(1.5, True),
)


def written(path: Path) -> Recording:
    journal = Journal(path)
    for entry in ENTRIES:
        journal.add(entry)
    journal.close()
    return journal.recording()


def test_what_is_read_equals_what_was_taken_down(tmp_path: Path) -> None:
    file = tmp_path / "scan.jsonl"
    live = written(file)
    assert load(file) == live
    assert live.transcripts == (TALK,)
    assert live.blind_spots == ("No raw sockets.",)


def test_each_line_is_on_disk_before_the_next_thing_happens(tmp_path: Path) -> None:
    """What kill -9 leaves: no close, no footer, and still every conversation that ended."""
    file = tmp_path / "scan.jsonl"
    journal = Journal(file)
    journal.add(HEADER)
    journal.add(TALK)
    recording = load(file)
    journal.close()
    assert recording.transcripts == (TALK,)
    assert recording.footer is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_ends_the_recording_and_not_the_scan() -> None:
    told = written(Path("/dev/full"))
    (broken,) = (gap for gap in told.gaps if gap.what == "the recording")
    assert "No space left on device" in broken.reason
    assert told.transcripts == (TALK,)
    assert told.footer == Footer(1.5, True)


def test_a_line_cut_in_the_middle_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "scan.jsonl"
    written(file)
    whole = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole[:5])[:-20])
    assert load(file).transcripts == ()


@pytest.mark.parametrize(
    ("damage", "line", "word"),
    [
        (b"{not json}\n", 3, "damaged"),
        (b'{"conversation":{"id":"c9"}}\n', 3, "missing"),
        (b'{"rumour":{}}\n', 3, "rumour"),
        (b'{"gap":{"subject":"a","what":"b","ending":"fine","reason":""}}\n', 3, "fine"),
        (b'{"footer":{"ended":1.0,"complete":true,"colour":"red"}}\n', 3, "colour"),
        (b"[" * 100_000 + b"\n", 3, "damaged"),
    ],
)
def test_damage_is_refused_with_file_and_line(
    tmp_path: Path, damage: bytes, line: int, word: str
) -> None:
    file = tmp_path / "scan.jsonl"
    written(file)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], damage, *lines[2:]]))
    with pytest.raises(RecordingError, match=word) as caught:
        load(file)
    assert caught.value.line == line
    assert str(file) in str(caught.value)


def test_a_recording_of_another_format_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scan.jsonl"
    file.write_bytes(b'{"header":' + encode(HEADER).replace(b'"format":1', b'"format":99') + b"}\n")
    with pytest.raises(RecordingError, match="format 99"):
        load(file)


def test_a_recording_is_private_to_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "scan.jsonl"
    written(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_said_before_anything_happens(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        Journal(tmp_path / "no such folder" / "scan.jsonl")


def test_other_files_are_no_recordings(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    assert not is_recording(file)
    with pytest.raises(UsageError, match="cannot be read"):
        is_recording(tmp_path / "absent")


def test_merging_keeps_ids_apart_and_does_not_depend_on_order(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl")
    later = Header(1, "0.1.0", "2026-02-02T00:00:00+00:00", HEADER.scope, {}, "abc")
    second = Recording(later, transcripts=(TALK,), footer=Footer(9.0, False, "stopped"))
    both = merge([second, first])
    assert both == merge([first, second])
    assert [talk.id for talk in both.transcripts] == ["1:c1", "2:c1"]
    assert both.footer == Footer(9.0, False)


@given(
    st.lists(
        st.builds(
            Turn,
            st.sampled_from(["client", "server"]),
            st.floats(0, 1e6).map(lambda at: round(at, 6)),
            st.binary(max_size=40),
            st.integers(0, 3),
            st.none() | st.text(max_size=8),
            st.none() | st.integers(1, 9),
        ),
        max_size=6,
    )
)
def test_any_transcript_survives_the_journey(turns: list[Turn]) -> None:
    talk = Transcript("c1", Service(ENDPOINT), "x", 0.0, tuple(turns))
    assert decode(encode(talk), Transcript) == talk
