"""A LAN for discovery: namespaces with real daemons and a recorder of every frame on the bridge."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from lan import PATIENCE, POLL, Host, Lan, lan
from zeroconf import (
    DNSAddress,
    DNSOutgoing,
    DNSPointer,
    DNSService,
    DNSText,
)

from iotscan.model import Packet

SCRIPT = Path(__file__).with_name("in_namespace.py")
SCANNER_MAC = "02:00:00:00:00:02"
# Debian's number of the user nobody; the capabilities of root are given up with the id.
WITHOUT_PRIVILEGE = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

AVAHI = """[server]
host-name={name}
use-ipv4=yes
use-ipv6=yes
enable-dbus=no
allow-interfaces=lan0
[publish]
publish-workstation=no
"""


# Of a protocol that is nobody's (IEEE 802, local experimental EtherType 1), to a host that is not
# there: what was sent before it has been recorded when it has.
_LAST = bytes.fromhex("0200000000ee0200000000ef88b5") + b"the last frame".ljust(46)
_SEND = (
    "import socket, sys; link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW);"
    " link.bind(('lan0', 0)); link.send(bytes.fromhex(sys.argv[1]))"
)


@dataclass
class Home:
    """The LAN, its scanner, and what to do on it."""

    lan: Lan
    scanner: Host

    def discover(self, *names: str, privileged: bool = True, **wanted: Any) -> dict[str, Any]:
        """Run discoverers on the scanner; what they found, see ``in_namespace.py``."""
        told = {"allow": ["10.77.0.0/24", "fe80::/10"], "targets": ["10.77.0.0/24"]} | wanted
        asked = json.dumps(told | {"discoverers": names})
        prefix = () if privileged else WITHOUT_PRIVILEGE
        done = self.scanner.run(*prefix, sys.executable, str(SCRIPT), asked)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def avahi(self, name: str) -> str:
        """avahi's settings for a host of this name."""
        return AVAHI.format(name=name)

    @contextmanager
    def frames(self, path: Path) -> Iterator[Callable[[], list[bytes]]]:
        """Record the bridge while the context lasts; afterwards the call gives the frames."""
        argv = ["ip", "netns", "exec", self.lan.switch, "tcpdump", "-i", "br0", "-U"]
        # The buffer holds as many frames as the snap length fits into it: 2,000 small ones.
        argv += ["-w", str(path), "--immediate-mode", "-B", "4096", "-s", "2048"]
        process = subprocess.Popen(argv, stderr=subprocess.PIPE)
        assert process.stderr is not None
        while b"listening on" not in process.stderr.readline():
            assert process.poll() is None, "tcpdump does not run"
        try:
            yield lambda: _read_pcap(path)
            self._record_the_last(path)
        finally:
            process.terminate()
            process.communicate()

    def _record_the_last(self, path: Path) -> None:
        """Wait until all that was sent is in the file: tcpdump may be far behind."""
        assert self.scanner.run(sys.executable, "-c", _SEND, _LAST.hex()).returncode == 0
        until = time.monotonic() + PATIENCE
        while _LAST not in path.read_bytes():
            assert time.monotonic() < until, "tcpdump recorded nothing more"
            time.sleep(POLL)


def _read_pcap(path: Path) -> list[bytes]:
    from scapy.utils import RawPcapReader

    with RawPcapReader(str(path)) as reader:
        return [frame for frame, _ in reader if frame != _LAST]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A scanner at 10.77.0.2 and five silent hosts at .20 to .24."""
    with lan(tmp_path_factory.mktemp("lan")) as network:
        scanner = network.add("scanner", "10.77.0.2", SCANNER_MAC)
        # The kernel itself asks for routers, again and again: what a test sees sent shall be ours.
        scanner.run("sysctl", "-qw", "net.ipv6.conf.lan0.router_solicitations=0")
        for i in range(5):
            network.add(f"host{i}", f"10.77.0.{20 + i}", f"a4:2b:b0:00:00:{20 + i:02x}")
        yield Home(network, scanner)


@dataclass(frozen=True)
class Bulb:
    """Writes the mDNS packets of an invented device with zeroconf, an independent encoder."""

    address: str = "10.0.0.7"

    def packet(self, *records: Any, source: str = "", number: int = 5, **fields: Any) -> Packet:
        """One answer with these records, from the bulb or another source."""
        out = DNSOutgoing(0x8400, multicast=True)
        for record in records:
            out.add_answer_at_time(record, 0)
        (data,) = out.packets()
        return Packet(f"p{number}", 0.1, "mdns", data, ip_address(source or self.address), **fields)

    def service(
        self,
        instance: str,
        host: str = "bulb.local.",
        port: int = 8080,
        text: bytes = b"",
        address: str = "",
    ) -> list[Any]:
        """PTR, SRV, TXT and A of an instance ("Küche._hap._tcp.local.")."""
        kind = instance[instance.index("._") + 1 :]
        where = ip_address(address or self.address)
        return [
            DNSPointer(kind, 12, 1, 4500, instance),
            DNSService(instance, 33, 1, 120, 0, 0, port, host),
            DNSText(instance, 16, 1, 4500, text),
            DNSAddress(host, 1 if where.version == 4 else 28, 1, 120, where.packed),
        ]


@pytest.fixture
def bulb() -> Bulb:
    return Bulb()
