"""What exchanges of CoAP prove, channel by channel: our own, and those of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.model import Endpoint, Fact, Observation, Proof, Transcript, Transport
from iotscan.protocols.coap import codec as coap
from iotscan.protocols.coap import facts as coap_facts
from iotscan.protocols.coap.codec import Message
from iotscan.protocols.coap.exchange import Exchange, messages, pair
from iotscan.text import clean

PORT = 5683


def read_transcript(talk: Transcript) -> Iterator[Observation]:
    """What each channel's exchanges prove, those that the service asked itself included."""
    for number in sorted({turn.channel for turn in talk.turns}):
        channel = talk.channels[number] if number < len(talk.channels) else None
        endpoint = channel.endpoint if channel else talk.service.endpoint
        secure = talk.service.tls if channel is None else channel.tls is not None
        turns = ((i, turn.sender, turn.data) for i, turn in talk.turns_of(number))
        said = messages(turns, tcp=endpoint.transport == "tcp")
        every = pair(said)
        rows = list(_rows(every, endpoint.transport, secure))
        if not rows and talk.client is not None and not secure:
            rows = list(_answers_alone(said, endpoint))
        for kind, facts, indexes in rows:
            cleaned = {word: _cleaned(fact) for word, fact in facts.items()}
            proof = Proof(talk.id, tuple(dict.fromkeys(indexes)))
            yield Observation(kind, cleaned, endpoint.address, endpoint, (proof,))


def _rows(
    every: Sequence[Exchange], transport: Transport, secure: bool
) -> Iterator[coap_facts.Row]:
    served = [e for e in every if e.asker == "client"]
    asking = [e for e in every if e.asker == "server" and (e.responses or e.rejected)]
    answered = [e for e in served if e.responses or e.rejected is not None]
    # A question that nobody answered shows no service.
    if answered:
        first = answered[0]
        at = first.responses[0][0] if first.responses else first.rejected
        assert at is not None
        open_text = not secure and not all(e.request.has(coap.OSCORE) for e in served)
        facts: dict[str, Fact] = {"role": "server", "answered": True}
        yield "coap.service", _service(transport, open_text) | facts, (first.asked, at)
    if asking:
        open_text = not secure and not all(e.request.has(coap.OSCORE) for e in asking)
        facts = _service(transport, open_text) | {"role": "client"}
        yield "coap.service", facts, (asking[0].asked,)
    if answered:
        yield from coap_facts.rows(answered)
        if transport == "udp":
            yield from coap_facts.amplification(answered)


def _answers_alone(
    said: Sequence[tuple[int, str, Message]], endpoint: Endpoint
) -> Iterator[coap_facts.Row]:
    """A server at its usual port whose questions were not captured: it answers, or tells an
    observer (RFC 7641) what changed.
    """
    heard = [(index, message) for index, sender, message in said if sender == "server"]
    usual = (endpoint.transport, endpoint.port) == ("udp", PORT)
    if usual and heard and all(message.is_response for _, message in heard):
        open_text = not any(message.has(coap.OSCORE) for _, message in heard)
        facts: dict[str, Fact] = {"role": "server", "answered": True}
        yield "coap.service", _service("udp", open_text) | facts, (heard[0][0],)


def _service(transport: Transport, cleartext: bool) -> dict[str, Fact]:
    return {"transport": transport, "cleartext": cleartext}


def _cleaned(fact: Fact) -> Fact:
    if isinstance(fact, tuple):
        return tuple(clean(item) for item in fact)
    return clean(fact) if isinstance(fact, str) else fact
