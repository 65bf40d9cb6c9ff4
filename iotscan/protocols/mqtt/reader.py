"""A conversation → what it proves of an MQTT broker, our own or a captured one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from iotscan.model import Channel, Ending, Observation, Outcome, Proof, Transcript
from iotscan.protocols.common.clients import of_client
from iotscan.protocols.common.personal import PICTURE, is_picture, personal_kinds
from iotscan.protocols.mqtt import facts as facts_of
from iotscan.protocols.mqtt.facts import Facts
from iotscan.protocols.mqtt.session import Message, Session, read_session
from iotscan.protocols.mqtt.topics import Catalogue, products, secret_kinds
from iotscan.text import clean

# A broker that knows of thousands of devices is described by a few of them.
_MOST_SECRETS = 100
# What a sensor says all day is of one shape: so many messages of a topic show it.
_MOST_ALIKE = 8
_MOST_PRODUCTS = 50
_LOST = (Ending.CLOSED, Ending.TLS_FAILED)


@dataclass(frozen=True, slots=True)
class Sample:
    """How long and how much a broker is listened to; a reader has to know when there was more."""

    seconds: float = 5.0
    messages: int = 500
    octets: int = 65_536


@dataclass(slots=True)
class Reader:
    """Reads one transcript. ``own``: how the client identifiers of our own connections begin."""

    talk: Transcript
    known: Catalogue
    own: str
    sample: Sample = Sample()
    _sessions: list[tuple[int, Session]] = field(default_factory=list)
    _tries: list[tuple[int, Session, Channel]] = field(default_factory=list)

    def observations(self) -> Iterator[Observation]:
        """Everything that is proven, each thing once, in a fixed order."""
        channels = sorted({turn.channel for turn in self.talk.turns})
        for number in channels:
            session = read_session(self.talk.turns_of(number))
            channel = self._channel(number)
            if session is None:
                continue
            if channel is not None and channel.login is not None:
                self._tries.append((number, session, channel))
            elif self._counts(session):
                self._sessions.append((number, session))
        yield from _merged(self._of_sessions())
        yield from self._logins()
        yield from self._heard()
        yield from self._certificate()

    def _counts(self, session: Session) -> bool:
        """Our own words prove nothing of a device that did not answer them."""
        if session.connect is None or not session.connect.client_id.startswith(self.own):
            return True
        return session.connack is not None or session.agreed

    def _of_sessions(self) -> Iterator[Observation]:
        for number, session in self._sessions:
            channel = self._channel(number)
            extra = self._encrypted(number)
            closed = channel is not None and channel.ending is Ending.CLOSED
            start = session.turns[:1] if session.turns else ()
            opening = (session.connect_turn, session.connack_turn) if session.connack else start
            said = facts_of.session_facts(session, closed=closed) | extra
            yield self._seen("mqtt.session", said, (*opening, *session.later[:1]))
            if self.talk.client is not None and said.get("client_id"):
                words = {"client_id": said["client_id"]}
                yield of_client(self.talk, "mqtt.client", words, opening[:1])
            credentials = facts_of.credentials_facts(session)
            if credentials is not None:
                yield self._seen("mqtt.credentials", credentials | extra, opening)
            limits = facts_of.limits_facts(session)
            if limits is not None:
                yield self._seen("mqtt.limits", limits, opening)
            yield from self._subscriptions(session, extra)

    def _subscriptions(self, session: Session, extra: Facts) -> Iterator[Observation]:
        for subscription in session.subscriptions:
            answered = facts_of.subscription_facts(session, subscription)
            if answered is not None:
                yield self._seen("mqtt.subscribe", answered | extra, subscription.turns)
        traffic = facts_of.traffic_facts(
            session, most_messages=self.sample.messages, most_octets=self.sample.octets
        )
        if traffic is not None:
            granting = [turn for item in session.subscriptions for turn in item.turns]
            hearing = [message.turn for message in session.messages[:20]]
            yield self._seen("mqtt.traffic", traffic | extra, (*granting, *hearing))

    def _logins(self) -> Iterator[Observation]:
        """One conclusion from all connections that were opened for a login."""
        tried = self._tries
        outcomes = [facts_of.outcome_of(session.connack) for _, session, _ in tried]
        locked = self.talk.ending is Ending.LOCKED_OUT or Outcome.LOCKED in outcomes
        if not tried:
            return
        turns = [turn for _, session, _ in tried for turn in session.turns[:2]]
        facts: Facts = {"attempts": len(tried), "locked_out": locked}
        if Outcome.ACCEPTED in outcomes:
            first = outcomes.index(Outcome.ACCEPTED)
            _, session, channel = tried[first]
            facts |= {"attempts": first + 1, "accepted": True, "login": str(channel.login)}
            if session.connect is not None and session.connect.username is not None:
                facts["username"] = clean(session.connect.username)
            # After a success the network lets only a control be tried.
            control = outcomes[first + 1 :]
            if control and control[0] in (Outcome.ACCEPTED, Outcome.REFUSED):
                taken = control[0] is Outcome.ACCEPTED
                facts |= {"control_accepted": taken, "accepts_anything": taken}
        elif all(outcome is Outcome.REFUSED for outcome in outcomes):
            facts["accepted"] = False
        yield self._seen("mqtt.login", facts | self._encrypted(tried[0][0]), turns)

    def _heard(self) -> Iterator[Observation]:
        """What topics and messages give away, from all sessions together."""
        messages = []
        alike: Counter[tuple[str, str, bool]] = Counter()
        for number, session in self._sessions:
            for message in session.messages:
                sort = (message.packet.topic, message.sender, message.packet.retain)
                alike[sort] += 1
                if alike[sort] <= _MOST_ALIKE:
                    messages.append((number, session, message))
        yield from self._secrets(messages)
        if self.talk.client is not None:
            yield from self._personal(messages)
            yield from self._published(messages)
        yield from self._named("mqtt.broker", messages)
        yield from self._named("mqtt.ecosystem", messages)

    def _secrets(self, messages: Sequence[tuple[int, Session, Message]]) -> Iterator[Observation]:
        seen: set[tuple[str, str, bool, str]] = set()
        for number, session, message in messages:
            packet = message.packet
            for kind in secret_kinds(self.known, packet.topic, packet.payload):
                key = (packet.topic, kind, packet.retain, message.sender)
                if key in seen or len(seen) >= _MOST_SECRETS:
                    continue
                seen.add(key)
                facts: Facts = {
                    "topic": clean(packet.topic),
                    "kind": kind,
                    "retained": packet.retain,
                    "sender": message.sender,
                }
                if session.connect is not None:
                    facts["anonymous"] = session.connect.anonymous
                yield self._seen("mqtt.secret", facts | self._encrypted(number), (message.turn,))

    def _personal(self, messages: Sequence[tuple[int, Session, Message]]) -> Iterator[Observation]:
        """Personal data in what devices were overheard to publish."""
        told: set[str] = set()
        for number, _, message in messages:
            packet = message.packet
            picture = (PICTURE,) if is_picture(packet.payload) else ()
            for kind in (*personal_kinds(packet.payload), *picture):
                if kind not in told:
                    told.add(kind)
                    facts: Facts = {"kind": kind, "topic": clean(packet.topic)}
                    extra = self._encrypted(number)
                    yield self._seen("mqtt.personal", facts | extra, (message.turn,))

    def _published(self, messages: Sequence[tuple[int, Session, Message]]) -> Iterator[Observation]:
        """Which products the client is one of, by the topics that it publishes to."""
        told: set[str] = set()
        for _, _, message in messages:
            packet = message.packet
            if message.sender == "client" and len(told) < _MOST_PRODUCTS:
                for product, _ in products(self.known, False, packet.topic, packet.payload):
                    if product not in told:
                        told.add(product)
                        words: Facts = {"product": product}
                        yield of_client(self.talk, "mqtt.publisher", words, (message.turn,))

    def _named(
        self, kind: str, messages: Sequence[tuple[int, Session, Message]]
    ) -> Iterator[Observation]:
        brokers = kind == "mqtt.broker"
        found: dict[str, tuple[str, dict[str, int]]] = {}
        for _, _, message in messages:
            packet = message.packet
            for product, version in products(self.known, brokers, packet.topic, packet.payload):
                told, topics = found.get(product, ("", {}))
                topics.setdefault(packet.topic, message.turn)
                found[product] = (told or version, topics)
        for product, (version, topics) in sorted(found.items())[:_MOST_PRODUCTS]:
            facts: Facts = {"product": product}
            if version:
                facts["version"] = clean(version)
            if not brokers:
                facts |= {"topic": clean(next(iter(topics))), "topics": len(topics)}
            yield self._seen(kind, facts, list(topics.values())[:5])

    def _certificate(self) -> Iterator[Observation]:
        """Whether TLS asks for a client certificate, and whether it serves us without one."""
        if self.talk.probe != "mqtt":
            return
        secured = [channel for channel in self.talk.channels if channel.tls is not None]
        asked = {c.tls.client_certificate_requested for c in secured if c.tls is not None}
        if not asked & {True, False}:
            return
        facts: Facts = {"requested": True in asked}
        if True not in asked or any(session.connack for _, session in self._sessions):
            facts["required"] = False
        elif self.talk.ending in _LOST or any(channel.ending in _LOST for channel in secured):
            facts["required"] = True
        yield self._seen("mqtt.certificate", facts, ())

    def _channel(self, number: int) -> Channel | None:
        channels = self.talk.channels
        return channels[number] if 0 <= number < len(channels) else None

    def _encrypted(self, number: int) -> Facts:
        channel = self._channel(number)
        return {
            "encrypted": self.talk.service.tls or (channel is not None and channel.tls is not None)
        }

    def _seen(self, kind: str, facts: Facts, turns: Sequence[int]) -> Observation:
        cited = tuple(sorted(set(turns)))
        frames = (self.talk.turns[turn].frame for turn in cited)
        proof = Proof(self.talk.id, cited, frames=tuple(f for f in frames if f is not None))
        endpoint = self.talk.service.endpoint
        return Observation(kind, facts, endpoint.address, endpoint, (proof,))


def _merged(observations: Iterator[Observation]) -> Iterator[Observation]:
    """The same thing said on several connections, once with all its proofs."""
    kept: dict[tuple[str, str], Observation] = {}
    for seen in observations:
        key = (seen.kind, repr(sorted(seen.facts.items())))
        first = kept.get(key)
        if first is not None:
            turns = {*first.proofs[0].turns, *seen.proofs[0].turns}
            frames = {*first.proofs[0].frames, *seen.proofs[0].frames}
            proof = Proof(seen.proofs[0].source, tuple(sorted(turns)), frames=tuple(sorted(frames)))
            seen = replace(first, proofs=(proof,))
        kept[key] = seen
    yield from kept.values()
