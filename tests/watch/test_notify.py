"""Apprise, delivering to real servers on loopback: one that works, broken ones, slow ones."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from iotscan.errors import UsageError
from iotscan.watch.message import Message
from iotscan.watch.notify import Receiver, receivers

# Some of what Apprise's plug-ins import is out of date in Python 3.11.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SECRET = "s3cr3t-w0rd"
MESSAGE = Message("iotscan: 1 new device", "New device: \\n lamp &amp; *x*\nAll of it", "warning")


async def test_message_arrives_as_it_was_written(server: Any) -> None:
    (receiver,) = receivers([f"json://user:{SECRET}@127.0.0.1:{server.port}/"])
    assert await receiver.send(MESSAGE) == ""
    (heard,) = server.heard
    assert (heard["title"], heard["message"], heard["type"]) == (
        MESSAGE.title,
        MESSAGE.body,
        "warning",
    )


@pytest.mark.parametrize(("status", "words"), [(500, "500"), (401, "401"), (302, "302")])
async def test_server_that_refuses_is_told_with_its_status(
    status: int, words: str, server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    server.status = status
    (receiver,) = receivers([f"json://user:{SECRET}@127.0.0.1:{server.port}/{SECRET}"])
    fault = await receiver.send(MESSAGE)
    assert fault == f"the server answered with HTTP status {words}"
    assert capfd.readouterr() == ("", "")


async def test_server_that_is_not_there_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (receiver,) = receivers([f"json://127.0.0.1:{port}/{SECRET}"])
        assert await receiver.send(MESSAGE) == "it was not taken"
    assert capfd.readouterr() == ("", "")


async def test_server_that_does_not_answer_is_given_up(server: Any) -> None:
    server.held.clear()
    (receiver,) = receivers([f"json://127.0.0.1:{server.port}/?rto=0.3"])
    assert await receiver.send(MESSAGE) == "it was not taken"


async def test_server_that_takes_its_time_for_ever_costs_no_more_than_patience() -> None:
    """A byte now and then keeps every time-out of a single read from being reached."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def drip() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not done.wait(0.05):
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        receiver = Receiver(f"json://127.0.0.1:{listening.getsockname()[1]}/", 1, patience=0.4)
        try:
            assert await receiver.send(MESSAGE) == "no answer within 0.4 seconds"
        finally:
            done.set()


def test_process_ends_while_a_server_still_takes_its_time() -> None:
    """The given-up thread holds nothing up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        script = f"""
import asyncio
from iotscan.watch.message import Message
from iotscan.watch.notify import Receiver
receiver = Receiver("json://127.0.0.1:{port}/?rto=300", 1, patience=0.2)
print(asyncio.run(receiver.send(Message("t", "b"))))
"""
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ran.stdout == "no answer within 0.2 seconds\n"
    assert ran.stderr == ""


@pytest.mark.parametrize(
    "address", [f"nonsense://{SECRET}", SECRET, f"tgram://{SECRET}", "", f"json://:{SECRET}@"]
)
def test_address_that_is_none_is_refused_without_quoting_it(
    address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="address 2 of those given") as caught:
        receivers(["json://127.0.0.1/", address])
    assert SECRET not in str(caught.value)
    assert capfd.readouterr() == ("", "")


async def test_secrets_are_in_no_name_key_log_or_fault(
    server: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # A program that logs everything: pytest's own capture also hears loggers that tell nobody.
    logged: list[str] = []
    listening = logging.Handler()
    monkeypatch.setattr(listening, "emit", lambda record: logged.append(record.name))
    monkeypatch.setattr(logging.root, "handlers", [listening])
    monkeypatch.setattr(logging.getLogger("apprise"), "level", logging.DEBUG)
    address = f"json://user:{SECRET}@127.0.0.1:{server.port}/{SECRET}?+X-Token={SECRET}"
    (receiver,) = receivers([address])
    server.status = 503
    fault = await receiver.send(MESSAGE)
    assert server.headers[0]["X-Token"] == SECRET
    assert receiver.name == "receiver 1 (JSON)"
    for words in (receiver.name, receiver.key, fault, repr(receiver), *capfd.readouterr()):
        assert SECRET not in words
    assert "apprise" not in logged


def test_receiver_is_known_again_by_its_address_alone() -> None:
    one, other = receivers(["json://127.0.0.1/a", "json://127.0.0.1/b"])
    (again,) = receivers(["json://127.0.0.1/b"])
    assert again.key == other.key != one.key
    assert again.name != other.name


async def test_fault_in_apprise_itself_costs_nothing_but_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*args: object, **kwargs: object) -> bool:
        raise RuntimeError(SECRET)

    (receiver,) = receivers(["json://127.0.0.1/"])
    monkeypatch.setattr("apprise.Apprise.notify", broken)
    assert await receiver.send(MESSAGE) == "a fault in Apprise: RuntimeError"


def test_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert receivers([]) == []
    with pytest.raises(UsageError, match=r"pip install 'iotscan\[notify\]'"):
        receivers(["json://127.0.0.1/"])
