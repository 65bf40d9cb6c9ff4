"""Parts of a scan: SSH, TLS and logins beside ssh-audit, sslscan and hydra, on the lab's devices

Each tool is run on the same addresses and ports, iotscan once on all of them. ``found`` is how many
true findings of the house a tool told of, ``wrong`` how many it told of where there is none; only
kinds that the other tool looks for are counted. ``frames`` left the scanner's interface.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import counting
from benchmarks.measure import missing as _missing
from benchmarks.measure import run as measured

LAB = Path(__file__).resolve().parent.parent / "tests" / "lab"
# The pairs that open the house's devices, among others of the lists.
LOGINS = "root:root\nroot:admin\nadmin:password\nadmin:admin\n"
Told = set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Target:
    """A device of the house: its port, and how the other tool is told what speaks there."""

    name: str
    port: int
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One part. ``kinds``: findings that both look for; ``command`` and ``says``: the other tool's
    argv for one target, and the kinds that its output tells of; ``impact``: what iotscan may do, so
    that both do the same.
    """

    tool: str
    kinds: tuple[str, ...]
    targets: tuple[Target, ...]
    command: Callable[[str, Target, Path], Sequence[str]]
    says: Callable[[str], set[str]]
    impact: str = "greet"


def _ssh_audit(output: str) -> set[str]:
    found = set()
    # It warns of what it does not know as well, which is no claim that it is weak.
    if re.search(r"\((?:kex|enc|mac)\).*\[(?:fail|warn)\] (?!unknown algorithm)", output):
        found.add("ssh-weak-algorithms")
    if re.search(r"\(key\).*\[fail\].*(?:modulus|1024)", output):
        found.add("ssh-weak-host-key")
    return found


def _sslscan(output: str) -> set[str]:
    found = set()
    if re.search(r"TLSv1\.[01] +enabled", output):
        found.add("tls-1-0-1-1")
    subject, issuer = (
        re.search(rf"^{word}: +(.+)$", output, re.M) for word in ("Subject", "Issuer")
    )
    if subject and issuer and subject[1] == issuer[1]:
        found.add("cert-self-signed")
    end = re.search(r"Not valid after: +(\w+ +\d+ [\d:]+ \d+) GMT", output)
    # It prints the date; a reader sees that it is over.
    if end and datetime.strptime(end[1], "%b %d %H:%M:%S %Y").replace(tzinfo=UTC) < datetime.now(
        UTC
    ):
        found.add("cert-expired")
    return found


def _hydra(output: str) -> set[str]:
    found = re.search(r"\[\d+\]\[(\w+)\] host: .*password: ", output)
    return {f"default-credentials-{found[1]}"} if found else set()


PARTS = (
    Part(
        "ssh-audit",
        ("ssh-weak-algorithms", "ssh-weak-host-key"),
        (Target("ssh-weak", 22), Target("ssh-hardened", 22), Target("ssh-twin-1", 22)),
        lambda address, target, _: ["ssh-audit", "-n", "-p", str(target.port), address],
        _ssh_audit,
    ),
    Part(
        "sslscan",
        ("cert-expired", "cert-self-signed", "tls-1-0-1-1"),
        (
            Target("mqtt-sound", 8883),
            Target("rtsp-sound", 322),
            Target("mail-old", 143, ("--starttls-imap",)),
            Target("mail-sound", 143, ("--starttls-imap",)),
            Target("directory", 389, ("--starttls-ldap",)),
        ),
        lambda address, target, _: [
            "sslscan", "--no-colour", *target.words, f"{address}:{target.port}"
        ],
        _sslscan,
    ),
    Part(
        "hydra",
        ("default-credentials-ftp", "default-credentials-ssh", "default-credentials-telnet"),
        (
            Target("telnet-default", 2323, ("telnet",)),
            Target("telnet-sound-password", 23, ("telnet",)),
            Target("telnet-anything", 23, ("telnet",)),
            Target("ssh-weak", 22, ("ssh",)),
            Target("ftp-open", 21, ("ftp",)),
            Target("ftp-sound", 21, ("ftp",)),
        ),
        lambda address, target, folder: [
            "hydra", "-I", "-C", f"{folder}/logins", "-f", "-s", str(target.port), address,
            *target.words,
        ],
        _hydra,
        "login",
    ),
)  # fmt: skip


def missing() -> str:
    return _missing("ip", "tcpdump", "hydra", "ssh-audit", "sslscan", "dovecot", "slapd", "vsftpd")


def run() -> None:
    sys.path.insert(0, str(LAB))
    from houses import devices, truth
    from lan import SCANNER, lan

    known = {name: (address, mac, start) for name, address, mac, start in devices()}
    print(f"{'':24}{'wall':>8}{'cpu':>8}{'frames':>8}  found  wrong")
    for part in PARTS:
        with tempfile.TemporaryDirectory() as scratch, lan(Path(scratch)) as network:
            folder = Path(scratch)
            (folder / "logins").write_text(LOGINS)
            scanner = network.add("scanner", SCANNER, "02:00:00:00:00:02")
            for target in part.targets:
                address, mac, start = known[target.name]
                start(network.add(target.name, address, mac))
            addresses = {target.name: known[target.name][0] for target in part.targets}
            wanted = {
                (addresses[target.name], finding.split()[0])
                for target in part.targets
                for finding in truth()[target.name]["findings"]
                if finding.split()[0] in part.kinds
            }
            command, space = scanner.command, scanner.namespace
            with counting(space, folder) as sent:
                wall, processor, told = _ours(command, folder, part, list(addresses.values()))
            _line(f"iotscan, {part.tool}'s part", wall, processor, sent.frames, told, wanted)
            with counting(space, folder) as sent:
                wall, processor, told = _theirs(command, folder, part, addresses)
            _line(part.tool, wall, processor, sent.frames, told, wanted)


def _ours(
    command: Callable[..., list[str]], folder: Path, part: Part, addresses: Sequence[str]
) -> tuple[float, float, Told]:
    ports = ",".join(sorted({str(target.port) for target in part.targets}))
    cost = measured(
        command(
            sys.executable, "-m", "iotscan", "scan", *addresses, "--ports", ports, "--quiet",
            "--impact", part.impact, "--no-store", "--output", f"json:{folder}/report.json",
        )
    )  # fmt: skip
    findings = json.loads((folder / "report.json").read_bytes())["findings"]
    told = {(one["address"], one["rule"]) for one in findings if one["rule"] in part.kinds}
    return cost.wall, cost.processor, told


def _theirs(
    command: Callable[..., list[str]], folder: Path, part: Part, addresses: dict[str, str]
) -> tuple[float, float, Told]:
    told: Told = set()
    wall = processor = 0.0
    for target in part.targets:
        address = addresses[target.name]
        cost = measured(command(*part.command(address, target, folder)))
        wall, processor = wall + cost.wall, processor + cost.processor
        told |= {(address, kind) for kind in part.says(cost.output)}
    return wall, processor, told


def _line(name: str, wall: float, processor: float, frames: int, told: Told, wanted: Told) -> None:
    found = f"{len(told & wanted)} of {len(wanted)}"
    print(f"{name:24}{wall:8.1f}{processor:8.1f}{frames:8}  {found:7}{len(told - wanted)}")
    for address, kind in sorted(wanted - told):
        print(f"    missed: {address} {kind}")
    for address, kind in sorted(told - wanted):
        print(f"    wrong: {address} {kind}")
