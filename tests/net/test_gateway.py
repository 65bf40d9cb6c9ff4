"""The gateway refuses before any system call, and follows the port's rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from iotscan.errors import (
    BudgetSpent,
    Forbidden,
    LockedOut,
    NetworkError,
    OutOfScope,
    Refused,
    TimedOut,
)
from iotscan.model import Ending, Endpoint, Impact, Outcome, Scope, Service
from iotscan.net.conversation import Conversation
from iotscan.net.gateway import Gateway
from iotscan.net.port_rules import PortRule
from iotscan.net.sweep import sweep_host
from iotscan.probe_api import Login
from iotscan.settings import Limits

ROOT = Login("pair-1", "root", "system")
ADMIN = Login("pair-2", "admin", "system")
VAULT = {"pair-1": b"xc3511", "pair-2": b"7ujMko0admin"}
Make = Callable[..., Gateway]


def at(text: str, port: int = 23, name: str | None = "telnet") -> Service:
    return Service(Endpoint(ip_address(text), "tcp", port), name)


def talk(gateway: Gateway, service: Service, probe: str = "telnet", **more: Any) -> Conversation:
    return gateway.conversation(service, probe, id="c1", began=0.0, **more)


async def refused(net: Conversation, to: Service, login: Login | None = None) -> list[type]:
    """The errors of opening a connection, a relay and an exchange."""
    errors: list[type] = []
    for way in (net.tcp, net.relay, net.udp):
        try:
            async with way(to, login=login):
                errors.append(type(None))
        except NetworkError as error:
            errors.append(type(error))
    return errors


@pytest.mark.parametrize(
    "address",
    ["192.168.1.9", "10.0.0.1", "127.0.0.9", "::ffff:127.0.0.9", "::ffff:8.8.8.8", "8.8.8.8",
     "fe80::1%nowhere0", "::2"],
)  # fmt: skip
async def test_out_of_scope_is_refused_before_any_system_call(
    gateway_with: Make, system_calls: list[Any], address: str
) -> None:
    gateway = gateway_with(deny=("127.0.0.9/32",))
    service = at(address)
    net = talk(gateway, service)
    assert await refused(net, service) == [OutOfScope] * 3
    with pytest.raises(OutOfScope):
        gateway.check(service.endpoint)
    with pytest.raises(OutOfScope):
        await gateway.answers(service.endpoint)
    assert system_calls == []
    assert net.transcript().channels == ()


async def test_a_bystander_gets_nothing_even_within_scope(
    gateway_with: Make, system_calls: list[Any]
) -> None:
    """A device may name another as its redirect, its LOCATION, its SRV target."""
    net = talk(gateway_with(), at("127.0.0.1"))
    assert await refused(net, at("127.0.0.2")) == [OutOfScope] * 3
    assert system_calls == []


async def test_a_link_local_neighbour_on_another_interface_is_out_of_scope() -> None:
    scope = Scope((ip_network("fe80::/64"),), interfaces=("eth0",))
    gateway = Gateway(scope, Limits(), clock=lambda: 0.0)
    gateway.check(Endpoint(ip_address("fe80::1%eth0"), "tcp", 80))
    with pytest.raises(OutOfScope, match="wlan0"):
        gateway.check(Endpoint(ip_address("fe80::1%wlan0"), "tcp", 80))


@pytest.mark.parametrize(
    ("allowed", "login", "passes"),
    [
        (Impact.LISTEN, None, False),
        (Impact.LISTEN, ROOT, False),
        (Impact.GREET, None, True),
        (Impact.GREET, ROOT, False),
        (Impact.LOGIN, ROOT, True),
    ],
)
async def test_the_allowed_impact_bounds_what_is_done(
    gateway_with: Make, free_port: int, allowed: Impact, login: Login | None, passes: bool
) -> None:
    for gateway, own in (
        (gateway_with(impact=allowed, vault=VAULT), None),
        (gateway_with(vault=VAULT), allowed),
    ):
        service = at("127.0.0.1", free_port)
        net = talk(gateway, service, impact=own)
        assert net.impact is allowed
        with pytest.raises(Refused if passes else Forbidden):
            async with net.tcp(service, login=login):
                pass


async def test_a_listening_scan_asks_for_no_sign_of_life(
    gateway_with: Make, system_calls: list[Any]
) -> None:
    with pytest.raises(Forbidden):
        await gateway_with(impact=Impact.LISTEN).answers(at("127.0.0.1").endpoint)
    assert system_calls == []


async def test_a_raw_print_port_gets_not_one_byte_and_no_conversation(
    gateway_with: Make, system_calls: list[Any]
) -> None:
    for name in (None, "http", "test"):
        net = talk(gateway_with(), at("127.0.0.1", 9100, name))
        for way in (net.tcp, net.relay):
            with pytest.raises(Forbidden, match="print"):
                async with way(at("127.0.0.1", 9100, name)):
                    pass
    assert system_calls == []


async def test_a_printer_is_found_and_hears_nothing_whatever_is_tried(gateway_with: Make) -> None:
    heard: list[bytes] = []
    seen = 0

    async def printer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        heard.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(printer, "127.0.91.100", 9100)
    gateway = gateway_with(vault=VAULT)
    service = at("127.0.91.100", 9100, None)
    sweep = await sweep_host(service.endpoint.address, [9100], gateway, id="s1", at=0.0)
    assert await gateway.answers(service.endpoint)
    for to in (service, replace(service, name="http"), replace(service, tls=True)):
        net = talk(gateway, to, "http")
        for opened in (net.tcp(to), net.tcp(to, tls=True), net.tcp(to, login=ROOT), net.relay(to)):
            with pytest.raises(Forbidden):
                async with opened:
                    pass
    while seen < 2 or len(heard) < seen:
        await asyncio.sleep(0)
    server.close()
    assert sweep.open == (service.endpoint,)
    assert heard == [b"", b""]


@pytest.fixture
def ruled(monkeypatch: pytest.MonkeyPatch) -> Callable[[PortRule], None]:
    def use(rule: PortRule) -> None:
        monkeypatch.setattr("iotscan.net.gatekeeper.rule_for", lambda endpoint: rule)

    return use


def heard_by() -> tuple[list[bytes], Callable[..., Any]]:
    heard: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        while data := await reader.read(100):
            heard.append(data)

    return heard, handler


async def test_an_unknown_service_at_a_guarded_port_is_only_listened_to(
    gateway_with: Make, serve: Any, ruled: Callable[[PortRule], None]
) -> None:
    ruled(PortRule("plc", may_greet_unknown=False, protocols=("modbus",), reason="a machine"))
    heard, handler = heard_by()
    async with serve(handler) as known:
        unknown = replace(known, name=None)
        net = talk(gateway_with(), unknown)
        async with net.tcp(unknown) as stream:
            assert await stream.read() == b"hello"
            with pytest.raises(Forbidden, match="a machine"):
                await stream.write(b"GET / HTTP/1.0\r\n\r\n")
            with pytest.raises(Forbidden):
                await stream.start_tls()
        with pytest.raises(Forbidden):
            async with net.tcp(unknown, tls=True):
                pass
        with pytest.raises(Forbidden):
            async with net.relay(unknown):
                pass
        with pytest.raises(Forbidden):
            async with net.udp(unknown):
                pass
        assert heard == []
        for words, service, probe, to in (
            (b"by its own probe", unknown, "modbus", unknown),
            (b"while it is recognised", unknown, "recognise", replace(unknown, name="modbus")),
            (b"once it is recognised", known, "telnet", known),
        ):
            async with talk(gateway_with(), service, probe).tcp(to) as stream:
                await stream.read()
                await stream.write(words)
            while heard[-1:] != [words]:
                await asyncio.sleep(0)
        with pytest.raises(Forbidden):
            async with talk(gateway_with(), unknown, "recognise").relay(known):
                pass


async def test_a_controller_gets_one_request_per_connection_and_rests_between(
    gateway_with: Make, serve: Any, ruled: Callable[[PortRule], None], fake_clock: Any
) -> None:
    ruled(PortRule("plc", connections=1, requests=1, gap=2.0, reason="a machine"))
    _, handler = heard_by()
    gateway = gateway_with(clock=fake_clock, sleep=fake_clock.sleep, conversation_timeout=60.0)
    async with serve(handler) as service:
        opened = []
        net = talk(gateway, service)
        for _ in range(3):
            async with net.tcp(service) as stream:
                opened.append(fake_clock())
                await stream.write(b"one")
                with pytest.raises(BudgetSpent, match="1 request"):
                    await stream.write(b"two")
                assert gateway.governor.slots.taken(service.endpoint) == 1
                assert not gateway.governor.slots.try_take(service.endpoint, 1)
    assert [later - opened[0] for later in opened] == pytest.approx([0.0, 2.0, 4.0], abs=0.1)


async def test_a_login_is_counted_before_anything_is_dialled(
    gateway_with: Make, free_port: int, system_calls: list[Any]
) -> None:
    gateway = gateway_with(vault=VAULT, logins_per_service=0)
    service = at("127.0.0.1", free_port)
    assert await refused(talk(gateway, service), service, ROOT) == [BudgetSpent] * 3
    assert system_calls == []


async def test_the_password_comes_with_the_grant_and_not_without(
    gateway_with: Make, serve: Any
) -> None:
    _, handler = heard_by()
    async with serve(handler) as service:
        net = talk(gateway_with(vault=VAULT), service)
        async with net.tcp(service, login=ROOT) as stream:
            assert stream.secret == b"xc3511"
        async with net.tcp(service) as stream:
            with pytest.raises(LookupError):
                _ = stream.secret


async def test_refusal_right_after_a_failed_login_is_a_sign_of_lock_out(
    gateway_with: Make, serve: Any
) -> None:
    _, handler = heard_by()
    gateway = gateway_with(vault=VAULT)
    async with serve(handler) as service:
        net = talk(gateway, service)
        async with net.tcp(service, login=ROOT):
            pass
        net.outcome(ROOT, Outcome.REFUSED)
    with pytest.raises(LockedOut, match="no more connections"):
        async with net.tcp(service, login=ADMIN):
            pass
    with pytest.raises(LockedOut):
        async with net.tcp(replace(service, name="other"), login=ADMIN):
            pass
    endings = [channel.ending for channel in net.transcript().channels]
    assert endings == [Ending.COMPLETE, Ending.LOCKED_OUT]


async def test_refusal_without_a_failed_login_before_is_only_a_refusal(
    gateway_with: Make, serve: Any
) -> None:
    _, handler = heard_by()
    gateway = gateway_with(vault=VAULT)
    async with serve(handler) as service:
        net = talk(gateway, service)
        async with net.tcp(service, login=ROOT):
            pass
        net.outcome(ROOT, Outcome.REFUSED)
        async with net.tcp(service):
            pass
    with pytest.raises(Refused):
        async with net.tcp(service, login=ADMIN):
            pass


async def test_a_refusal_on_loopback_is_no_sign_of_life(
    gateway_with: Make, serve: Any, free_port: int
) -> None:
    _, handler = heard_by()
    gateway = gateway_with()
    async with serve(handler) as service:
        assert await gateway.answers(service.endpoint)
        assert await gateway.answers(replace(service.endpoint, transport="udp"))
    assert not await gateway.answers(Endpoint(ip_address("127.0.0.1"), "tcp", free_port))


async def test_a_refusal_elsewhere_is_a_sign_of_life_and_silence_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[NetworkError] = []

    async def dial(endpoint: Endpoint, timeout: float) -> None:
        raise answers.pop(0)

    monkeypatch.setattr("iotscan.net.gateway.connect_tcp", dial)
    scope = Scope((ip_network("192.168.1.0/24"),))
    gateway = Gateway(scope, Limits(), clock=lambda: 0.0)
    device = Endpoint(ip_address("192.168.1.7"), "tcp", 80)
    answers[:] = [Refused("no")]
    assert await gateway.answers(device)
    answers[:] = [TimedOut("connect"), Refused("no")]
    assert await gateway.answers(device), "one lost packet is no dead device"
    answers[:] = [TimedOut("connect"), TimedOut("connect")]
    assert not await gateway.answers(device)
    answers[:] = [BudgetSpent("out of ports")]
    with pytest.raises(BudgetSpent):
        await gateway.answers(device)


async def test_a_liveness_check_says_nothing(gateway_with: Make, serve: Any) -> None:
    heard, handler = heard_by()
    async with serve(handler) as service:
        gateway = gateway_with()
        assert await gateway.answers(service.endpoint)
        assert heard == []
        assert gateway.governor.slots.taken(service.endpoint.address) == 0
