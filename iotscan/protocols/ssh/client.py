"""What iotscan says to an SSH server before any login, as a machine without a network.

One connection shows everything: identification, KEXINIT, a host key, and behind the exchange the
login methods, by a request for "none" (RFC 4252 section 5.2) with a name that nobody has. Fed with
the same bytes of the server, the machine says the same again, so a reader learns from the record
what the probe learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from iotscan.errors import Malformed
from iotscan.protocols.ssh import codec as ssh
from iotscan.protocols.ssh.ciphers import CIPHERS, MACS, Direction
from iotscan.protocols.ssh.codec import Fields, HostKey, Identification, KexInit, string
from iotscan.protocols.ssh.kex import METHODS, Agreed, Exchange
from iotscan.text import clean

IDENTIFICATION = b"SSH-2.0-iotscan"
NOBODY = b"iotscan"
# RSA first: of the common kinds it is the one whose size may be too small.
HOST_KEYS = (
    "rsa-sha2-512",
    "rsa-sha2-256",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed25519",
    "ssh-dss",
)
# For servers that offer RSA and then break off for want of such a key (dropbear 2022.83).
WITHOUT_RSA = tuple(name for name in HOST_KEYS if "rsa" not in name)
# Nothing depends on its being fresh: see ssh_kex.
_COOKIE = b"iotscan, no key!"
_BYE = bytes([ssh.DISCONNECT]) + (11).to_bytes(4, "big") + string(b"done") + string(b"")
# Messages of one server that are read before it is left: banners, debug texts, ignored ones.
_MOST_MESSAGES = 64


@dataclass
class Client:
    """Feed it what the server says; it gives what to answer. ``over``: nothing more to learn.

    ``methods`` is None until the server named them; ``let_in``: it wanted no login at all.
    """

    host_keys: tuple[str, ...] = HOST_KEYS
    server: Identification | None = None
    offer: KexInit | None = None
    host_key: HostKey | None = None
    methods: tuple[str, ...] | None = None
    let_in: bool = False
    banner: str = ""
    over: bool = False
    _data: bytes = b""
    _taken: int = 0
    _theirs: bytes = b""
    _exchange: Exchange | None = None
    _agreed: Agreed | None = None
    _chosen: dict[str, str] = field(default_factory=dict)
    _in: Direction | None = None
    _out: Direction | None = None

    @property
    def ours(self) -> KexInit:
        """What we offer."""
        return KexInit(METHODS, self.host_keys, CIPHERS, CIPHERS, MACS, MACS)

    @property
    def opening(self) -> bytes:
        """What we say when the server has named itself."""
        return IDENTIFICATION + b"\r\n" + ssh.packet(self.ours.encode(_COOKIE))

    def feed(self, data: bytes) -> bytes:
        """What to say next, b"" for nothing. Raises Malformed; what was learned stands."""
        self._data += data
        said = b""
        while not self.over:
            if self.server is None:
                found = ssh.identification(self._data)
                if found is None:
                    break
                self.server, end = found
                self._data = self._data[end:]
                if self.server.protocol not in ("2.0", "1.99"):
                    self.over = True
                    break
                said += self.opening
                continue
            taken = self._in.open(self._data) if self._in else ssh.take_packet(self._data)
            if taken is None:
                break
            payload, end = taken
            self._data = self._data[end:]
            self._taken += 1
            if self._taken > _MOST_MESSAGES:
                raise Malformed("many messages, none of them what was asked for")
            said += self._answer(payload)
        return said

    def _answer(self, payload: bytes) -> bytes:
        number = payload[0] if payload else 0
        if number in (ssh.IGNORE, ssh.DEBUG, ssh.EXT_INFO):
            return b""
        if number == ssh.DISCONNECT:
            self.over = True
            return b""
        if self._in is not None:
            return self._authenticating(number, payload)
        if number == ssh.KEXINIT and self.offer is None:
            return self._begin(payload)
        if number == ssh.NEWKEYS and self._agreed is not None:
            return self._secured(self._agreed)
        if self._exchange is None or self._agreed is not None:
            raise Malformed(f"message {number} before the key exchange")
        answer = self._exchange.take(payload)
        if isinstance(answer, bytes):
            return ssh.packet(answer)
        self._agreed = answer
        self.host_key = ssh.parse_host_key(answer.host_key)
        return ssh.packet(bytes([ssh.NEWKEYS]))

    def _begin(self, payload: bytes) -> bytes:
        """Choose what both know (RFC 4253 section 7.1); without that the list is all we get."""
        assert self.server is not None
        self.offer = offer = ssh.parse_kexinit(payload)
        for name in ("kex", "host_key", "ciphers_out", "ciphers_in", "macs_out", "macs_in"):
            self._chosen[name] = _first(getattr(self.ours, name), getattr(offer, name))
        unsealed = [n for n in ("out", "in") if "-gcm@" not in self._chosen[f"ciphers_{n}"]]
        needed = ["kex", "host_key", "ciphers_out", "ciphers_in", *(f"macs_{n}" for n in unsealed)]
        if not all(self._chosen[name] for name in needed):
            self.over = True
            return b""
        said = (IDENTIFICATION, self.server.raw, self.ours.encode(_COOKIE), payload)
        self._exchange = Exchange(self._chosen["kex"], said)
        return ssh.packet(self._exchange.first())

    def _secured(self, agreed: Agreed) -> bytes:
        """Both directions change to the new keys; packets were counted from the beginning."""
        chosen = self._chosen
        sent = 4 if "group-exchange" in chosen["kex"] else 3
        mac_out, mac_in = chosen["macs_out"] or MACS[0], chosen["macs_in"] or MACS[0]
        self._out = Direction(agreed, chosen["ciphers_out"], mac_out, b"ACE", sent)
        self._in = Direction(agreed, chosen["ciphers_in"], mac_in, b"BDF", self._taken)
        return self._out.seal(bytes([ssh.SERVICE_REQUEST]) + string(b"ssh-userauth"))

    def _authenticating(self, number: int, payload: bytes) -> bytes:
        assert self._out is not None
        fields = Fields(payload[1:])
        if number == ssh.SERVICE_ACCEPT:
            words = (NOBODY, b"ssh-connection", b"none")
            return self._out.seal(
                bytes([ssh.USERAUTH_REQUEST]) + b"".join(string(word) for word in words)
            )
        if number == ssh.USERAUTH_BANNER:
            self.banner = clean(fields.string())
            return b""
        if number == ssh.USERAUTH_FAILURE:
            self.methods = tuple(clean(name, 64) for name in fields.names())
        elif number == ssh.USERAUTH_SUCCESS:
            self.methods, self.let_in = (), True
        else:
            raise Malformed(f"message {number} where a login is answered")
        self.over = True
        return self._out.seal(_BYE)


def _first(ours: Sequence[str], theirs: Sequence[str]) -> str:
    return next((name for name in ours if name in theirs), "")
