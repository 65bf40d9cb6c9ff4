"""The whole product against the whole house: one scan by the real command, judged both ways.

The scan runs once, inside the scanner's namespace, with a packet capture on its only interface.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from houses import build, devices, truth
from lan import NETWORK, NETWORK6, SCANNER, SCANNER6, Lan, lan

import iotscan
from iotscan.capture.files import opened
from iotscan.capture.frames import Walk

# On a full machine the house has taken nine minutes to start and to be scanned.
pytestmark = [pytest.mark.lab, pytest.mark.timeout(2700)]
DEVICES = devices()
LINK_LOCAL = ip_network("fe80::/10")


@dataclass(frozen=True)
class Scanned:
    """The house after one scan of it."""

    network: Lan
    report: dict[str, Any]
    recording: Path
    capture: Path
    code: int
    screen: str


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    folder = tmp_path_factory.mktemp("lab")
    with lan(folder) as network:
        scanner = build(network)
        capture = folder / "scanner.pcap"
        sniffer = scanner.start("tcpdump", "-i", "lan0", "-U", "-w", str(capture), "-Q", "out")
        while not capture.exists() or capture.stat().st_size < 24:
            assert sniffer.poll() is None, "tcpdump ended"
        done = scanner.run(
            sys.executable, "-m", "iotscan", "scan", NETWORK, NETWORK6,
            "--record", f"{folder}/house.jsonl",
            "--output", f"json:{folder}/house.json", "--output", "terminal",
        )  # fmt: skip
        subprocess.run(["ip", "netns", "exec", scanner.namespace, "sync"], check=False)
        sniffer.terminate()
        sniffer.wait()
        report = json.loads((folder / "house.json").read_bytes())
        screen = done.stdout + done.stderr
        yield Scanned(network, report, folder / "house.jsonl", capture, done.returncode, screen)


def findings(report: dict[str, Any]) -> set[str]:
    """Findings as "address rule port/transport", the address being the device's first."""
    first = {device["key"]: device["addresses"][0] for device in report["devices"]}
    return {
        f"{first[f['device']]} {f['rule']}"
        + (f" {f['endpoint']['port']}/{f['endpoint']['transport']}" if f["endpoint"] else "")
        for f in report["findings"]
    }


def test_truth_speaks_of_every_device() -> None:
    assert set(truth()) == {name for name, *_ in DEVICES}


def test_exactly_the_devices_of_the_house_are_found(scanned: Scanned) -> None:
    also = {name: device.get("also", []) for name, device in truth().items()}
    wanted = {(a, mac) for name, own, mac, _ in DEVICES for a in (own, *also[name])}
    found = {
        (address, device["mac"])
        for device in scanned.report["devices"]
        for address in device["addresses"]
        if ip_address(address) not in LINK_LOCAL
    }
    assert found == wanted
    assert len(scanned.report["devices"]) == len(DEVICES)


def test_exactly_the_findings_of_the_truth_are_made(scanned: Scanned) -> None:
    addresses = {name: address for name, address, *_ in DEVICES}
    wanted = {
        f"{addresses[name]} {finding}"
        for name, device in truth().items()
        for finding in device["findings"]
    }
    assert findings(scanned.report) == wanted


def test_what_could_not_be_judged_is_said(scanned: Scanned) -> None:
    addresses = {name: address for name, address, *_ in DEVICES}
    wanted = {
        f"{addresses[name]} {gap}" for name, device in truth().items() for gap in device["gaps"]
    }
    said = {
        f"{gap['subject'].rpartition(':')[0] or gap['subject']} {gap['ending']}"
        for gap in scanned.report["gaps"]
    }
    assert said == wanted
    # A service of an unknown protocol was looked at all the same: nothing asked for is missing.
    assert scanned.report["complete"] is True
    assert scanned.code == 1


def test_every_finding_cites_a_proof_that_is_in_the_recording(scanned: Scanned) -> None:
    recording = iotscan.load_recording(scanned.recording)
    talks = {talk.id: talk for talk in recording.transcripts}
    others = {p.id for p in recording.packets} | {s.id for s in recording.sweeps}
    for finding in scanned.report["findings"]:
        assert finding["proofs"], finding["rule"]
        for proof in finding["proofs"]:
            assert proof["source"] in talks or proof["source"] in others
            if proof["source"] in talks:
                assert all(turn < len(talks[proof["source"]].turns) for turn in proof["turns"])


def destinations(capture: Path) -> set[str]:
    """Every IP address that a frame leaving the scanner was sent to, and ARP's targets."""
    found = set()
    with opened(capture) as source:
        for _, _, _, frame, _ in Walk(source).frames():
            (kind,) = struct.unpack_from("!H", frame, 12)
            if kind == 0x0800:
                found.add(str(ip_address(frame[30:34])))
            elif kind == 0x86DD:
                found.add(str(ip_address(frame[38:54])))
            elif kind == 0x0806:
                found.add(str(ip_address(frame[38:42])))
    return found


def test_no_packet_left_the_scope(scanned: Scanned) -> None:
    # mDNS, SSDP (over IPv6 the site's as well), CoAP, and the kernel's own reports of membership.
    groups = {"224.0.0.251", "239.255.255.250", "224.0.1.187", "224.0.0.22", "ff05::c"}
    inside = [ip_network(NETWORK), ip_network(NETWORK6)]
    outside = {
        address
        for address in destinations(scanned.capture)
        if not any(ip_address(address) in network for network in inside) and address not in groups
    }
    # The kernel's own neighbour discovery and multicast reports, and mDNS answers' IPv6 group.
    assert {a for a in outside if not a.startswith(("ff02::", "fe80::"))} == set()


def log(scanned: Scanned, name: str) -> str:
    path = scanned.network.hosts[name].folder / "events"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_nothing_was_printed(scanned: Scanned) -> None:
    assert log(scanned, "printer") == ""


def test_controllers_were_asked_nothing_but_what_they_are(scanned: Scanned) -> None:
    for name in ("dnp3", "fins", "knx-secure"):
        assert log(scanned, name) == ""


def test_plugs_and_lamps_were_asked_nothing_that_they_do_not_know(scanned: Scanned) -> None:
    asked = {name: log(scanned, name) for name, *_ in devices("consumer_lan")}
    assert {name: lines for name, lines in asked.items() if lines} == {}


def test_devices_of_the_home_were_asked_nothing_but_what_they_are(scanned: Scanned) -> None:
    assert set(log(scanned, "tasmota-open").split("\n")) == {"GET /", ""}
    assert set(log(scanned, "cast-player").split()) & {"CONNECT", "GET_STATUS", "?"} == {
        "CONNECT",
        "GET_STATUS",
    }
    # A hello, what it is, a farewell; no byte to the port where updates begin.
    asked = log(scanned, "esphome-open").split("\n")
    assert set(asked) == {"message 1", "message 9", "message 5", ""}
    assert "POST" not in "".join(log(scanned, name) for name, *_ in DEVICES if "roku" in name)


def test_no_account_was_locked(scanned: Scanned) -> None:
    for name in ("telnet-lockout", "telnet-fragile"):
        assert "failed" in log(scanned, name), "the login was not tried at all"
        assert "locked" not in log(scanned, name)


def test_the_fragile_device_is_alive(scanned: Scanned) -> None:
    assert "died" not in log(scanned, "telnet-fragile")
    assert scanned.network.hosts["telnet-fragile"].processes[0].poll() is None


def test_a_shell_got_only_the_marker(scanned: Scanned) -> None:
    commands = [line for line in log(scanned, "telnet-anything").splitlines() if "command" in line]
    assert set(commands) <= {"command echo iot$((6*7))scan", "command exit"}


def test_no_device_was_changed(scanned: Scanned) -> None:
    router = scanned.network.hosts["router"]
    assert router.run("nft", "list", "ruleset").stdout.count("dnat") == 1
    topics = scanned.network.hosts["mqtt-open"].run(
        "mosquitto_sub", "-h", "10.77.0.10", "-t", "#", "--retained-only", "-F", "%t", "-W", "1"
    )
    assert sorted(topics.stdout.split()) == [
        "home/wifi/password",
        "tele/plug1/LWT",
        "tele/plug1/STATE",
        "zigbee2mqtt/bridge/state",
    ]


def test_no_password_is_in_the_report_or_sent_unmasked_in_the_recording(scanned: Scanned) -> None:
    """A default pair is named by its id; a retained secret by its topic."""
    report = scanned.recording.with_suffix(".json").read_text(encoding="utf-8") + scanned.screen
    assert "correct horse battery" not in report
    talks = iotscan.load_recording(scanned.recording).transcripts
    tried = [turn for talk in talks for turn in talk.turns if turn.login is not None]
    assert tried
    assert all(b"*" in turn.data for turn in tried)


def test_replaying_the_recording_gives_the_same_report(scanned: Scanned, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    command = [sys.executable, "-m", "iotscan", "replay", str(scanned.recording)]
    done = subprocess.run(
        [*command, "--output", f"json:{again}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == scanned.code, done.stderr
    assert again.read_bytes() == scanned.recording.with_suffix(".json").read_bytes()


def test_the_scanner_found_itself_nowhere(scanned: Scanned) -> None:
    found = {a for device in scanned.report["devices"] for a in device["addresses"]}
    assert not {SCANNER, SCANNER6} & found
