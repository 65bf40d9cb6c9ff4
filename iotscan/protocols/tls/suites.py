"""TLS cipher suites: what each number means and what is weak about it, read off the names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml

# Key exchanges in which at least the server's part is made anew for each session. Anonymous ones
# are among them: they lack authentication, not forward secrecy.
_EPHEMERAL = re.compile(r"(EC)?DHE_|(EC)?DH_anon|PSK_DHE|SRP_|ECCPWD|ECJPAKE|CECPQ1")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Suite:
    """One cipher suite. ``key_exchange`` is "" for TLS 1.3, where the handshake chooses it apart.

    ``mac``: the hash of the MAC; "AEAD" where the cipher needs none. ``weaknesses``: any of NULL,
    ANON, EXPORT, RC4, RC2, DES, 3DES, MD5.
    """

    name: str
    key_exchange: str
    cipher: str
    mac: str
    weaknesses: frozenset[str]
    forward_secrecy: bool


def describe(name: str) -> Suite:
    """A suite as its registered name describes it (RFC 5246 appendix C, RFC 8446 appendix B.4)."""
    plain = name.removeprefix("TLS_").removeprefix("SSL_")
    key_exchange, split, algorithms = plain.rpartition("_WITH_")
    cipher, mac = _parts(algorithms)
    ephemeral = not split or _EPHEMERAL.match(key_exchange + "_") is not None
    return Suite(name, key_exchange, cipher, mac, _weaknesses(key_exchange, cipher, mac), ephemeral)


def _parts(algorithms: str) -> tuple[str, str]:
    # RFC 9150: integrity only, named by the hash alone ("SHA256_SHA256").
    if algorithms.startswith("SHA"):
        return "NULL", algorithms.partition("_")[0]
    if re.search(r"CCM(_8)?$|MGM_[LS]$", algorithms):
        return algorithms, "AEAD"
    cipher, _, mac = algorithms.rpartition("_")
    aead = re.search(r"GCM|CCM|POLY1305|AEGIS|MGM|OCB", cipher)
    return cipher, "AEAD" if aead else mac


def _weaknesses(key_exchange: str, cipher: str, mac: str) -> frozenset[str]:
    words = {re.sub(r"^(DES|RC4|RC2)\d*$", r"\1", word) for word in cipher.split("_")}
    found = words & {"NULL", "RC4", "RC2", "DES", "3DES"}
    if "anon" in key_exchange or key_exchange == "NULL":
        found.add("ANON")
    if "EXPORT" in key_exchange:
        found.add("EXPORT")
    if mac == "MD5":
        found.add("MD5")
    return frozenset(found)


def _load() -> Mapping[int, Suite]:
    text = files("iotscan.protocols.tls").joinpath("suites.yaml").read_text("utf-8")
    names: dict[int, str] = yaml.load(text, _LOADER)  # noqa: S506 (a safe loader, in C if it is there)
    return {number: describe(name) for number, name in names.items()}


SUITES: Mapping[int, Suite] = _load()

# SSL 2.0 cipher kinds are 24 bits long (draft-hickman-netscape-ssl, section C.4).
SSL2_KINDS: Mapping[int, str] = {
    0x010080: "SSL2_RC4_128_WITH_MD5",
    0x020080: "SSL2_RC4_128_EXPORT40_WITH_MD5",
    0x030080: "SSL2_RC2_128_CBC_WITH_MD5",
    0x040080: "SSL2_RC2_128_CBC_EXPORT40_WITH_MD5",
    0x050080: "SSL2_IDEA_128_CBC_WITH_MD5",
    0x060040: "SSL2_DES_64_CBC_WITH_MD5",
    0x0700C0: "SSL2_DES_192_EDE3_CBC_WITH_MD5",
}


def suite(number: int) -> Suite:
    """The suite of this number; one that is called by its number when it is not registered."""
    known = SUITES.get(number)
    return known or Suite(f"0x{number:04X}", "", "", "", frozenset(), False)
