"""What a host says of its NFS exports: the port mapper's list and the mount protocol's.

RFC 1833 section 3 (port mapper version 2), RFC 1813 appendix I (mount version 3) and RFC 1094
appendix A (version 1). Only the two lists are asked for; nothing is mounted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from iotscan.protocols.sunrpc import codec as sunrpc
from iotscan.protocols.sunrpc.codec import Xdr

PORTMAPPER, NFS, MOUNTD = 100_000, 100_003, 100_005
PORT, NFS_PORT = 111, 2049
_NULL, _DUMP, _EXPORT = 0, 4, 5
_TCP = 6
MOUNT_VERSIONS = (3, 1)
# RFC 1813 appendix I: MNTPATHLEN and MNTNAMLEN.
_LONGEST_PATH, _LONGEST_NAME = 1024, 255
_MOST = 512
# Names of well-known programs, from the IANA registry of RPC program numbers.
NAMES = {
    PORTMAPPER: "portmapper",
    100_001: "rstatd",
    100_002: "rusersd",
    NFS: "nfs",
    100_004: "ypserv",
    MOUNTD: "mountd",
    100_007: "ypbind",
    100_011: "rquotad",
    100_021: "nlockmgr",
    100_024: "status",
    100_227: "nfs_acl",
}
_ANYBODY = re.compile(r"\*|\(everyone\)|everyone", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A program that the port mapper knows, and the port where it listens."""

    program: int
    version: int
    tcp: bool
    port: int


@dataclass(frozen=True, slots=True)
class Export:
    """A folder that is exported. ``clients``: to whom, as the server writes it; empty: to all."""

    path: bytes
    clients: tuple[bytes, ...]

    @property
    def everyone(self) -> bool:
        """Whether any host may mount it: nobody is named, or a name stands for all of them."""
        return not self.clients or any(map(_is_anybody, self.clients))


def hello(xid: int) -> bytes:
    """Calls procedure 0 of a port mapper, which does nothing and is there to be called."""
    return sunrpc.record(sunrpc.call(xid, PORTMAPPER, 2, _NULL))


def hello_nfs(xid: int) -> bytes:
    """The same for the file service itself, in version 3; others answer that they are others."""
    return sunrpc.record(sunrpc.call(xid, NFS, 3, _NULL))


def ask_programs(xid: int) -> bytes:
    """Asks a port mapper for its list."""
    return sunrpc.record(sunrpc.call(xid, PORTMAPPER, 2, _DUMP))


def ask_exports(xid: int, version: int) -> bytes:
    """Asks a mount daemon for its list of exports."""
    return sunrpc.record(sunrpc.call(xid, MOUNTD, version, _EXPORT))


def programs(body: bytes) -> tuple[Mapping, ...]:
    """The port mapper's list. Raises Malformed."""
    words = Xdr(body)
    found: list[Mapping] = []
    while words.flag() and len(found) < _MOST:
        program, version, transport, port = (words.number() for _ in range(4))
        found.append(Mapping(program, version, transport == _TCP, port))
    return tuple(found)


def exports(body: bytes) -> tuple[Export, ...]:
    """The mount daemon's list. Raises Malformed."""
    words = Xdr(body)
    found: list[Export] = []
    while words.flag() and len(found) < _MOST:
        path = words.opaque(_LONGEST_PATH)
        clients: list[bytes] = []
        while words.flag() and len(clients) < _MOST:
            clients.append(words.opaque(_LONGEST_NAME))
        found.append(Export(path, tuple(clients)))
    return tuple(found)


def mount_port(mappings: tuple[Mapping, ...]) -> tuple[int, int] | None:
    """(port, version) of the mount daemon over TCP; None where there is none."""
    for version in MOUNT_VERSIONS:
        for one in mappings:
            if (one.program, one.version, one.tcp) == (MOUNTD, version, True) and (
                0 < one.port < 65_536
            ):
                return one.port, version
    return None


def _is_anybody(client: bytes) -> bool:
    """exports(5) of Linux and of the BSDs: a star, the word everyone, or a network of all."""
    text = client.decode("ascii", "replace").strip()
    if _ANYBODY.fullmatch(text):
        return True
    try:
        return ip_network(text, strict=False).prefixlen == 0
    except ValueError:
        return False
