"""``iotscan doctor``: each limit is named with what would change it; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from iotscan.cli import doctor
from iotscan.net.interfaces import InterfaceNote
from iotscan.probe_api import Attachment

HOME = Attachment("eth7", "02:00:00:00:00:01", (ip_address("192.168.1.5"),), (24,))
BRIDGE = Attachment("docker0", None, (ip_address("172.17.0.1"),), (16,))
DOWN = Attachment("eth8", None, (), ())


class Frames:
    """A packet socket that opens, or does not."""

    error: OSError | None = None

    def __init__(self, interface: Attachment, hear: object) -> None:
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A machine with these interfaces."""

    def with_interfaces(*notes: InterfaceNote) -> None:
        monkeypatch.setattr(doctor, "describe_interfaces", lambda: list(notes))
        taken = [note.attachment for note in notes if note.default]
        monkeypatch.setattr("iotscan.net.interfaces.attachments", lambda: taken)

    monkeypatch.setattr(Frames, "error", None)
    monkeypatch.setattr(doctor, "Frames", Frames)
    monkeypatch.setattr(doctor, "in_container", lambda: False)
    with_interfaces(InterfaceNote(HOME, True))
    return with_interfaces


def test_machine_without_limits_is_exit_0(command: Callable[..., Any]) -> None:
    ran = command("doctor")
    assert ran.code == 0, ran.out
    assert "LIMIT" not in ran.out
    assert "FINE: eth7: 192.168.1.5/24, one broadcast domain" in ran.out
    assert "a scan without TARGET takes 192.168.1.0/24" in ran.out
    assert "raw frames can be sent" in ran.out


def test_interfaces_left_out_are_named_with_the_reason(
    machine: Callable[..., None], command: Callable[..., Any]
) -> None:
    machine(
        InterfaceNote(HOME, True),
        InterfaceNote(BRIDGE, False, "a network of containers inside this machine"),
        InterfaceNote(DOWN, False, "it is down"),
    )
    ran = command("doctor")
    text = " ".join(ran.out.split())
    assert "docker0: 172.17.0.1/16, left out: a network of containers inside" in text
    assert "name its network as TARGET to scan it" in text
    assert "eth8: no address, left out: it is down" in text
    assert ran.code == 0


def test_no_network_is_a_limit(machine: Callable[..., None], command: Callable[..., Any]) -> None:
    machine()
    ran = command("doctor")
    assert ran.code == 3
    assert "LIMIT: no private network is attached" in ran.out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(1, "not permitted"), "no permission for raw frames"),
        (OSError("this system has no packet sockets"), "no raw frames here (this system has no"),
    ],
)
def test_missing_privilege_says_what_is_lost_and_how_to_get_it(
    error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]
) -> None:
    monkeypatch.setattr(Frames, "error", error)
    ran = command("doctor")
    assert ran.code == 3
    assert said in " ".join(ran.out.split())
    assert "To change it: " in ran.out


def test_interface_without_multicast_is_a_limit(
    machine: Callable[..., None], command: Callable[..., Any]
) -> None:
    machine(InterfaceNote(Attachment("tun7", None, HOME.addresses, (24,), False), True))
    ran = command("doctor")
    assert ran.code == 3
    assert "without multicast" in ran.out


def test_container_is_told(monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]) -> None:
    monkeypatch.setattr(doctor, "in_container", lambda: True)
    assert "this is a container" in command("doctor").out


@pytest.mark.parametrize(
    ("found", "said"), [("/usr/bin/nmap", "nmap is there (/usr/bin/nmap)"), (None, "install nmap")]
)
def test_optional_program_is_no_limit(
    found: str | None, said: str, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Any]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: found)
    ran = command("doctor")
    assert ran.code == 0
    assert said in " ".join(ran.out.split())


def test_broken_settings_are_told_without_stopping(command: Callable[..., Any]) -> None:
    Path("config").mkdir()
    Path("config/config.toml").write_text("impact = 1\nsweep = 2\n")
    ran = command("doctor")
    assert ran.code == 3
    text = " ".join(ran.out.split())
    assert "impact: must be one of listen, greet, login, not 1 (and 1 further line)" in text
    assert "rules can be used" in text
