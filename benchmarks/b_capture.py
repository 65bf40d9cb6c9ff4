"""Captures: iotscan beside tshark and scapy, on traffic like that of a home

The same files, made by ``benchmarks.traffic``. tshark extracts the fields that hold what iotscan
looks for; scapy only dissects packets. iotscan makes its whole report: devices, findings, verdicts.
Sizes in MB come from BENCH_MB (2000) and BENCH_STREAM_MB (10000).
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Cost

MEGABYTES = int(os.environ.get("BENCH_MB", "2000"))
STREAMED = int(os.environ.get("BENCH_STREAM_MB", "10000"))
# Of the mixes whose every frame matters a tenth is enough to measure.
SHARE = {"video": 1.0, "home": 1.0, "flows": 0.1, "chatter": 0.1}
# Scapy reads so little of each that it ends.
SCAPY_MEGABYTES = 10
FIELDS = (
    "frame.number eth.src ip.src ip.dst ipv6.src tcp.dstport udp.dstport "
    "tls.handshake.version tls.handshake.ciphersuite x509sat.uTF8String mqtt.username "
    "mqtt.passwd http.authorization http.request.uri http.server ftp.request.command "
    "ftp.request.arg telnet.data dns.qry.name dhcp.option.hostname snmp.community "
    "coap.code rtsp.request sip.auth"
)
SCAPY = (
    "import sys; from scapy.all import PcapReader, TCP;"
    "print(sum(TCP in packet for packet in PcapReader(sys.argv[1])), 'of TCP')"
)
FOLDER = (
    "from iotscan.assess.rulebook.packs import load_rulebook\n"
    "from iotscan.offline import report_on\n"
    "if __name__ == '__main__': report_on([{0!r}], load_rulebook(), {1})"
)
# As it is installed: with byte code.
PYTHON = f"env -u PYTHONDONTWRITEBYTECODE {shlex.quote(sys.executable)}"
REPLAY = f"{PYTHON} -m iotscan replay --quiet --fail-on critical"


def missing() -> str:
    return "" if shutil.which("tshark") else "not installed: tshark"


def run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        _beside_others(Path(folder))
        _many_flows(Path(folder))
        _folder(Path(folder))
    _streams()


def _make(mix: str, size: float, path: Path | str, seed: int = 1) -> str:
    return f"{PYTHON} -m benchmarks.traffic {mix} {size} {shlex.quote(str(path))} {seed}"


def _shell(command: str) -> Cost:
    return measure.run(["sh", "-c", command])


def _speed(title: str, size: float, cost: Cost, own: float = 0.0) -> float:
    """Print one line; MB for each second of one core's time. ``own``: iotscan's, for the ratio."""
    speed = size / cost.processor
    ratio = f"{own / speed:8.1f}" if own else " " * 8
    print(
        f"{title:34}{cost.wall:8.2f}{cost.processor:8.2f}{cost.memory:7.0f}{speed:11.1f}{ratio}",
        flush=True,
    )
    return speed


def _head(title: str) -> None:
    print(f"{title:34}{'wall':>8}{'cpu':>8}{'MB':>7}{'MB/s core':>11}{'ratio':>8}")


def _beside_others(folder: Path) -> None:
    fields = " ".join(f"-e {field}" for field in FIELDS.split())
    for mix, share in SHARE.items():
        path, small = folder / f"{mix}.pcap", folder / "small.pcap"
        size = MEGABYTES * share
        _shell(f"{_make(mix, size, path)}; {_make(mix, SCAPY_MEGABYTES, small)}")
        _head(f"{mix}, {size:.0f} MB (scapy: {SCAPY_MEGABYTES})")
        own = _speed("iotscan", size, _shell(f"{REPLAY} {path} > {folder}/out"))
        tshark = f"tshark -n -r {path} -T fields {fields} 2>/dev/null > {folder}/out"
        _speed("tshark", size, _shell(tshark), own)
        scapy = f"{PYTHON} -c {shlex.quote(SCAPY)} {small}"
        _speed("scapy", SCAPY_MEGABYTES, _shell(scapy), own)
        path.unlink()
    (folder / "out").unlink()


def _many_flows(folder: Path) -> None:
    """How much slower a megabyte is when there are more flows before it: a thousand to a million,
    three in 6.3 kB.
    """
    _head("small flows, more and more")
    for count in (10_000, 100_000, 1_000_000):
        path, size = folder / "flows.pcap", count * 2.1 / 1000
        _shell(_make("flows", size, path))
        _speed(f"{count:,} flows, {size:.0f} MB", size, _shell(f"{REPLAY} {path} > /dev/null"))
        path.unlink()


def _folder(folder: Path) -> None:
    inside, size = folder / "captures", MEGABYTES / 4
    inside.mkdir()
    for number in range(4):
        _shell(_make("home", size, inside / f"{number}.pcap", number + 1))
    _head(f"a folder of 4 captures, {4 * size:.0f} MB")
    for jobs in (1, 2):
        code = shlex.quote(FOLDER.format(str(inside), jobs))
        cost = _shell(f"{PYTHON} -c {code}")
        _speed(f"{jobs} process{'es' * (jobs > 1)}", 4 * size, cost)


def _streams() -> None:
    """Through a pipe, so that no disk has to hold it; the maker's own time is in it."""
    _head("through a pipe")
    for mix, share in SHARE.items():
        size = STREAMED * (1 if share == 1 else 0.1)
        cost = _shell(f"{_make(mix, size, '-')} 2>/dev/null | {REPLAY} - > /dev/null")
        _speed(f"{mix}, {size:.0f} MB", size, cost)
