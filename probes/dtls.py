"""DTLS (RFC 6347), which secures CoAP and LwM2M: version, suite, certificate, PSK identity hint,
and whether the server makes a client prove its address before it answers at length.

The system's library has no DTLS, so the ClientHello is our own: one without a cookie, at most one
with the cookie the server gave, and never a key. A server that chose 1.2 is asked for 1.0 as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Fact, Impact, Kind, Observation, Proof, Service, Transcript
from iotscan.probe_api import Beginning, Datagrams, Login, Network, Opening
from iotscan.protocols.dtls import facts as dtls_facts
from iotscan.protocols.dtls.codec import Flight, looks_like_server, parse_server
from iotscan.protocols.dtls.facts import Handshake, put_together
from iotscan.protocols.dtls.offers import client_hello, goodbye
from iotscan.protocols.dtls.records import bare
from iotscan.protocols.tls import facts as tls_facts
from iotscan.protocols.tls.hello import DTLS10, DTLS12

PORT = 5684
# Seconds for an answer, first and after the hello was repeated once: RFC 6347 section 4.2.4.1
# repeats after one, small devices compute longer.
PATIENCE = (2.0, 3.0)
# A flight with a chain of certificates in 200-byte datagrams; more is a flood.
MOST_DATAGRAMS = 64
PACE = 0.5
# Content types of records, the unified header of DTLS 1.3 (RFC 9147 section 4), and CAPWAP's.
_BEGINS = bytes((*range(20, 64), 1))
# A captured conversation may go on for hours; what is in clear stands at its beginning.
MOST_TURNS = 256

SERVICE = Kind(
    "dtls.service",
    {
        "version": str,
        "cipher": str,
        "weak": bool,
        "weaknesses": tuple,
        "forward_secrecy": bool,
        "psk": bool,
        "psk_hint": bool,
        "psk_identity_hint": str,
        "certificate": bool,
        "client_certificate_requested": bool,
        "compression": bool,
        "key_exchange_bits": int,
        "group": str,
        "cookie": bool,
        "request_bytes": int,
        "response_bytes": int,
        "ratio": float,
        "refusal": str,
        "captured": bool,
    },
    "A server answered a ClientHello. cookie: it made the client prove its address first; ratio:"
    " bytes it sent before that by bytes asked; psk_hint: it names its key to anyone; refusal: the"
    " alert it sent instead of a hello. captured: the hello was not ours.",
)
VERSION = Kind(
    "dtls.version",
    {"version": str, "accepted": bool, "refusal": str},
    "One per version that a handshake decides. Without accepted, the answer proves nothing.",
)
CERTIFICATE = Kind(
    "dtls.certificate",
    tls_facts.CERTIFICATE_WORDS,
    "A server showed a certificate as its own; the words are those of tls.certificate.",
)


class Dtls:
    name = "dtls"
    impact = Impact.GREET
    openings = (Opening("client-hello", "udp", (PORT,), client_hello(DTLS12)),)
    emits = (SERVICE, VERSION, CERTIFICATE)
    begins = (Beginning("udp", _BEGINS, _BEGINS),)

    def recognises(self, heard: bytes) -> bool:
        return looks_like_server(heard)

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "udp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        newest = await _ask(service, net, DTLS12)
        if newest.hello is None:
            # Some stacks choose a suite with a key although they hold none, and fail (libcoap with
            # GnuTLS).
            await net.pause(PACE)
            newest = await _ask(service, net, DTLS12, psk=False)
        if newest.hello is None and newest.alert is None:
            raise TimedOut("read")
        if newest.hello is None or newest.hello.version == DTLS12:
            await net.pause(PACE)
            # A server that knows nothing older may drop the hello: then it stays unknown.
            with suppress(TimedOut):
                await _ask(service, net, DTLS10)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """What every exchange shows; of our own two, the one that was refused only its version."""
        handshakes = _handshakes(talk)
        best = next((one for one in handshakes if one.flight.hello), None)
        told: list[Mapping[str, Fact]] = []
        taken = {one.flight.hello.version for one in handshakes if one.flight.hello}
        for one in handshakes:
            for facts in dtls_facts.versions(one, taken):
                if facts not in told:
                    told.append(facts)
                    yield _observation(talk, VERSION, facts, one)
            if one is (best or handshakes[0]) or not one.ours:
                yield _observation(talk, SERVICE, dtls_facts.service(one), one)
                yield from _certificate(talk, one)


async def _ask(service: Service, net: Network, version: int, *, psk: bool = True) -> Flight:
    """The answer to one hello, and to the same with the cookie if one is demanded; only the cookie
    when nothing comes after that. Raises TimedOut when nothing comes at all.
    """
    async with net.udp(service) as datagrams:
        flight = await _talk(datagrams, version, psk)
        if flight.hello is not None:
            await datagrams.send(goodbye(flight.hello.version))
    return flight


async def _talk(datagrams: Datagrams, version: int, psk: bool) -> Flight:
    hello, heard, flight, repeated = client_hello(version, psk=psk), list[bytes](), Flight(), False
    await datagrams.send(hello)
    while len(heard) < MOST_DATAGRAMS:
        try:
            heard.append(await datagrams.receive(PATIENCE[repeated]))
        except TimedOut:
            if flight.hello is not None or (repeated and flight.cookie is not None):
                return flight
            if repeated:
                raise
            repeated = True
            await datagrams.send(hello)
            continue
        verified = flight.cookie is not None
        flight = parse_server(heard)
        if flight.finished:
            return flight
        if flight.cookie is not None and not verified and flight.hello is None:
            hello = client_hello(version, flight.cookie, number=1, psk=psk)
            await datagrams.send(hello)
    if flight.hello is None:
        raise Malformed("many datagrams, none of them an answer to a ClientHello")
    return flight


def _handshakes(talk: Transcript) -> list[Handshake]:
    found = []
    for channel in sorted({turn.channel for turn in talk.turns}):
        known = talk.channels[channel] if channel < len(talk.channels) else talk.service
        if known.endpoint.transport == "udp":
            turns = talk.turns_of(channel)[:MOST_TURNS]
            parts = [(i, turn.sender == "client", bare(turn.data)) for i, turn in turns]
            found.append(put_together(parts, captured=talk.client is not None))
    return [one for one in found if one is not None]


def _certificate(talk: Transcript, one: Handshake) -> Iterator[Observation]:
    if one.flight.chain:
        try:
            facts = tls_facts.certificate(one.flight.chain, talk.service.endpoint.address)
        except Malformed:
            return
        yield _observation(talk, CERTIFICATE, facts, one)


def _observation(
    talk: Transcript, kind: Kind, facts: Mapping[str, Fact], one: Handshake
) -> Observation:
    endpoint = talk.service.endpoint
    proof = Proof(talk.id, one.indexes)
    return Observation(kind.name, facts, endpoint.address, endpoint, (proof,))


PROBE = Dtls()
