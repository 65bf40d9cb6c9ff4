"""TLS: versions, suites, keys and certificates of any port that speaks it, at once or on request.

The system's library refuses to offer what old devices accept, so every question is a ClientHello
of our own on a connection of its own, and no handshake is ever finished. SSL 2.0 to TLS 1.3; RFC
5246, RFC 8446. A protocol that begins in clear is asked to change to TLS first (STARTTLS).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from iotscan.errors import ConnectionLost, Malformed, TimedOut, TlsFailed
from iotscan.model import Ending, Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import Beginning, Login, Network, Opening, Stream
from iotscan.protocols.common.overheard import without_holes
from iotscan.protocols.tls import facts as tls_facts
from iotscan.protocols.tls.codec import Flight, looks_like_server
from iotscan.protocols.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, ClientHello
from iotscan.protocols.tls.offers import for_static_keys, for_version, for_weak_suites
from iotscan.protocols.tls.suites import suite
from iotscan.protocols.tls.talk import Handshake, put_together, read_answer
from iotscan.protocols.tls.upgrade import UPGRADES, Ask

# A flight is a few kilobytes; chains of 16 certificates stay below this.
_LONGEST_FLIGHT = 65_536
_MOST_READS = 128
# A device that takes one weak suite is asked for the next sort: a few say enough.
_MORE_WEAK = 2

VERSION = Kind(
    "tls.version",
    {"version": str, "accepted": bool, "cipher": str, "refusal": str},
    "One per version that was offered: accepted when the server chose it; refusal says how it"
    " declined (the alert's name, closed, silent). Without accepted, the answer proves nothing.",
)
SUITE = Kind(
    "tls.suite",
    {
        "name": str,
        "version": str,
        "accepted": bool,
        "weak": bool,
        "weaknesses": tuple,
        "forward_secrecy": bool,
        "key_exchange_bits": int,
        "group": str,
    },
    "One per cipher suite that the server chose. key_exchange_bits: of its ephemeral DH or export"
    " RSA key.",
)
CERTIFICATE = Kind(
    "tls.certificate",
    {**tls_facts.CERTIFICATE_WORDS, "for_name": bool},
    "One per certificate that the server showed as its own. Times are seconds since 1970;"
    " self_signed: issuer and subject are the same; for_address: it names the device's address;"
    " for_name instead, where a captured client said which name it wanted.",
)
SESSION = Kind(
    "tls.session",
    {
        "version": str,
        "cipher": str,
        "weak": bool,
        "weaknesses": tuple,
        "forward_secrecy": bool,
        "client_certificate_requested": bool,
        "client_certificate_shown": bool,
        "compression": bool,
        "secure_renegotiation": bool,
        "key_exchange_bits": int,
        "group": str,
        "offered": str,
        "server_name": str,
        "captured": bool,
    },
    "What was agreed on: in a captured connection, or by our best offer. offered: the newest"
    " version that the client offered.",
)
SUMMARY = Kind(
    "tls.summary",
    {
        "versions": tuple,
        "retired_version_accepted": bool,
        "weak_suite_accepted": bool,
        "static_keys_accepted": bool,
        "modern_only": bool,
        "complete": bool,
    },
    "All of our offers to one server together; a word that not all needed answers came for is"
    " left out. modern_only: only TLS 1.2 or 1.3, and no weak suite.",
)


@dataclass
class _Enquiry:
    """The questions put to one server, each on its own connection. ``upgrade``: what must be said
    before; ``agreed``: whether the server changed to TLS then.
    """

    service: Service
    net: Network
    upgrade: tuple[Ask, ...] = ()
    agreed: bool = True
    silent: int = 0
    flights: dict[ClientHello, Flight] = field(default_factory=dict)

    async def ask(self, hello: ClientHello) -> Flight:
        """The answer; empty when the device said nothing, or closed. Raises TimedOut when the
        device has fallen silent, Malformed when it does not speak TLS, TlsFailed when it changes
        to TLS no more.
        """
        self.flights[hello] = Flight()
        try:
            async with self.net.tcp(self.service, tls=False) as stream:
                self.agreed = await _change(stream, self.upgrade)
                if self.agreed:
                    async for flight in _answer(stream, hello):
                        self.flights[hello] = flight
            self.silent = 0
        except ConnectionLost:
            self.silent = 0  # many stacks reset instead of sending an alert
        except TimedOut as error:
            self.silent += self.flights[hello].hello is None
            if error.phase != "read" or self.silent > 1:
                raise
        if not self.agreed and len(self.flights) > 1:
            raise TlsFailed("the server changes to TLS no more")
        return self.flights[hello]


class TlsProbe:
    """Asks any TLS service what it takes, at most eleven connections for the worst of devices."""

    name = "tls"
    # It joins what others found: an opening of its own would also be said inside TLS.
    openings: Sequence[Opening] = ()
    impact = Impact.GREET
    emits: Sequence[Kind] = (VERSION, SUITE, CERTIFICATE, SESSION, SUMMARY)
    begins = (Beginning("tcp"),)

    def recognises(self, heard: bytes) -> bool:
        # An alert would do as well, but it also answers a plain-text question to a TLS port.
        return looks_like_server(heard) and heard[:1] != b"\x15"

    def handles(self, service: Service) -> bool:
        tcp = service.endpoint.transport == "tcp"
        return tcp and (service.tls or service.name == self.name or service.name in UPGRADES)

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        before = () if service.tls else UPGRADES.get(service.name or "", ())
        enquiry = _Enquiry(service, net, before)
        newest = await enquiry.ask(for_version(TLS12))
        if not enquiry.agreed:
            return
        await enquiry.ask(for_version(TLS13))
        chosen = newest.hello.version if newest.hello else TLS12
        for version in (TLS11, TLS10, SSL3):
            # A server that takes a lower version than offered has declined those in between.
            if version < chosen:
                answer = await enquiry.ask(for_version(version))
                chosen = answer.hello.version if answer.hello else chosen
        await _ask_for_suites(enquiry, newest)
        # Last, because a stack that never knew SSL 2.0 may wait for the rest of a record.
        await enquiry.ask(for_version(SSL2))
        await _ask_again(enquiry)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        handshakes, silent = _handshakes(talk)
        verdicts = tls_facts.verdicts(handshakes, silent)
        for verdict in verdicts:
            one = handshakes[verdict.number]
            yield _observation(talk, VERSION, verdict.facts(), one.places(one.asked, one.chosen))
        yield from _sessions(talk, handshakes)
        yield from _certificates(talk, handshakes)
        if talk.probe == self.name and any(one.ours for one in handshakes):
            finished = talk.ending is Ending.COMPLETE
            facts = tls_facts.summary(handshakes, verdicts, silent, finished)
            places = (place for one in handshakes for place in one.places(one.asked, one.chosen))
            yield _observation(talk, SUMMARY, facts, tuple(sorted(places)))


async def _change(stream: Stream, upgrade: tuple[Ask, ...]) -> bool:
    """Say what comes before TLS; whether the server agreed to all of it."""
    for ask in upgrade:
        if ask.says:
            await stream.write(ask.says)
        heard = b""
        while (agreed := ask.agrees(heard)) is None:
            part = await stream.read()
            if not part:
                return False
            heard += part
        if not agreed:
            return False
    return True


async def _answer(stream: Stream, hello: ClientHello) -> AsyncIterator[Flight]:
    """What the server answers to a hello, as far as it has come each time."""
    said, heard = hello.encode(), b""
    await stream.write(said)
    for _ in range(_MOST_READS):
        part = await stream.read()
        heard += part
        flight = read_answer(said, heard)
        yield flight
        if not part or flight.finished or len(heard) > _LONGEST_FLIGHT:
            return


async def _ask_for_suites(enquiry: _Enquiry, newest: Flight) -> None:
    taken = [flight.hello for flight in enquiry.flights.values() if flight.hello]
    if not taken:
        return
    classic = [hello.version for hello in taken if hello.version <= TLS12]
    version = max(classic, default=TLS13)
    found: frozenset[str] = frozenset()
    for _ in range(1 + _MORE_WEAK):
        answer = await enquiry.ask(for_weak_suites(version, found))
        if answer.hello is None or answer.hello.suite is None or version == TLS13:
            break
        found |= suite(answer.hello.suite).weaknesses
    if classic and _is_ephemeral(newest):
        await enquiry.ask(for_static_keys(version))


def _is_ephemeral(flight: Flight) -> bool:
    return bool(flight.hello and flight.hello.suite and suite(flight.hello.suite).forward_secrecy)


async def _ask_again(enquiry: _Enquiry) -> None:
    """Prove that the device still answers, if its last words were none: only then was closing the
    connection an answer to the question.
    """
    answered = {hello: flight for hello, flight in enquiry.flights.items() if flight.hello}
    *_, last = enquiry.flights.values()
    if answered and last.hello is None and last.alert is None:
        await enquiry.ask(next(iter(answered)))


def _handshakes(talk: Transcript) -> tuple[list[Handshake], frozenset[int]]:
    """The handshakes of all channels, and the numbers of those that ended in silence."""
    found: list[Handshake] = []
    silent: set[int] = set()
    for channel in sorted({turn.channel for turn in talk.turns}):
        turns = without_holes(talk.turns_of(channel))
        one = put_together((i, turn.sender == "client", turn.data) for i, turn in turns)
        if one is None:
            continue
        if channel < len(talk.channels) and talk.channels[channel].ending is Ending.TIMEOUT:
            silent.add(len(found))
        found.append(one)
    return found, frozenset(silent)


def _sessions(talk: Transcript, handshakes: Sequence[Handshake]) -> Iterator[Observation]:
    best = tls_facts.best(handshakes)
    seen: set[Fact] = set()
    for one in handshakes:
        chosen = tls_facts.suite_chosen(one)
        if chosen and chosen["name"] not in seen:
            seen.add(chosen["name"])
            yield _observation(talk, SUITE, chosen, one.places(one.chosen))
        if one.flight.hello and (one is best or not one.ours):
            yield _observation(talk, SESSION, tls_facts.session(one), one.places(one.chosen))


def _certificates(talk: Transcript, handshakes: Sequence[Handshake]) -> Iterator[Observation]:
    shown = [
        (one.flight.chain, one.places(one.shown), one.hello.sni if one.hello else "")
        for one in handshakes
    ]
    # What the gateway's own session showed, when a conversation was held inside TLS.
    shown += [(channel.tls.chain, (), "") for channel in talk.channels if channel.tls]
    seen: set[bytes] = set()
    for chain, places, name in shown:
        if not chain or chain[0] in seen:
            continue
        seen.add(chain[0])
        try:
            facts = tls_facts.certificate(chain, talk.service.endpoint.address, name)
        except Malformed:
            continue
        yield _observation(talk, CERTIFICATE, facts, places)


def _observation(
    talk: Transcript, kind: Kind, facts: Mapping[str, Fact], turns: tuple[int, ...]
) -> Observation:
    endpoint = talk.service.endpoint
    return Observation(kind.name, facts, endpoint.address, endpoint, (Proof(talk.id, turns),))


PROBE = TlsProbe()
