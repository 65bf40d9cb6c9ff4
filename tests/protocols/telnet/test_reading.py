"""What a transcript proves; the whole of it stands in tests/probes/test_telnet.py."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from iotscan.model import Channel, Endpoint, Observation, Sender, Service, Transcript, Turn
from iotscan.protocols.common.overheard import GUESSED
from iotscan.protocols.telnet.kinds import KINDS
from iotscan.protocols.telnet.reading import read_transcript

ENDPOINT = Endpoint(ip_address("192.0.2.7"), "tcp", 23)


def _read(*said: tuple[Sender, bytes], telnet: bool = True) -> list[Observation]:
    turns = tuple(Turn(sender, float(i), data) for i, (sender, data) in enumerate(said))
    talk = Transcript("c1", Service(ENDPOINT), "telnet", 0.0, turns, (Channel(ENDPOINT),))
    return list(read_transcript(talk, lambda heard: telnet))


def test_what_is_not_recognised_yields_nothing() -> None:
    assert _read(("server", b"login: "), ("client", b"root\r"), telnet=False) == []


def test_only_what_came_before_the_clients_first_words_decides_what_it_is() -> None:
    seen: list[bytes] = []
    turns: tuple[tuple[Sender, bytes], ...] = (
        ("server", b"\xff\xfd\x18"),
        ("client", b"\xff\xfc\x18"),
        ("server", b"login: "),
        ("client", b"root\r"),
        ("server", b"\x00\x01\x02"),
    )
    listed = tuple(Turn(sender, float(i), data) for i, (sender, data) in enumerate(turns))
    talk = Transcript("c1", Service(ENDPOINT), "capture", 0.0, listed, (Channel(ENDPOINT),))

    def recognises(heard: bytes) -> bool:
        seen.append(heard)
        return False

    assert list(read_transcript(talk, recognises)) == []
    assert seen == [b"\xff\xfd\x18login: "]


def test_a_clients_options_in_two_segments_are_not_its_first_words() -> None:
    said: list[tuple[Sender, bytes]] = [
        ("server", b"\xff\xfd"),
        ("client", b"\xff\xfc"),
        ("client", b"\x18"),
        ("server", b"\x18login: "),
    ]
    assert [one.kind for one in _read(*said)] == ["telnet.service", "telnet.banner"]
    turns = tuple(Turn(sender, float(i), data) for i, (sender, data) in enumerate(said))
    talk = Transcript("c1", Service(ENDPOINT), "capture", 0.0, turns, (Channel(ENDPOINT),))
    whole = b"\xff\xfd\x18login: "
    assert list(read_transcript(talk, lambda heard: heard == whole)) != []


@pytest.mark.parametrize(
    ("said", "a_servers"),
    [
        (b"\xff\xfd\x18\xff\xfd\x1f", True),
        (b"\xff\xfb\x01", True),
        (b"\xff\xfa\x18\x01\xff\xf0", True),
        (b"login: ", True),
        (b"\xff\xfb\x18\xff\xfb\x1f", False),
        (b"\xff\xfa\x18\x00xterm\xff\xf0", False),
        (b"\xff\xfd\x01\xff\xfd\x03", False),
    ],
)
def test_where_who_asked_is_a_guess_a_server_must_sound_like_one(
    said: bytes, a_servers: bool
) -> None:
    turns = (Turn("server", 0.0, said, frame=1),)
    note = f"starts mid-stream, {GUESSED}"
    talk = Transcript("c1", Service(ENDPOINT), "capture", 0.0, turns, (), note=note)
    assert bool(list(read_transcript(talk, lambda heard: True))) is a_servers


def test_a_recognition_cut_short_leaves_open_what_may_yet_be_offered() -> None:
    (service, *_) = _read(("server", b"\xff\xfd\x18"))
    assert service.kind == "telnet.service"
    assert not {"encryption_offered", "login_required", "open_shell"} & service.facts.keys()
    assert service.facts["cleartext"] is True


def test_a_transcript_without_channels_is_read_all_the_same() -> None:
    turn = Turn("server", 0.0, b"login: ", channel=3)
    talk = Transcript("c1", Service(ENDPOINT), "telnet", 0.0, (turn,))
    seen = list(read_transcript(talk, lambda heard: True))
    assert [one.kind for one in seen] == ["telnet.service", "telnet.banner"]
    assert seen[0].proofs[0].turns == (0,)


def test_every_kind_has_words_for_people() -> None:
    assert [kind.name for kind in KINDS] == [
        "telnet.service",
        "telnet.banner",
        "telnet.ntlm",
        "telnet.login",
        "telnet.session",
    ]
    assert all(kind.doc.endswith(".") for kind in KINDS)
