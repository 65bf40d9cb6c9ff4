"""What handshakes establish, as the words that rules use: versions, suites, keys, certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from iotscan.protocols.tls.hello import (
    RENEGOTIATION,
    SSL2,
    SSL3,
    TLS10,
    TLS11,
    TLS12,
    TLS13,
    version_name,
)
from iotscan.protocols.tls.offers import asks_for_static, asks_for_weak
from iotscan.protocols.tls.suites import SSL2_KINDS, suite
from iotscan.protocols.tls.talk import Handshake
from iotscan.protocols.tls.x509 import read_certificate
from iotscan.text import clean

Facts = dict[str, bool | int | float | str | tuple[str, ...]]
# RFC 6176 (SSL 2.0), RFC 7568 (SSL 3.0), RFC 8996 (TLS 1.0 and 1.1) retire these.
RETIRED = (SSL2, SSL3, TLS10, TLS11)
_MODERN = (TLS12, TLS13)
# A server that met an error of its own has not declined what it was asked.
_NO_ANSWER = frozenset({"internal_error", "user_canceled", "close_notify"})
_MOST_NAMES = 32
# What ``certificate`` may tell of a certificate, over TLS and DTLS alike.
CERTIFICATE_WORDS: Mapping[str, type] = {
    "subject": str,
    "issuer": str,
    "names": tuple,
    "not_before": int,
    "not_after": int,
    "key_type": str,
    "key_bits": int,
    "curve": str,
    "signature_hash": str,
    "self_signed": bool,
    "self_signature_verified": bool,
    "authority": bool,
    "sha256": str,
    "spki_sha256": str,
    "for_address": bool,
    "chain_length": int,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a version was taken; ``accepted`` None: the answer proves nothing either way.

    ``number``: which handshake it follows from.
    """

    number: int
    version: int
    accepted: bool | None
    cipher: str = ""
    refusal: str = ""

    def facts(self) -> Facts:
        found: Facts = {"version": version_name(self.version)}
        if self.accepted is not None:
            found["accepted"] = self.accepted
        if self.cipher:
            found["cipher"] = self.cipher
        if self.refusal:
            found["refusal"] = self.refusal
        return found


def verdicts(handshakes: Sequence[Handshake], silent: frozenset[int]) -> tuple[Verdict, ...]:
    """One verdict per version and answer, first come first. ``silent``: numbers of the handshakes
    in which the server said nothing until time ran out.

    That a server closed the connection is an answer only if it answered another hello afterwards:
    else the device may have died of the question.
    """
    last = max((i for i, one in enumerate(handshakes) if one.flight.hello), default=-1)
    found: dict[tuple[int, bool | None], Verdict] = {}
    for number, one in enumerate(handshakes):
        wordless = "silent" if number in silent else "closed"
        for verdict in _verdicts_of(number, one, wordless, alive=number < last):
            found.setdefault((verdict.version, verdict.accepted), verdict)
    answers = {version: {one for v, one in found if v == version} for version, _ in found}
    # What was taken once is taken; what proves nothing is only told where nothing else is known.
    return tuple(
        one
        for one in found.values()
        if one.accepted is next(a for a in (True, False, None) if a in answers[one.version])
    )


def _verdicts_of(number: int, one: Handshake, wordless: str, alive: bool) -> Iterator[Verdict]:
    hello, chosen = one.hello, one.flight.hello
    if chosen is not None:
        cipher = "" if chosen.suite is None else suite(chosen.suite).name
        if not cipher and chosen.kinds:
            cipher = SSL2_KINDS.get(chosen.kinds[0], f"0x{chosen.kinds[0]:06X}")
        yield Verdict(number, chosen.version, True, cipher)
        if hello is not None and one.ours:
            for version in (TLS11, TLS12):
                # It chooses the newest it has, RFC 5246 appendix E.1.
                if chosen.version < version <= hello.highest:
                    yield Verdict(
                        number, version, False, "", f"chose {version_name(chosen.version)}"
                    )
    elif hello is not None and one.ours and _asks_for_version(one):
        alert = one.flight.alert
        refusal = alert.name if alert else wordless
        declined = (alert is not None or (alive and wordless == "closed")) and (
            refusal not in _NO_ANSWER
        )
        yield Verdict(number, hello.highest, False if declined else None, "", refusal)


def suite_chosen(one: Handshake) -> Facts | None:
    """The cipher suite that the server chose."""
    chosen = one.flight.hello
    if chosen is None or chosen.suite is None:
        return None
    known = suite(chosen.suite)
    return {
        "name": known.name,
        "version": version_name(chosen.version),
        "accepted": True,
        **_strength(chosen.suite),
        **_key_exchange(one),
    }


def session(one: Handshake) -> Facts:
    """What was agreed on in a handshake whose ServerHello is there."""
    chosen = one.flight.hello
    if chosen is None:
        return {}
    found: Facts = {"version": version_name(chosen.version), "captured": not one.ours}
    if chosen.suite is not None:
        found |= {"cipher": suite(chosen.suite).name, **_strength(chosen.suite)}
        found["compression"] = chosen.compression != 0
    if one.flight.client_certificate_requested is not None:
        found["client_certificate_requested"] = one.flight.client_certificate_requested
    if not one.ours and one.proven is not None:
        found["client_certificate_shown"] = one.proven
    if one.ours and SSL3 <= chosen.version < TLS13:
        found["secure_renegotiation"] = RENEGOTIATION in chosen.extensions
    if one.hello is not None:
        found["offered"] = version_name(one.hello.highest)
        if one.hello.sni:
            found["server_name"] = clean(one.hello.sni)
    return found | _key_exchange(one)


def best(handshakes: Sequence[Handshake]) -> Handshake | None:
    """Of our own handshakes the one that a client of today would get."""
    answered = [
        one
        for one in handshakes
        if one.ours and one.flight.hello and one.hello and _asks_for_version(one)
    ]
    return max(answered, key=_newness, default=None)


def summary(
    ours: Sequence[Handshake], found: Sequence[Verdict], silent: frozenset[int], complete: bool
) -> Facts:
    """All of our own questions to one server together; words without all answers are left out."""
    taken = {one.version for one in found if one.accepted}
    declined = {one.version for one in found if one.accepted is False}
    retired = _settled(bool(taken & set(RETIRED)), declined >= set(RETIRED))
    answers = [one for i, one in enumerate(ours) if _answered(i, one, ours, silent)]
    chosen = [suite(n) for one in ours if one.flight.hello and (n := one.flight.hello.suite)]
    weak = _settled(
        SSL2 in taken or any(known.weaknesses for known in chosen),
        any(one.hello and asks_for_weak(one.hello) for one in answers),
    )
    static = _settled(
        any(not known.forward_secrecy for known in chosen),
        taken == {TLS13} or any(one.hello and asks_for_static(one.hello) for one in answers),
    )
    words: Facts = {"versions": tuple(version_name(version) for version in sorted(taken))}
    for name, answer in (
        ("retired_version_accepted", retired),
        ("weak_suite_accepted", weak),
        ("static_keys_accepted", static),
    ):
        if answer is not None:
            words[name] = answer
    if retired or weak:
        words["modern_only"] = False
    elif retired is False and weak is False and taken & set(_MODERN):
        words["modern_only"] = True
    words["complete"] = complete and None not in (retired, weak, static)
    return words


def certificate(
    chain: Sequence[bytes], address: IPv4Address | IPv6Address, asked_for: str = ""
) -> Facts:
    """Facts of a server's own certificate. ``asked_for``: the name that the client gave; without
    one it matters whether the certificate is for the address, unless that is one of the internet,
    where servers go by names. Raises Malformed when it is none.
    """
    read = read_certificate(chain[0])
    found: Facts = {"sha256": read.sha256, "chain_length": len(chain)}
    if read.names:
        found["names"] = tuple(clean(name, 128) for name in read.names[:_MOST_NAMES])
    if asked_for:
        found["for_name"] = _is_for(read.names, asked_for.lower())
    elif not (address.is_global or address.is_link_local):  # nobody certifies the latter
        found["for_address"] = str(address).partition("%")[0] in read.names
    for name, text in (
        ("subject", read.subject),
        ("issuer", read.issuer),
        ("key_type", read.key_type),
        ("curve", read.curve),
        ("signature_hash", read.signature_hash),
        ("spki_sha256", read.spki_sha256),
    ):
        if text is not None:
            found[name] = clean(text)
    for name, known in (
        ("not_before", read.not_before),
        ("not_after", read.not_after),
        ("key_bits", read.key_bits),
        ("self_signed", read.self_issued),
        ("self_signature_verified", read.self_signature_verified),
        ("authority", read.authority),
    ):
        if known is not None:
            found[name] = known
    return found


def _is_for(names: Sequence[str], asked_for: str) -> bool:
    """RFC 6125 section 6.4.3: a star stands for one whole label, the leftmost."""
    return asked_for in names or f"*.{asked_for.partition('.')[2]}" in names


def _settled(yes: bool, no: bool) -> bool | None:
    return True if yes else False if no else None


def _asks_for_version(one: Handshake) -> bool:
    hello = one.hello
    return hello is not None and not asks_for_weak(hello) and not asks_for_static(hello)


def _answered(
    number: int, one: Handshake, all_of_them: Sequence[Handshake], silent: frozenset[int]
) -> bool:
    if one.flight.hello is not None:
        return True
    if one.flight.alert is not None:
        return one.flight.alert.name not in _NO_ANSWER
    return number not in silent and any(later.flight.hello for later in all_of_them[number + 1 :])


def _newness(one: Handshake) -> tuple[int, bool]:
    chosen = one.flight.hello
    return (chosen.version if chosen else 0), bool(one.flight.chain)


def _strength(number: int) -> Facts:
    known = suite(number)
    return {
        "weak": bool(known.weaknesses),
        "weaknesses": tuple(sorted(known.weaknesses)),
        "forward_secrecy": known.forward_secrecy,
    }


def _key_exchange(one: Handshake) -> Facts:
    found: Facts = {}
    exchange = one.flight.key_exchange
    if exchange is not None and exchange.bits:
        found["key_exchange_bits"] = exchange.bits
    if exchange is not None and exchange.group:
        found["group"] = exchange.group
    return found
