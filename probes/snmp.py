"""SNMP versions 1, 2c and 3: what an agent tells of itself, to whom, and how much at a time.

An engine of version 3 is asked for its id, which takes no account. The communities of versions 1
and 2c are passwords, so they are tried as logins are: from the list of publicly known ones, within
the budget, never guessed on. Only values are read. Whether writing would work is inferred from the
convention of the community that was accepted, and nothing is ever set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from iotscan.errors import Malformed, TimedOut
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import (
    Beginning,
    Datagrams,
    Login,
    Network,
    Opening,
    either,
    try_logins,
)
from iotscan.protocols.common.identifiers import DEVICE_NAME, DISCOVERY_IDENTIFIERS
from iotscan.protocols.snmp import codec as snmp
from iotscan.protocols.snmp.facts import OBJECT_ID, SYSTEM_GROUP, holds_values
from iotscan.protocols.snmp.kinds import KINDS
from iotscan.protocols.snmp.reading import read_overheard, read_own

DISCOVERY = "snmp-v3"
# Any number will do for the opening; questions with a community count on from 1.
_OPENING_ID = 0x696F
# Seconds to wait for an answer: agents on small processors take their time, and silence is how
# all of them refuse.
_PATIENCE = 1.0
# Values behind one name that a bulk question asks for: enough to see how large an answer may grow,
# and little enough for one datagram of any agent.
_REPETITIONS = 40
_MIB_2 = "1.3.6.1.2.1"
# Datagrams that answer no question of ours before we stop listening.
_MOST_STRAYS = 8


class _Agent:
    """An agent that is asked with one community after the other."""

    def __init__(self, service: Service, net: Network) -> None:
        self._service, self._net = service, net
        self._versions: tuple[str, ...] = (snmp.V2C, snmp.V1)
        self._numbers = count(1)

    async def attempt(self, login: Login) -> Outcome:
        """Read the system group with one community, and with one that works a little more."""
        async with self._net.udp(self._service, login=login) as datagrams:
            for version in self._versions:
                answer = await self._ask(datagrams, version)
                if answer is not None:
                    break
            else:
                return Outcome.UNCLEAR
            if not holds_values(answer):
                return Outcome.REFUSED
            if not login.control:
                await self._read_more(datagrams, version)
                self._versions = (version,)
        return Outcome.ACCEPTED

    async def _read_more(self, datagrams: Datagrams, version: str) -> None:
        if version == snmp.V1:
            return
        number = next(self._numbers)
        question = snmp.get(snmp.V1, datagrams.secret, number, [OBJECT_ID])
        await _exchange(datagrams, question, number)
        number = next(self._numbers)
        question = snmp.get_bulk(datagrams.secret, number, _REPETITIONS, [_MIB_2])
        await _exchange(datagrams, question, number)

    async def _ask(self, datagrams: Datagrams, version: str) -> snmp.Pdu | None:
        number = next(self._numbers)
        question = snmp.get(version, datagrams.secret, number, SYSTEM_GROUP)
        return await _exchange(datagrams, question, number)


class Snmp:
    name = "snmp"
    openings: Sequence[Opening] = (
        Opening(DISCOVERY, "udp", (snmp.PORT,), snmp.discovery(_OPENING_ID)),
    )
    impact = Impact.GREET
    emits = (*KINDS, DEVICE_NAME, DISCOVERY_IDENTIFIERS)
    begins = (Beginning("udp", b"\x30", b"\x30"), *either("tcp", b"\x30"))

    def recognises(self, heard: bytes) -> bool:
        """Any answer that is SNMP to the last byte."""
        try:
            message = snmp.decode(heard)
        except Malformed:
            return False
        return message.pdu is not None and message.pdu.kind in snmp.ANSWERING

    def handles(self, service: Service) -> bool:
        """Also an agent that was silent: those without version 3 answer known communities only."""
        silent = service.name is None and service.hint == DISCOVERY
        return service.endpoint.transport == "udp" and (service.name == self.name or silent)

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        if service.hint == DISCOVERY and service.name == self.name:
            async with net.udp(service) as datagrams:
                await datagrams.send(snmp.discovery(_OPENING_ID))
                await _hear(datagrams)
        if logins and net.impact >= Impact.LOGIN:
            await try_logins(net, logins, _Agent(service, net).attempt)

    def read(self, talk: Transcript) -> Iterator[Observation]:
        if talk.client is None:
            yield from read_own(talk)
        else:
            yield from read_overheard(talk)


async def _exchange(datagrams: Datagrams, question: bytes, number: int) -> snmp.Pdu | None:
    """The response to a question with a community; None for silence."""
    await datagrams.send(question, hide=datagrams.secret)
    for _ in range(_MOST_STRAYS):
        message = await _hear(datagrams)
        if message is None:
            return None
        pdu = message.pdu
        if pdu is not None and pdu.kind == snmp.RESPONSE and pdu.request_id == number:
            return pdu
    return None


async def _hear(datagrams: Datagrams) -> snmp.Message | None:
    """The next message; None for silence. Raises Malformed for what is not SNMP."""
    try:
        return snmp.decode(await datagrams.receive(_PATIENCE))
    except TimedOut as late:
        if late.phase != "read":
            raise
        return None


PROBE = Snmp()
