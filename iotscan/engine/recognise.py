"""Finds out what an open port speaks, by what it says: ports order the attempts, bytes decide.

A client-first opening that is usual on the port is said at once; otherwise the server gets a
moment to greet, then openings that may be said anywhere follow, then TLS, and inside it the same.
Every attempt is a channel of one conversation, so a recognition is evidence like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from iotscan.errors import ConnectionLost, NetworkError, TimedOut, TlsFailed
from iotscan.model import Service
from iotscan.net.conversation import Conversation
from iotscan.net.port_rules import rule_for
from iotscan.probe_api import Opening, Probe, Stream

# A reply begins with what identifies its protocol; more is only needed by the probe itself.
ENOUGH = 2048
# A server that speaks first does so within a round trip and the time to start a process.
GREETING_WAIT = 1.0
# Seconds until an unanswered datagram is sent once more.
REPEAT_AFTER = 1.0
# Record type 21, major version 3 (RFC 8446, section 5.1).
TLS_ALERT = b"\x15\x03"
# Attempts on one port: a greeting, its usual openings, a few common ones, TLS, and inside TLS.
MOST_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Recognised:
    """What answered: the service, and the first bytes it said (they choose vendor logins)."""

    service: Service
    greeting: bytes = b""


async def recognise_tcp(service: Service, net: Conversation, probes: Sequence[Probe]) -> Recognised:
    """Recognise the service behind an open TCP port.

    The name stays None when nothing known answered. Raises NetworkError when the port could not be
    talked to at all (it refuses now, is out of budget …).
    """
    port = service.endpoint.port
    attempts = _Attempts(service, net, probes)
    tls_first = any(port in opening.tls for probe in probes for opening in probe.openings)
    for tls in (True, False) if tls_first else (False, True):
        found = await attempts.within(tls)
        if found is not None:
            return found
    if not attempts.connected and attempts.failure is not None:
        raise attempts.failure
    # A TLS alert in answer to plain words: TLS of a kind that the system's library cannot speak.
    tls = attempts.tls_works or attempts.heard.startswith(TLS_ALERT)
    return Recognised(replace(service, tls=tls), attempts.heard)


async def recognise_udp(
    service: Service, net: Conversation, probe: Probe, opening: Opening
) -> Recognised | None:
    """Say one probe's opening to a UDP port; None when no answer is of its protocol.

    Raises Refused when the port is closed and TimedOut when nothing answered.
    """
    # The port's rule lets a protocol of its own be spoken: the probe says which one it is.
    named = replace(service, name=probe.name)
    async with net.udp(named, roams=opening.roams) as datagrams:
        try:
            await datagrams.send(opening.says)
            answer = await datagrams.receive(REPEAT_AFTER)
        except TimedOut:
            # One datagram in a hundred is lost on a busy Wi-Fi; two in a row hardly ever.
            await datagrams.send(opening.says)
            answer = await datagrams.receive()
    if not probe.recognises(answer):
        return None
    return Recognised(replace(service, name=probe.name, hint=opening.name), answer)


class _Attempts:
    """The attempts on one port, in order, until something is recognised or all are used up."""

    def __init__(self, service: Service, net: Conversation, probes: Sequence[Probe]) -> None:
        self.service, self.net, self.probes = service, net, probes
        self.left = MOST_ATTEMPTS
        self.connected = self.tls_works = False
        self.failure: NetworkError | None = None
        self.heard = b""

    async def within(self, tls: bool) -> Recognised | None:
        """Try the openings in the plain, or inside TLS where the port's rule lets that be said."""
        if tls and not rule_for(self.service.endpoint).lets_greet("tls", False):
            return None
        for opening in self._order():
            if self.left == 0:
                return None
            self.left -= 1
            try:
                found = await self._once(opening, tls)
            except TlsFailed as error:
                self.failure = error
                return None
            except (TimedOut, ConnectionLost) as error:
                self.failure = error
                continue
            if found is not None:
                return found
            if self.heard:
                return None
        return None

    def _order(self) -> Iterator[Opening]:
        """Usual client-first openings of this port, a wait for a greeting, common openings."""
        port, rule = self.service.endpoint.port, rule_for(self.service.endpoint)
        every = [(probe.name, opening) for probe in self.probes for opening in probe.openings]
        tcp = [opening for _, opening in every if opening.transport == "tcp"]
        # What the port's rule forbids to say is left out, and the server gets its moment to greet.
        allowed = [o for name, o in every if o.transport == "tcp" and rule.lets_greet(name, False)]
        usual = [o for o in allowed if o.says and port in o.ports]
        # What is usual on few ports tells more there than what is usual on many.
        usual.sort(key=lambda opening: len(opening.ports))
        yield from usual
        if not usual:
            yield Opening("greeting", "tcp", ())
        if not rule.may_greet_unknown:
            return
        yield from (o for o in tcp if o.says and o.anywhere and o not in usual)

    async def _once(self, opening: Opening, tls: bool) -> Recognised | None:
        # The port's rule lets a protocol of its own be spoken: the opening says which one it is.
        asker = next((p.name for p in self.probes if opening in p.openings), None)
        async with self.net.tcp(replace(self.service, name=asker), tls=tls) as stream:
            self.connected = True
            self.tls_works = self.tls_works or tls
            if opening.says:
                await stream.write(opening.says)
            heard = await _listen(stream, None if opening.says else GREETING_WAIT)
            found = self._judge(opening, heard)
            # A greeting may come in pieces: a banner now, the prompt that tells what it is next.
            while heard and found is None and len(heard) < ENOUGH:
                more = await _listen(stream, GREETING_WAIT)
                if not more:
                    break
                heard += more
                found = self._judge(opening, heard)
        self.heard = heard or self.heard
        if found is None:
            return None
        hint = opening.name if opening in found.openings else self.service.hint
        return Recognised(replace(self.service, name=found.name, tls=tls, hint=hint), heard)

    def _judge(self, opening: Opening, heard: bytes) -> Probe | None:
        """The probe that knows these first bytes. Whoever asked has the first say: an upgrade to
        another protocol is HTTP as well.
        """
        for probe in sorted(self.probes, key=lambda probe: opening not in probe.openings):
            if heard and probe.recognises(heard):
                return probe
        return None


async def _listen(stream: Stream, seconds: float | None) -> bytes:
    """The first bytes the server says; b"" when it closes or stays silent."""
    try:
        return await stream.read(ENOUGH, timeout=seconds)
    except TimedOut:
        return b""


def candidates(
    probes: Sequence[Probe], leads: Sequence[Service]
) -> Iterator[tuple[Probe, Opening, int]]:
    """(probe, opening, UDP port) to ask at every host: usual ports, and those it announced."""
    announced = {(lead.name, lead.endpoint.port) for lead in leads}
    for probe in probes:
        for opening in probe.openings:
            if opening.transport != "udp" or not opening.says:
                continue
            extra = {port for name, port in announced if name == probe.name}
            usual = () if opening.announced else opening.ports
            for port in dict.fromkeys((*usual, *sorted(extra))):
                yield probe, opening, port
