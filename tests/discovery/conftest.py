"""A LAN for discovery: namespaces with real daemons and a recorder of every frame on the bridge."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lan import Host, Lan, lan

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
        finally:
            process.terminate()
            process.communicate()


def _read_pcap(path: Path) -> list[bytes]:
    from scapy.utils import RawPcapReader

    with RawPcapReader(str(path)) as reader:
        return [frame for frame, _ in reader]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A scanner at 10.77.0.2 and five silent hosts at .20 to .24."""
    with lan(tmp_path_factory.mktemp("lan")) as network:
        scanner = network.add("scanner", "10.77.0.2", SCANNER_MAC)
        for i in range(5):
            network.add(f"host{i}", f"10.77.0.{20 + i}", f"a4:2b:b0:00:00:{20 + i:02x}")
        yield Home(network, scanner)
