"""Which of SSH's algorithms and host keys are outdated, and why.

RFC 9142 (key exchange), RFC 8758 (RC4), RFC 8332 (SHA-1 signatures), RFC 4253 (single DES and
"none"), NIST SP 800-131A revision 2 (key lengths, 3DES), RFC 6151 (HMAC-MD5), and CVE-2008-5161
(CBC). Plain HMAC-SHA1 of full length has no known attack and is not among them.
"""

from __future__ import annotations

import re

from iotscan.protocols.ssh.codec import HostKey, KexInit

# NIST SP 800-131A revision 2, table 2: 112 bits of strength take an RSA or DSA modulus of 2048.
SHORTEST_RSA = 2048
_KEX = re.compile(
    r"diffie-hellman-group1-sha1|diffie-hellman-group14-sha1|diffie-hellman-group-exchange-sha1"
    r"|gss-.*-sha1-.*|rsa1024-sha1"
)
_HOST_KEY = re.compile(r"(?:ssh-dss|ssh-rsa)(?:-cert-v0[01]@openssh\.com)?")
_CIPHER = re.compile(r".*-cbc(?:@.*)?|(?:arcfour\d*|3des|blowfish|cast128|idea|des)\b.*|none")
_MAC = re.compile(r"hmac-md5\b.*|.*-96(?:-etm)?(?:@.*)?|hmac-ripemd.*|none")
# A counter in place of the sequence number would end CVE-2023-48795 (Terrapin): "strict KEX".
STRICT = "kex-strict-s-v00@openssh.com"
_PREFIX_CIPHER = "chacha20-poly1305@openssh.com"


def weak(offer: KexInit) -> tuple[str, ...]:
    """The outdated names of an offer, each once, in its order."""
    found: dict[str, None] = {}
    for names, shape in (
        (offer.kex, _KEX),
        (offer.host_key, _HOST_KEY),
        ((*offer.ciphers_out, *offer.ciphers_in), _CIPHER),
        ((*offer.macs_out, *offer.macs_in), _MAC),
    ):
        found |= {name: None for name in names if shape.fullmatch(name)}
    return tuple(found)


def open_to_prefix_truncation(offer: KexInit) -> bool:
    """Whether a session with this server may be one that CVE-2023-48795 applies to."""
    if STRICT in offer.kex:
        return False
    ciphers = {*offer.ciphers_out, *offer.ciphers_in}
    etm = any("-etm@" in name for name in (*offer.macs_out, *offer.macs_in))
    return _PREFIX_CIPHER in ciphers or (etm and any("-cbc" in name for name in ciphers))


def weak_key(key: HostKey) -> bool | None:
    """Whether a host key is too short or of an outdated kind; None where that is not known."""
    if key.kind == "ssh-dss":
        return True
    if not key.bits:
        return None
    return key.kind == "ssh-rsa" and key.bits < SHORTEST_RSA
