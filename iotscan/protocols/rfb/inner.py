"""Security types that carry another negotiation, Tight and VeNCrypt: what both sides settle on.

The RFB protocol as github.com/rfbproto continues it, sections on the Tight security type, its
authentication capabilities, and VeNCrypt. Bytes to dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from iotscan.errors import Malformed
from iotscan.protocols.rfb.codec import NONE, VNC_AUTH

TIGHT, VENCRYPT = 16, 19
# A user name and a password as they are: of VeNCrypt its Plain, of Tight the Unix login.
PLAIN = 256
# What is encrypted before anything else is said: a tunnel, or TLS.
SEALED = -1
_CAPABILITY = 16
# Servers offer a handful of each.
_MOST = 64
# Tight's codes of authentication; those of VeNCrypt below 256 are security types.
_TIGHT_CODES = {1: NONE, 2: VNC_AUTH, 129: PLAIN}
_SUBTYPES = {1: NONE, 2: VNC_AUTH, 256: PLAIN, **dict.fromkeys(range(257, 265), SEALED)}
_VENCRYPT_VERSION = b"\0\2"
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Settled:
    """``kind``: NONE, VNC_AUTH, PLAIN or SEALED, None for what is not known here; ``server`` and
    ``client``: how many bytes each side has said until it was settled.
    """

    kind: int | None
    server: int
    client: int


def settled(chosen: int, server: bytes, client: bytes) -> Settled | None:
    """What follows the choice of a security type, as far as each side spoke from there on; None
    while it is not complete. Raises Malformed.
    """
    read = _NESTED.get(chosen)
    return read(server, client) if read else Settled(chosen, 0, 0)


def plain_user(client: bytes) -> bytes | None:
    """The user name of a plain login, if a password stands behind it."""
    name, secret = _number(client, 0), _number(client, 4)
    if not name or not secret or max(name, secret) > _LONGEST or len(client) < 8 + name + secret:
        return None
    return client[8 : 8 + name]


def _number(data: bytes, at: int) -> int | None:
    return int.from_bytes(data[at : at + 4], "big") if len(data) >= at + 4 else None


def _listed(server: bytes, at: int) -> tuple[int, int] | None:
    """How many capabilities are listed, and where the list ends."""
    count = _number(server, at)
    if count is None:
        return None
    if count > _MOST:
        raise Malformed("a list of very many capabilities")
    end = at + 4 + _CAPABILITY * count
    return (count, end) if len(server) >= end else None


def _tight(server: bytes, client: bytes) -> Settled | None:
    tunnels = _listed(server, 0)
    if tunnels is None:
        return None
    said = 4 if tunnels[0] else 0
    if said and (tunnel := _number(client, 0)) != 0:
        return None if tunnel is None else Settled(SEALED, tunnels[1], said)
    ways = _listed(server, tunnels[1])
    if ways is None:
        return None
    if not ways[0]:
        return Settled(NONE, ways[1], said)
    code = _number(client, said)
    if code is None:
        return None
    if code == VENCRYPT:
        inner = _vencrypt(server[ways[1] :], client[said + 4 :])
        moved = ways[1], said + 4
        return inner and replace(
            inner, server=inner.server + moved[0], client=inner.client + moved[1]
        )
    return Settled(_TIGHT_CODES.get(code), ways[1], said + 4)


def _vencrypt(server: bytes, client: bytes) -> Settled | None:
    """Version 0.2: each side's version, whether it suits, the subtypes, and one of them."""
    if len(server) < 4 or len(client) < 2:
        return None
    if client[:2] != _VENCRYPT_VERSION or server[2]:
        return Settled(None, len(server), len(client))
    end, chosen = 4 + 4 * server[3], _number(client, 2)
    if len(server) < end or chosen is None:
        return None
    return Settled(_SUBTYPES.get(chosen), end, 6)


_NESTED: Mapping[int, Callable[[bytes, bytes], Settled | None]] = {
    TIGHT: _tight,
    VENCRYPT: _vencrypt,
}
