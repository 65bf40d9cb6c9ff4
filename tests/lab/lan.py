"""A LAN of network namespaces: a bridge, a scanner, and one namespace per device. No way out."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

NETWORK, NETWORK6 = "10.77.0.0/24", "fd77::/64"
SCANNER, SCANNER6 = "10.77.0.2", "fd77::2"
# How often it is looked whether a daemon is ready, and for how long, in seconds. One that ended is
# told at once. One that is only slow is worth the wait: the slowest take two seconds on an idle
# machine, and more than two minutes on a full one.
POLL, PATIENCE = 0.05, 600.0


def ip(*words: str) -> None:
    """Run iproute2's ip; an error there is an error here."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass
class Host:
    """A namespace with one interface on the LAN."""

    name: str
    namespace: str
    address: str
    mac: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, *argv: str) -> list[str]:
        """The argv that runs a program on this host."""
        return ["ip", "netns", "exec", self.namespace, *argv]

    def run(self, *argv: str, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end on this host; never raises for its exit code."""
        return subprocess.run(
            self.command(*argv), capture_output=True, text=True, check=False, timeout=timeout
        )

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        """Start a daemon in the foreground; its output goes to a log in the host's folder."""
        log = (self.folder / f"{Path(argv[0]).name}.log").open("ab")
        process = subprocess.Popen(
            self.command(*argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
        )
        log.close()
        self.processes.append(process)
        return process

    def file(self, name: str, text: str) -> str:
        """Write a configuration file into the host's folder; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def await_port(self, port: int, transport: str = "tcp") -> None:
        """Wait until something listens on the port. Raises RuntimeError with the logs if not."""
        table = "-lnt" if transport == "tcp" else "-lnu"
        listed = re.compile(rf"[:\]]{port}\s")
        self._await(
            lambda: listed.search(self.run("ss", table).stdout) is not None,
            f"nothing listens on {port}/{transport}",
        )

    def await_words(self, words: str) -> None:
        """Wait until the daemons have printed this. Raises RuntimeError with the logs if not."""
        self._await(lambda: words in self.logs(), f"nobody said: {words}")

    def _await(self, ready: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            ended = bool(self.processes) and self.processes[-1].poll() is not None
            if ready():
                return
            if ended:
                break
            time.sleep(POLL)
        raise RuntimeError(f"{self.name}: {otherwise}\n{self.logs()}")

    def logs(self) -> str:
        """What the daemons of this host have printed."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


# Name, address, MAC, and what starts it.
Device = tuple[str, str, str, Callable[["Host"], None]]


@dataclass
class Lan:
    """The bridge and the hosts on it. Use ``lan()``."""

    prefix: str
    folder: Path
    hosts: dict[str, Host] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def switch(self) -> str:
        return f"{self.prefix}-sw"

    def add(self, name: str, address: str, mac: str) -> Host:
        """Plug a new host into the LAN."""
        number = next(self._numbers)
        namespace = f"{self.prefix}-{number}"
        folder = self.folder / name
        folder.mkdir()
        host = Host(name, namespace, address, mac, folder)
        self.hosts[name] = host
        ip("netns", "add", namespace)
        ip("-n", self.switch, "link", "add", f"p{number}", "type", "veth", "peer", "name", "lan0",
           "netns", namespace)  # fmt: skip
        ip("-n", self.switch, "link", "set", f"p{number}", "master", "br0", "up")
        ip("-n", namespace, "link", "set", "lan0", "address", mac)
        ip("netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0",
           "net.ipv6.conf.lan0.accept_dad=0",
           "net.ipv6.conf.lan0.router_solicitations=0")  # fmt: skip
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "link", "set", "lan0", "up")
        length = 64 if ":" in address else 24
        ip("-n", namespace, "addr", "add", f"{address}/{length}", "dev", "lan0")
        return host

    def close(self) -> None:
        for host in self.hosts.values():
            _end_all(host.namespace)
            for process in host.processes:
                process.wait()
        for namespace in [host.namespace for host in self.hosts.values()] + [self.switch]:
            subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def _end_all(namespace: str) -> None:
    """End every process that runs inside a namespace of ours, forked daemons too."""
    listed = subprocess.run(
        ["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False
    )
    for pid in listed.stdout.split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), 9)


@contextlib.contextmanager
def lan(folder: Path) -> Iterator[Lan]:
    """A LAN that is gone when the context ends, whatever happens in it."""
    network = Lan(f"iot{os.getpid()}", folder)
    try:
        ip("netns", "add", network.switch)
        ip("-n", network.switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        ip("-n", network.switch, "link", "set", "br0", "up")
        yield network
    finally:
        network.close()


def await_all(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait for processes that end by themselves."""
    for process in processes:
        process.wait(PATIENCE)
