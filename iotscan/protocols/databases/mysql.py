"""The first packet of a MySQL or MariaDB server, which it sends before it is asked anything.

MySQL Internals Manual, "Protocol::HandshakeV10" and "ERR_Packet". Nothing is ever answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from iotscan.errors import Malformed

PORT = 3306
_GREETING, _ERROR = 0x0A, 0xFF
# MariaDB puts this before its version, for replicas that know no version above 9.
_REPLICA_HACK = "5.5.5-"
_SSL = 0x0800
# A greeting is about a hundred bytes, an error names a host.
LARGEST = 1024


@dataclass(frozen=True, slots=True)
class Greeting:
    """``version`` "" where the server only said that it talks to no stranger (``refused``).

    ``tls``: whether it offers to change to TLS; None where it did not say.
    """

    version: str
    refused: bool = False
    tls: bool | None = None

    @property
    def product(self) -> str:
        return "MariaDB" if "mariadb" in self.version.lower() else "MySQL"


def take(heard: bytes) -> Greeting | None:
    """The first packet; None while incomplete. Raises Malformed."""
    if len(heard) < 5:
        if heard[3:4] not in (b"", b"\0"):
            raise Malformed("not the first packet of a server")
        return None
    size = int.from_bytes(heard[:3], "little")
    if heard[3] != 0 or not 4 <= size <= LARGEST or heard[4] not in (_GREETING, _ERROR):
        raise Malformed("not the first packet of a server")
    if len(heard) < 4 + size:
        return None
    body = heard[5 : 4 + size]
    if heard[4] == _ERROR:
        if b"allowed to connect" not in body and b"is blocked" not in body:
            raise Malformed("an error of another service")
        return Greeting("", refused=True)
    text, end, rest = body.partition(b"\0")
    # Thread, eight bytes of salt, a zero, then what the server can do.
    if not end or not text or not text.isascii() or len(rest) < 15 or rest[12] != 0:
        raise Malformed("a greeting without a version")
    abilities = int.from_bytes(rest[13:15], "little")
    version = text.decode("ascii").removeprefix(_REPLICA_HACK)
    return Greeting(version, tls=bool(abilities & _SSL))
