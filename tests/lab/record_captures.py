"""Records the captures of ``captures/lab-*``: each device of the lab's house while it is scanned.

``python tests/lab/record_captures.py [DEVICE …]`` as root; ``python tests/lab/judge_captures.py``
then writes what a report says of them. Each device stands alone on a LAN with the scanner, which is
told the ports that the device listens on. Left out are questions that nobody answered, so that the
captures hold conversations and not hundreds of refusals, and what the LAN's bridge says itself.
"""

from __future__ import annotations

import platform
import re
import sys
import tempfile
import time
from ipaddress import ip_address
from pathlib import Path

from houses import devices
from lan import SCANNER, Device, Host, lan

from iotscan.capture.files import opened
from iotscan.capture.frames import Frame, Walk
from iotscan.capture.internet import TCP, UDP, Fragments, parse
from iotscan.capture.links import parse as parse_link
from iotscan.capture.segments import ACK, SYN
from iotscan.capture.writer import Writer

CAPTURES = Path(__file__).resolve().parent.parent.parent / "captures"
# Of a device that talks a lot the beginning says what it is.
MOST_BYTES = 100_000
SCANNER_MAC = "02:00:00:00:00:02"
_ICMP = 1
_MACHINE = re.compile(
    re.escape(platform.release().encode())
    + rb"|"
    + re.escape(tempfile.gettempdir().encode())
    + rb"/tmp[a-z0-9_]{8}"
)


def main(names: list[str]) -> None:
    for device in devices():
        if not names or device[0] in names:
            record(device)


def record(device: Device) -> None:
    """One device's capture."""
    name, address, mac, start = device
    folder = CAPTURES / f"lab-{name}"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, lan(Path(scratch)) as network:
        scanner = network.add("scanner", SCANNER, SCANNER_MAC)
        host = network.add(name, address, mac)
        start(host)
        raw = Path(scratch) / "raw.pcap"
        _scan(scanner, address, _ports(host), raw)
        with opened(raw) as source:
            frames = list(Walk(source).frames())
    frames = [(n, at, link, neutral(d), wire) for n, at, link, d, wire in frames]
    kept = conversations(
        [frame for frame in frames if frame[3][6:12] in (_mac(SCANNER_MAC), _mac(mac))]
    )
    save(folder / "input.pcapng", kept)
    print(f"{name}: {len(kept)} of {len(frames)} frames", flush=True)


def neutral(data: bytes) -> bytes:
    """Without the kernel and the folders of the machine that recorded, which daemons tell: others
    of the same length stand there.
    """
    return _MACHINE.sub(lambda found: _other(found[0]), data)


def _other(word: bytes) -> bytes:
    begin = b"/opt/lab" if word.startswith(b"/") else b"6.1.0-"
    return begin.ljust(len(word), b"0")


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def save(path: Path, frames: list[Frame]) -> None:
    """Write frames as a capture, as many as there is room for."""
    with path.open("wb") as file:
        writer = Writer(file)
        for _, at, link, data, wire in frames:
            if file.tell() + len(data) > MOST_BYTES:
                break
            writer.packet(at, link, data, wire)


def conversations(frames: list[Frame]) -> list[Frame]:
    """The frames without questions that were refused or not answered."""
    answered = {place for frame in frames for place in _answers(frame)}
    return [frame for frame in frames if _sense(frame, answered)]


def _sockets(frame: Frame) -> tuple[int, bytes, bytes, bytes] | None:
    """(protocol, source, destination, payload of IP); the ends with their ports."""
    link = parse_link(frame[2], frame[3])
    packet = parse(link.kind, frame[3], link.offset, Fragments()) if link else None
    if packet is None:
        return None
    ports = packet.payload[:4] if packet.protocol in (TCP, UDP) else b""
    ends = packet.source + ports[:2], packet.destination + ports[2:]
    return packet.protocol, *ends, packet.payload


def _answers(frame: Frame) -> list[bytes]:
    """What this frame answers: a connection that is accepted, a socket that gets a datagram."""
    found = _sockets(frame)
    if found is None:
        return []
    protocol, source, destination, payload = found
    if source[:4] == ip_address(SCANNER).packed:
        return []
    if protocol == TCP and payload[13] & (SYN | ACK) == SYN | ACK:
        return [source + destination]
    return [destination] if protocol == UDP else []


def _sense(frame: Frame, answered: set[bytes]) -> bool:
    found = _sockets(frame)
    if found is None:
        return True
    protocol, source, destination, _ = found
    if protocol == TCP:
        return source + destination in answered or destination + source in answered
    if protocol == UDP:
        to_group = destination[0] >= 224
        return to_group or source in answered or destination in answered
    return protocol != _ICMP


def _ports(host: Host) -> str:
    time.sleep(1)
    table = host.run("ss", "-lntH").stdout
    found = {int(port) for port in re.findall(r"[:\]](\d+)\s", table)}
    return ",".join(map(str, sorted(found | {9})))


def _scan(scanner: Host, address: str, ports: str, capture: Path) -> None:
    sniffer = scanner.start("tcpdump", "-i", "lan0", "-U", "-w", str(capture))
    while not capture.exists() or capture.stat().st_size < 24:
        time.sleep(0.05)
    scanner.run(
        sys.executable, "-m", "iotscan", "scan", address, "--yes", "--quiet", "--ports", ports,
        "--discovery-time", "2",
    )  # fmt: skip
    time.sleep(0.5)
    sniffer.terminate()
    sniffer.wait(10)


if __name__ == "__main__":
    main(sys.argv[1:])
