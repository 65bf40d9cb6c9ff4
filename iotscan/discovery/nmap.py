"""nmap as the engine of a port sweep, for those who trust it more than ours.

nmap is started here with a list of arguments, its targets printed from address objects; only its
XML goes to python-nmap, whose own way of starting nmap splits target text like a shell.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from iotscan.model import Address, Endpoint, Sweep
from iotscan.settings import Limits

# Far below every system's room for arguments; little is lost when one run fails.
_TARGETS_A_RUN = 512
_RETRIES = 1
_MOST_OUTPUT = 64 << 20
_BROKEN = (ParseError, DefusedXmlException, ValueError)
MISSING = (
    "nmap was not found. Install it (Debian: apt install nmap; macOS: brew install nmap; Windows: "
    "nmap.org), or leave out --sweep nmap."
)


async def nmap_sweep(
    addresses: Sequence[Address],
    ports: Sequence[int],
    nmap_path: str = "",
    limits: Limits | None = None,
) -> list[Sweep]:
    """One Sweep (TCP connect) for each address, in their order, ``id`` and ``at`` left empty.

    ``limits`` bound nmap's rate and parallel connections. What nmap could not do is ``unswept``
    with its reason. A cancelled sweep kills nmap.
    """
    path = nmap_path or shutil.which("nmap") or ""
    found: dict[Address, Sweep] = {}
    for version in (4, 6):
        family = [address for address in addresses if address.version == version]
        for at in range(0, len(family), _TARGETS_A_RUN):
            some = family[at : at + _TARGETS_A_RUN]
            output, why = await _run(_arguments(path, some, ports, limits or Limits()))
            found |= read_xml(output, some, ports, why)
    return [found[address] for address in addresses]


def read_xml(
    output: bytes, addresses: Sequence[Address], ports: Sequence[int], why: str = ""
) -> dict[Address, Sweep]:
    """What nmap's XML says of these addresses; ``why``: the reason it gave for saying nothing."""
    try:
        # nmap writes a document type, so only entities and outside references are forbidden.
        root = fromstring(output)
        parsed = _parser().analyse_nmap_xml_scan(output.decode("utf-8", "replace"))["scan"]
    except (*_BROKEN, TypeError, LookupError, AttributeError) as error:
        why = why or f"nmap's answer could not be read ({type(error).__name__})"
        return {address: _unswept(address, ports, why) for address in addresses}
    others = {
        item.get("addr", ""): list(_uncounted(host))
        for host in root.iter("host")
        for item in host.iter("address")
    }
    why = why or "nmap did not report on this address"
    return {
        address: _sweep(address, parsed[key], others.get(key, []), ports)
        if (key := str(address).partition("%")[0]) in parsed
        else _unswept(address, ports, why)
        for address in addresses
    }


def _arguments(
    path: str, addresses: Sequence[Address], ports: Sequence[int], limits: Limits
) -> list[str]:
    """No ping, no name look-ups, plain connects: what our own sweep does."""
    rate = max(1, round(min(limits.connections_per_second, limits.host_connections_per_second)))
    return [
        path,
        *("-sT", "-Pn", "-n", "--unprivileged"),
        *("--max-retries", str(_RETRIES)),
        *("--max-parallelism", str(limits.connections_per_host)),
        *("--max-rate", str(rate)),
        *(["-6"] if addresses[0].version == 6 else []),
        *("-p", ",".join(str(int(port)) for port in ports)),
        *("-oX", "-"),
        *(str(address) for address in addresses),
    ]


async def _run(argv: Sequence[str]) -> tuple[bytes, str]:
    """(standard output, why there is none)."""
    if not argv[0]:
        return b"", MISSING
    try:
        process = await asyncio.create_subprocess_exec(*argv, stdout=PIPE, stderr=PIPE)
    except OSError as error:
        return b"", f"nmap could not be started ({error.strerror})"
    try:
        output, complaint = await process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if len(output) > _MOST_OUTPUT:
        return b"", "nmap wrote more than can be read"
    words = complaint.decode("utf-8", "replace").split()
    return output, f"nmap: {' '.join(words)[:200]}" if process.returncode else ""


def _parser() -> Any:
    """python-nmap's parser without its constructor, which blocks while it starts ``nmap -V``."""
    # Imported here: its licence and its cost concern only those who choose this engine.
    from nmap import PortScanner

    return PortScanner.__new__(PortScanner)


def _sweep(
    address: Address,
    host: Mapping[str, Any],
    others: Sequence[tuple[str, int]],
    ports: Sequence[int],
) -> Sweep:
    states = {int(port): str(entry["state"]) for port, entry in host.get("tcp", {}).items()}
    counts = list(others) + [(state, 1) for state in states.values()]
    open_ports = sorted(port for port, state in states.items() if state == "open")
    closed = sum(number for state, number in counts if state == "closed")
    silent = sum(number for state, number in counts if state == "filtered")
    unswept = max(0, len(ports) - len(open_ports) - closed - silent)
    return Sweep(
        "",
        0.0,
        address,
        tuple(Endpoint(address, "tcp", port) for port in open_ports),
        closed,
        silent,
        unswept,
        "nmap did not report on these ports" if unswept else "",
        bool(open_ports) or (closed > 0 and not address.is_loopback),
    )


def _unswept(address: Address, ports: Sequence[int], why: str) -> Sweep:
    return Sweep("", 0.0, address, unswept=len(ports), why=why)


def _uncounted(host: Any) -> Iterator[tuple[str, int]]:
    """Ports that nmap sums up, which python-nmap passes over."""
    for extra in host.iter("extraports"):
        number = extra.get("count", "")
        if number.isascii() and number.isdigit():
            yield extra.get("state", ""), int(number)
