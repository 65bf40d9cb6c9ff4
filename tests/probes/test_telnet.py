"""The telnet probe by the script: what it recognises, says and asks before any login."""

from __future__ import annotations

import struct

import pytest
from terminals import (
    ASK_ENCRYPTION,
    CONTROL,
    EXIT,
    FALLBACK,
    GREETING,
    MARKER,
    PROBE,
    ROOT,
    SERVICE,
    SILENCE,
    Script,
    facts_of,
    play,
    typed,
)

from iotscan.model import Ending, Impact, Service, TlsFacts
from iotscan.protocols.telnet.codec import Subnegotiation
from iotscan.testing import FakeNetwork, Hears, Says


@pytest.mark.parametrize(
    "heard",
    [
        b"\xff\xfd\x25",
        b"\xff\xfb\x01\xff\xfb\x03\r\nWelcome\r\n",
        b"\r\nRouter \xff\xfd\x1f",
        b"\r\nUser Access Verification\r\n\r\nUsername: ",
        b"\x1b[2JLocalHost login: ",
        b"Password: ",
        b"\xff\xfe\x24\xff\xfa\x18\x01\xff\xf0" * 100 + b"\x01\x02\x03",
    ],
)
def test_negotiation_and_login_prompts_are_telnet(heard: bytes) -> None:
    assert PROBE.recognises(heard)


@pytest.mark.parametrize(
    "heard",
    [
        b"",
        b"SSH-2.0-dropbear_2022.83\r\n",
        b"220 cam FTP login:",
        b"HTTP/1.1 401 Unauthorized\r\n\r\nlogin: ",
        b"+OK login: ",
        b"* OK IMAP login: ",
        b"RFB 003.008\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"Welcome to the machine\r\n",
        b"special offer $ ",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\x00\xff\xfd\x18\x01\x02\x03\x04login: ",
        b"\xff\xfd\xc8",
        bytes(range(256)),
        b"A" * 4096,
    ],
)
def test_other_greetings_are_not(heard: bytes) -> None:
    assert not PROBE.recognises(heard)


# Greeting


async def test_at_impact_greet_no_login_is_tried() -> None:
    talk = await play([GREETING], [ROOT, CONTROL], Impact.GREET)
    assert len(talk.channels) == 1
    assert typed(talk) == b""
    facts = facts_of(talk, "telnet.service")
    assert (facts["prompt"], facts["login_required"], facts["cleartext"]) == ("login", True, True)
    assert (facts["encryption_offered"], facts["start_tls_offered"]) == (False, False)


async def test_options_are_refused_once_and_noted_and_encryption_is_asked_for() -> None:
    script: Script = [
        Says(b"\xff\xfd\x18\xff\xfd\x18\xff\xfb\x01"),
        Hears(b"\xff\xfc\x18\xff\xfe\x01"),
        Says(b"\xff\xfd\x18login: "),
        ASK_ENCRYPTION,
        Says(b"\xff\xfb\x26\xff\xfe\x2e"),
    ]
    facts = facts_of(await play([script], impact=Impact.GREET), "telnet.service")
    assert facts["options"] == ("TERMINAL-TYPE", "ECHO", "ENCRYPT")
    assert (facts["encryption_offered"], facts["start_tls_offered"]) == (True, False)


async def test_an_offer_of_start_tls_is_noted() -> None:
    script: Script = [
        Says(b"\xff\xfd\x2e"),
        Hears(b"\xff\xfc\x2e"),
        Says(b"login: "),
        ASK_ENCRYPTION,
        SILENCE,
    ]
    facts = facts_of(await play([script], impact=Impact.GREET), "telnet.service")
    assert facts["start_tls_offered"] is True


async def test_a_windows_server_is_asked_to_name_itself() -> None:
    names = struct.pack("<HH", 1, 10) + "KIOSK".encode("utf-16-le") + bytes(4)
    head = b"NTLMSSP\0" + struct.pack("<IHHII", 2, 0, 0, 48, 0x205) + bytes(16)
    message = head + struct.pack("<HHI", len(names), len(names), 48) + names
    reply = Subnegotiation(37, b"\x02\x0f\0\x01" + bytes(8) + message).encode()
    hello = b"\xff\xfd\x25\xff\xfb\x01"
    greeting: Script = [
        Says(hello),
        Hears(b"\xff\xfc\x25\xff\xfe\x01"),
        Says(b"Welcome to Microsoft Telnet Service \r\n\n\rlogin: "),
        ASK_ENCRYPTION,
        SILENCE,
    ]
    asked = Hears(lambda data: data.startswith(b"\xff\xfb\x25\xff\xfa\x25\0\x0f\0\0"))
    talk = await play([greeting, [Says(hello), asked, Says(reply), SILENCE]], [], Impact.GREET)
    assert talk.ending is Ending.COMPLETE
    assert facts_of(talk, "telnet.ntlm") == {"computer": "KIOSK"}
    assert not [seen for seen in PROBE.read(talk) if seen.kind == "telnet.session"]


async def test_telnet_inside_tls_is_not_clear_text() -> None:
    net = FakeNetwork(
        Service(SERVICE.endpoint, "telnet", tls=True),
        [GREETING],
        impact=Impact.GREET,
        tls=TlsFacts("TLSv1.2"),
    )
    assert facts_of(await net.play(PROBE), "telnet.service")["cleartext"] is False


async def test_a_silent_device_is_woken_by_one_empty_line() -> None:
    script: Script = [Says(b"Booted.\r\n"), SILENCE, Hears(b"\r"), Says(b"Password: ")]
    talk = await play([[Says(b"\xff\xfb\x01"), Hears(b"\xff\xfe\x01"), *script, ASK_ENCRYPTION]])
    assert facts_of(talk, "telnet.service")["prompt"] == "password"


async def test_a_shell_without_login_is_proven_by_the_marker_and_left() -> None:
    script: Script = [Says(b"\xff\xfd\x1f"), Hears(None), Says(b"BusyBox v1.19.2\r\n# "), SILENCE]
    echo = Says(b"echo iot$((6*7))scan\r\niot42scan\r\n# ")
    talk = await play([[*script, MARKER, echo, EXIT]], [ROOT, CONTROL], Impact.GREET)
    facts = facts_of(talk, "telnet.service")
    assert (facts["open_shell"], facts["login_required"]) == (True, False)
    assert talk.ending is Ending.COMPLETE
    assert len(talk.channels) == 1


async def test_a_shell_without_arithmetic_is_proven_by_quotes() -> None:
    script: Script = [Says(b"\xff\xfd\x1f"), Hears(None), Says(b"# "), SILENCE]
    first: Script = [MARKER, Says(b"echo iot$((6*7))scan\r\nsyntax error\r\n# "), SILENCE]
    second: Script = [FALLBACK, Says(b'echo ios""can\r\nioscan\r\n# '), EXIT]
    talk = await play([[*script, *first, *second]], [ROOT])
    assert facts_of(talk, "telnet.service")["open_shell"] is True


async def test_a_prompt_that_only_echoes_is_no_open_shell() -> None:
    script: Script = [Says(b"\xff\xfd\x1f"), Hears(None), Says(b"Best prices: 5 $ "), SILENCE]
    echo: Script = [MARKER, Says(b"echo iot$((6*7))scan\r\n$ "), SILENCE]
    again: Script = [FALLBACK, Says(b'echo ios""can\r\n$ '), SILENCE, EXIT]
    talk = await play([[*script, *echo, *again]], [ROOT])
    facts = facts_of(talk, "telnet.service")
    assert "open_shell" not in facts
    assert "login_required" not in facts


async def test_the_banner_is_cleaned_and_what_it_discloses_is_told() -> None:
    banner = b"\x1b]0;evil\x07BusyBox v1.19.2\r\nFirmware Version: 2.1 \xe2\x80\xae\r\ncam login: "
    facts = facts_of(await play([[Says(banner)]], impact=Impact.GREET), "telnet.banner")
    assert facts["firmware"] == "2.1"
    assert facts["discloses"] == ("firmware", "busybox", "host")
    assert not set("\x1b\x07\u202e") & set(str(facts["banner"]))
