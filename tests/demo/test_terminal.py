"""The simulated telnet server, by a client that does what people's clients do."""

from __future__ import annotations

import asyncio

from iotscan.demo.terminal import HELLO, LOGINS_A_CONNECTION, Guard
from iotscan.testing import serve


async def _exchange(guard: Guard, *lines: bytes) -> bytes:
    """All that the server says to these lines, sent one after the other."""
    async with serve(guard.served()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for line in lines:
            writer.write(line)
        writer.write_eof()
        said = await reader.read()
        writer.close()
        await writer.wait_closed()
    return said


def _only_root(name: str, password: str) -> bool:
    return (name, password) == ("root", "secret")


async def test_a_right_login_opens_a_shell_that_evaluates_echo() -> None:
    said = await _exchange(
        Guard("Box\n", "box", _only_root),
        b"root\r\n",
        b"secret\r\0",
        b"echo iot$((6*7))scan\r",
        b'echo ios""can\r',
        b"reboot\r",
        b"exit\r",
    )
    assert said.startswith(HELLO + b"Box\r\nbox login: ")
    assert b"\r\niot42scan\r\n# " in said
    assert b"\r\nioscan\r\n# " in said
    assert b"-sh: reboot: not found" in said


async def test_wrong_logins_are_refused_and_counted_until_it_hangs_up() -> None:
    guard = Guard("", "box", _only_root)
    said = await _exchange(guard, *[b"root\r", b"root\r"] * 5)
    assert guard.failures == LOGINS_A_CONNECTION
    assert said.count(b"Login incorrect") == LOGINS_A_CONNECTION
    assert b"# " not in said


async def test_a_password_is_not_echoed_and_options_are_no_text() -> None:
    said = await _exchange(Guard("", "box", _only_root), b"\xff\xfe\x01root\r", b"hidden\r")
    assert b"login: root\r\n" in said
    assert b"hidden" not in said
