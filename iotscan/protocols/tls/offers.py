"""The ClientHellos that iotscan sends to learn what a TLS server takes: one question each.

They are the same in every scan, so a reader knows them again in a recording by their random, and
two scans of a device can be compared byte by byte. A device learns from it that iotscan asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from iotscan.protocols.tls.hello import (
    MASTER_SECRET,
    RENEGOTIATION,
    SSL2,
    SSL3,
    TLS10,
    TLS12,
    TLS13,
    ClientHello,
)
from iotscan.protocols.tls.suites import SSL2_KINDS, SUITES, suite
from iotscan.protocols.tls.tls13 import shares

RANDOM = hashlib.sha256(b"iotscan: a hello that asks and will not go on").digest()
_RENEGOTIATION_SCSV = 0x00FF  # RFC 5746 section 3.3
# CyaSSL's room for suites in a hello is 200 bytes; a longer list is answered with an error there.
MOST_SUITES = 100

_NEW = (0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC0AC, 0xC0AE, 0x009E, 0x009F, 0xCCAA,
        0xC023, 0xC027, 0xC024, 0xC028, 0x0067, 0x006B, 0xC037)  # fmt: skip
_NEW_STATIC = (0x009C, 0x009D, 0xC09C, 0xC0A0, 0x003C, 0x003D, 0xC02D, 0xC031, 0x00A8, 0xC0A8,
               0x00AE)  # fmt: skip
_OLD = (0xC009, 0xC013, 0xC00A, 0xC014, 0x0033, 0x0039, 0x0032, 0x0038, 0x0045, 0x0088)
_OLD_STATIC = (0x002F, 0x0035, 0x0041, 0x0084, 0x0096, 0x0007, 0xC004, 0xC00E, 0x008C, 0x008D)
_WEAK = (0x000A, 0x0016, 0xC012, 0xC008, 0x0005, 0x0004, 0xC011, 0xC007, 0x0009, 0x0015, 0x0003,
         0x0006, 0x0008, 0x0014, 0x0034, 0x003A, 0xC018, 0x0018, 0x001B, 0x0001, 0x0002, 0xC010,
         0xC006)  # fmt: skip
_MODERN_ONLY = (0x1301, 0x1302, 0x1303, 0x1304, 0x1305)
_INTEGRITY_ONLY = (0xC0B4, 0xC0B5)
# What weak suites are asked for first: no protection, no authentication, breakable by anyone, and
# then those that take effort.
_WORST_FIRST = ("NULL", "ANON", "EXPORT", "DES", "RC2", "RC4", "3DES", "MD5")
# Nobody has met these on a device, and the list has to be short.
_UNLIKELY = ("KRB5", "FORTEZZA", "GOST", "PSK", "SRP", "SM4", "FIPS", "CAMELLIA", "ARIA", "SEED")
_CURVES = (29, 23, 24, 25, 30, 26, 27, 28, 22, 21, 19)
_CURVES_13 = (29, 23, 24, 25, 30, 256, 257)
_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A,
               0x080B, 0x0401, 0x0501, 0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0202,
               0x0101)  # fmt: skip


def for_version(version: int) -> ClientHello:
    """Is this version taken? Offers about every suite in use with it, the strong ones first."""
    if version == SSL2:
        return ClientHello(SSL2, tuple(SSL2_KINDS), random=RANDOM, ssl2=True)
    if version == TLS13:
        return _modern(_MODERN_ONLY)
    old = (*_OLD, *_OLD_STATIC, *_WEAK)
    return _classic(version, (*_NEW, *_NEW_STATIC, *old) if version == TLS12 else old)


def for_weak_suites(version: int, without: frozenset[str] = frozenset()) -> ClientHello:
    """Is any suite taken that does not protect? ``without``: leave out suites so weakened."""
    if version == TLS13:
        return _modern(_INTEGRITY_ONLY)
    likely = [
        number
        for number, known in SUITES.items()
        if known.weaknesses and number and not any(word in known.name for word in _UNLIKELY)
        if not (known.weaknesses & without) and number not in _INTEGRITY_ONLY
    ]
    return _classic(version, sorted(likely, key=_badness)[:MOST_SUITES])


def for_static_keys(version: int) -> ClientHello:
    """Is any suite taken that is strong but keeps no past traffic secret?"""
    return _classic(version, (*_NEW_STATIC, *_OLD_STATIC))


def asks_for_weak(hello: ClientHello) -> bool:
    """Whether a hello of ours offers nothing but weak suites."""
    return all(suite(number).weaknesses for number in _offered(hello)) and not hello.ssl2


def asks_for_static(hello: ClientHello) -> bool:
    """Whether a hello of ours offers nothing with forward secrecy, and nothing weak."""
    if hello.ssl2:
        return False
    offered = [suite(number) for number in _offered(hello)]
    return not any(known.forward_secrecy or known.weaknesses for known in offered)


def _offered(hello: ClientHello) -> Iterable[int]:
    return (number for number in hello.suites if number != _RENEGOTIATION_SCSV)


def _badness(number: int) -> int:
    return min(_WORST_FIRST.index(word) for word in SUITES[number].weaknesses)


def _classic(version: int, suites: Iterable[int]) -> ClientHello:
    extended = version >= TLS10
    return ClientHello(
        version,
        (*suites, _RENEGOTIATION_SCSV),
        groups=_CURVES if extended else (),
        signatures=_SIGNATURES if version == TLS12 else (),
        compressions=(1, 0) if version > SSL3 else (0,),
        random=RANDOM,
        extensions=(MASTER_SECRET,) if extended else (),
    )


def _modern(suites: tuple[int, ...]) -> ClientHello:
    return ClientHello(
        TLS12,
        suites,
        versions=(TLS13,),
        groups=_CURVES_13,
        signatures=_SIGNATURES,
        shares=shares(),
        random=RANDOM,
        # Middle boxes expect a session id, RFC 8446 appendix D.4.
        session=hashlib.sha256(RANDOM).digest(),
        extensions=(MASTER_SECRET, RENEGOTIATION),
    )
