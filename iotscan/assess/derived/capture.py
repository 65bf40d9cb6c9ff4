"""What a capture shows of a device's behaviour beyond single conversations: whether it tries the
doors of others, and whether it tries one again and again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

from iotscan.capture.scans import Scans, Tries
from iotscan.capture.stations import parsed
from iotscan.model import Endpoint, Fact, Kind, Observation, Proof

SCANNING = Kind(
    "capture.scanning",
    {"way": str, "ports": tuple, "targets": int, "answered": int, "telnet": bool, "target": str},
    "A host opened connections, most of them in vain, to the same port of many others (way: wide),"
    " or to many ports of one (deep; target). telnet: to the ports of telnet.",
)
STORM = Kind(
    "capture.reconnects",
    {"tries": int, "seconds": float, "pause": float, "port": int},
    "A host tried to connect to the same port of a server (peer) many times in a row in vain, and"
    " did not wait longer from time to time. pause: between two tries on average, in seconds.",
)
KINDS = (SCANNING, STORM)

TELNET = (23, 2323)
# Nobody administers so many devices by telnet from one host within a capture, in vain.
LEAST_TELNET, LEAST_WIDE, LEAST_DEEP = 8, 20, 40
_MOST_PORTS = 32
# Cited of one scan; what is beyond is more of the same.
_MOST_FRAMES = 200


def scanning(scans: Scans, file: str, zero: float = 0.0) -> Iterator[Observation]:
    """What was counted, as observations on the hosts that did it. ``zero``: when it all began."""
    telnet: dict[bytes, dict[int, Tries]] = defaultdict(dict)
    wide: dict[bytes, dict[int, Tries]] = defaultdict(dict)
    for source, port, tries in scans.wide_scans(LEAST_TELNET):
        if port in TELNET:
            telnet[source][port] = tries
        if len(tries.targets) >= LEAST_WIDE:
            wide[source][port] = tries
    for source, found in sorted(telnet.items()):
        port = min(found)
        yield _wide(source, found, port, _proof(_first(found), file, zero))
    for source, found in sorted(wide.items()):
        yield _wide(source, found, None, _proof(_first(found), file, zero))
    for source, target, tries in scans.deep_scans(LEAST_DEEP):
        facts: dict[str, Fact] = {
            "way": "deep",
            "target": str(parsed(target)),
            "targets": len(tries.targets),
            "answered": len(tries.answered),
            "telnet": False,
        }
        yield Observation(
            SCANNING.name, facts, parsed(source), None, (_proof([tries], file, zero),)
        )
    for source, target, port, row in scans.storms.found():
        duration = row.last - row.at
        facts = {
            "tries": row.count,
            "seconds": round(duration, 3),
            "pause": round(duration / (row.count - 1), 3),
            "port": port,
            "peer": str(parsed(target)),
        }
        proof = Proof("storm", (), file, tuple(row.frames), round(row.at - zero, 6))
        yield Observation(STORM.name, facts, parsed(source), None, (proof,))


def _wide(source: bytes, found: Mapping[int, Tries], port: int | None, proof: Proof) -> Observation:
    address = parsed(source)
    facts: dict[str, Fact] = {
        "way": "wide",
        "ports": tuple(str(number) for number in sorted(found)[:_MOST_PORTS]),
        "targets": len(frozenset().union(*(tries.targets for tries in found.values()))),
        "answered": len(frozenset().union(*(tries.answered for tries in found.values()))),
        "telnet": port is not None,
    }
    endpoint = None if port is None else Endpoint(address, "tcp", port)
    return Observation(SCANNING.name, facts, address, endpoint, (proof,))


def _first(found: Mapping[int, Tries]) -> Sequence[Tries]:
    return sorted(found.values(), key=lambda tries: tries.frame)


def _proof(ports: Sequence[Tries], file: str, zero: float) -> Proof:
    """Of each port, or of the one host, as many tries as it takes to call them a scan."""
    cited: dict[int, float] = {}
    for tries in ports:
        if len(cited) < _MOST_FRAMES:
            in_vain = (tries.targets[target] for target in tries.targets.keys() - tries.answered)
            cited |= {frame: at for at, frame in sorted(in_vain, key=itemgetter(1))[:LEAST_DEEP]}
    frames = tuple(sorted(cited))
    return Proof("scan", (), file, frames, round(cited[frames[0]] - zero, 6) if frames else None)
