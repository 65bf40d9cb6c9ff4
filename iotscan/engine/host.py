"""The work on one host: sweep its ports, recognise what answers, let the probes converse.

Everything a worker does passes a fence that turns whatever happens into a transcript with a true
ending. A host that stops answering is left alone, and the journal says so.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from iotscan.capture.recording import Journal
from iotscan.discovery.nmap import nmap_sweep
from iotscan.engine.recognise import Recognised, candidates, recognise_tcp, recognise_udp
from iotscan.errors import Malformed, NetworkError, OutOfTime, Refused, TimedOut
from iotscan.model import (
    RECOGNITION,
    Address,
    Ending,
    Endpoint,
    Gap,
    Impact,
    Progress,
    Service,
    Sweep,
    Transcript,
)
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.net.port_rules import rule_for
from iotscan.net.sweep import sweep_host
from iotscan.net.waiting import while_left
from iotscan.probe_api import Login, Opening, Probe
from iotscan.settings import Settings

_T = TypeVar("_T")
# Two conversations at a time leave the third connection a device allows for one that needs two.
CONVERSATIONS_AT_ONCE = 2
# UDP takes no connection of the device; these mostly wait for ports that never answer.
QUESTIONS_AT_ONCE = 16
# Services that a host may announce of itself; whoever goes on for ever does not keep a scan going.
MOST_LEADS = 256


@dataclass
class Workshop:
    """What every host worker shares: the door out, the plug-ins, the journal, the clock."""

    settings: Settings
    gateway: Gateway
    probes: Sequence[Probe]
    ports: Sequence[int]
    choose: Callable[[str, str], Sequence[Login]]
    journal: Journal
    now: Callable[[], float]
    new_id: Callable[[str], str]
    spawn: Callable[[Coroutine[object, object, None]], asyncio.Task[None]]
    progress: Callable[[Progress], None]


@dataclass
class HostWorker:
    """One address. ``named``: the user asked for it, so that silence is worth a line."""

    shop: Workshop
    address: Address
    named: bool = False
    impact: Impact = Impact.LOGIN
    leads: list[Service] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    _open: list[Endpoint] = field(default_factory=list)
    _seen: set[tuple[str, Service]] = field(default_factory=set)
    _gone: bool = False
    _followed: bool = False
    _endless: bool = False
    _questions: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(QUESTIONS_AT_ONCE)
    )
    _room: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(CONVERSATIONS_AT_ONCE)
    )

    async def work(self) -> None:
        """Everything that is to be done to this host, the liveness check last."""
        tasks = [self.shop.spawn(self._ask_udp(*ask)) for ask in candidates(self.shop.probes, [])]
        tasks += [self.shop.spawn(self._serve(endpoint)) for endpoint in await self._sweep()]
        await _all(tasks)
        await self.follow_leads()
        if self._open and not self._gone:
            await self._check_alive()
        self._tell("probe", "done", str(self.address))

    def _tell(self, stage: str, what: str, subject: str, done: int = 0, service: str = "") -> None:
        step = Progress(stage, what, subject, done, address=str(self.address), service=service)
        self.shop.progress(step)

    def hear(self, leads: Sequence[Service]) -> bool:
        """Take down what the host announced about itself. Whether it is too late for ``work`` to
        look at some of it, so that ``follow_leads`` has to be called again.
        """
        new = [lead for lead in dict.fromkeys(leads) if lead not in self.leads]
        room = MOST_LEADS - len(self.leads)
        self.leads += new[:room]
        if len(new) > room and not self._endless:
            self._endless = True
            reason = f"it announced more than {MOST_LEADS} services, of which the first were kept"
            advice = "To look at one that is missing, name its port with --ports."
            self._fail(self.address, "what it announces", Ending.BUDGET_SPENT, reason, advice)
        return bool(new[:room]) and self._followed

    async def follow_leads(self) -> None:
        """Look at what the host announced about itself and the sweep did not cover."""
        while leads := [lead for lead in self.leads if ("lead", lead) not in self._seen]:
            self._seen.update(("lead", lead) for lead in leads)
            await _all([self.shop.spawn(self._follow(lead)) for lead in leads])
        self._followed = True

    async def _follow(self, lead: Service) -> None:
        endpoint = lead.endpoint
        if endpoint.transport == "udp":
            for probe, opening, port in candidates(self.shop.probes, [lead]):
                asked = port in opening.ports and not opening.announced
                if probe.name == lead.name and port == endpoint.port and not asked:
                    await self._ask_udp(probe, opening, port)
            return
        if endpoint not in self._open:
            sweep = await self._sweep_ports([endpoint.port])
            if endpoint not in sweep.open:
                return
            self._open.append(endpoint)
            await self._serve(endpoint)
        if lead.name is not None:
            await self._converse_all(Recognised(lead))

    async def _sweep(self) -> Sequence[Endpoint]:
        announced = [lead.endpoint.port for lead in self.leads if lead.endpoint.transport == "tcp"]
        ports = list(dict.fromkeys((*self.shop.ports, *announced)))
        sweep = await self._sweep_ports(ports)
        if self.named or sweep.alive or sweep.open or sweep.unswept:
            self.shop.journal.add(sweep)
        self._open += sweep.open
        self._tell("sweep", "host", str(self.address), len(sweep.open))
        return sweep.open

    async def _sweep_ports(self, ports: Sequence[int]) -> Sweep:
        number, at = self.shop.new_id("s"), self.shop.now()
        if self.shop.settings.sweep == "nmap":
            (sweep,) = await nmap_sweep([self.address], ports)
            return replace(sweep, id=number, at=at)
        return await sweep_host(self.address, ports, self.shop.gateway, id=number, at=at)

    async def _serve(self, endpoint: Endpoint) -> None:
        """Recognise an open port, then let every probe that handles it converse."""
        service = Service(endpoint)
        if not rule_for(endpoint).may_write:
            return

        async def recognise(talk: Conversation) -> Recognised:
            return await recognise_tcp(service, talk, self.shop.probes)

        found, talk = await self._fenced(service, RECOGNITION, recognise)
        if found is None:
            self.shop.journal.add(talk)
            return
        self.shop.journal.add(replace(talk, service=found.service))
        await self._converse_all(found)

    async def _ask_udp(self, probe: Probe, opening: Opening, port: int) -> None:
        """Say an opening to a UDP port; silence proves nothing and leaves no line."""
        service = Service(Endpoint(self.address, "udp", port), hint=opening.name)
        if not rule_for(service.endpoint).may_write:
            return

        silent = False

        async def ask(talk: Conversation) -> Recognised | None:
            nonlocal silent
            try:
                return await recognise_udp(service, talk, probe, opening)
            except Refused:
                return None
            except TimedOut:
                silent = True
                return None

        found, talk = await self._fenced(service, RECOGNITION, ask)
        if found is not None:
            self.shop.journal.add(replace(talk, service=found.service))
            await self._converse_all(found)
        elif talk.said_by("server") or talk.ending is Ending.BUG:
            self.shop.journal.add(talk)
        elif silent and probe.handles(service) and self.impact >= Impact.LOGIN:
            await self._try_silent(probe, service)

    async def _try_silent(self, probe: Probe, service: Service) -> None:
        """Let a probe try logins on a port that may only answer those who know one; silence then
        leaves no line either.
        """
        logins = self._logins(replace(service, name=probe.name))

        async def converse(talk: Conversation) -> None:
            await probe.converse(service, talk, logins)

        _, talk = await self._fenced(service, probe.name, converse)
        heard = [turn.data for turn in talk.turns if turn.sender == "server"]
        if any(map(probe.recognises, heard)):
            talk = replace(talk, service=replace(service, name=probe.name))
        if heard or talk.ending is Ending.BUG:
            self.shop.journal.add(talk)

    async def _converse_all(self, found: Recognised) -> None:
        self.words.append(found.greeting.decode("utf-8", "replace"))
        name = str(found.service.name or "")
        self._tell("probe", "service", f"{found.service.endpoint} {name}", service=name)
        for probe in self.shop.probes:
            wanted = probe.handles(found.service) and probe.impact <= self.impact
            # A path is a thing of its own; other hints only say how the service was found.
            hint = found.service.hint if found.service.hint.startswith("/") else ""
            once = (probe.name, replace(found.service, hint=hint))
            if wanted and once not in self._seen:
                self._seen.add(once)
                await self._converse(probe, found.service)

    async def _converse(self, probe: Probe, service: Service) -> None:
        if self._gone:
            self._leave_alone(probe.name, service)
            return
        logins = self._logins(service)

        async def converse(talk: Conversation) -> None:
            await probe.converse(service, talk, logins)

        _, talk = await self._fenced(service, probe.name, converse)
        self.shop.journal.add(talk)
        self._tell("probe", "conversation", f"{probe.name} {service.endpoint}")
        if talk.ending is Ending.TIMEOUT and not talk.said_by("server"):
            await self._check_alive()

    def _logins(self, service: Service) -> Sequence[Login]:
        if self.impact < Impact.LOGIN or service.name is None:
            return ()
        return self.shop.choose(service.name, " ".join(self.words).lower())

    async def _fenced(
        self, service: Service, name: str, talk: Callable[[Conversation], Coroutine[Any, Any, _T]]
    ) -> tuple[_T | None, Transcript]:
        """Run one conversation; its result, None if it failed, and its transcript."""
        udp = service.endpoint.transport == "udp"
        async with self._questions if udp else self._room:
            number, began = self.shop.new_id("c"), self.shop.now()
            door = self.shop.gateway.conversation(
                service, name, id=number, began=began, impact=self.impact
            )
            ending, note = Ending.CLOSED, "the scan was stopped"
            result: _T | None = None
            try:
                result = await while_left(door.left, talk(door))
                ending, note = Ending.COMPLETE, ""
            except (NetworkError, Malformed) as error:
                ending, note = error.ending, str(error)
            except TimeoutError:
                ending, note = Ending.TIMEOUT, str(OutOfTime())
            except asyncio.CancelledError:
                self.shop.journal.add(door.transcript(ending, note))
                raise
            except Exception as error:  # the fence: a probe's bug is a fact about the probe
                ending, note = Ending.BUG, _where(error)
            return result, door.transcript(ending, note)

    async def _check_alive(self) -> None:
        """Leave a host alone that no longer answers where it did; ask twice, a pause between."""
        for wait in (0.0, 1.0):
            await asyncio.sleep(wait)
            if not self._open or await self.shop.gateway.answers(self._open[0]):
                return
        if self._gone:
            return
        self._gone = True
        reason = f"it stopped answering on {self._open[0]} during the scan and was left alone"
        advice = "Check that the device works; switch it off and on if it does not. "
        advice += "Scan it again with a lower --rate."
        self._fail(self.address, "the device", Ending.TIMEOUT, reason, advice)

    def _leave_alone(self, probe: str, service: Service) -> None:
        reason = "not talked to, because the device had stopped answering"
        self._fail(service.endpoint, probe, Ending.TIMEOUT, reason, "Scan the device again.")

    def _fail(
        self, subject: Address | Endpoint, what: str, ending: Ending, reason: str, advice: str
    ) -> None:
        self.shop.journal.add(Gap(str(subject), what, ending, reason, advice, str(self.address)))


async def _all(tasks: Sequence[asyncio.Task[None]]) -> None:
    if tasks:
        await asyncio.wait(tasks)


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})"
