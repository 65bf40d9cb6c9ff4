"""The login budget: no order of tries and answers makes it lock an account."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iotscan.errors import BudgetSpent, LockedOut, NetworkError
from iotscan.model import Endpoint, Outcome
from iotscan.net.logins import LoginBudget
from iotscan.probe_api import Login
from iotscan.settings import Limits

CAMERA = ip_address("192.168.1.7")
TELNET = Endpoint(CAMERA, "tcp", 23)
FTP = Endpoint(CAMERA, "tcp", 21)
HTTP = Endpoint(CAMERA, "tcp", 80)
RTSP = Endpoint(CAMERA, "tcp", 554)
OTHER = Endpoint(ip_address("192.168.1.8"), "tcp", 23)


def login(user: str, number: int = 1, *, realm: str = "system", control: bool = False) -> Login:
    return Login(f"{user}-{number}", user, realm, control=control)


CONTROL = login("zq81", control=True)


LIMITS = Limits(logins_per_account=3, logins_per_service=6, logins_per_device=99)


@pytest.fixture
def budget(fake_clock: Any) -> LoginBudget:
    return LoginBudget(LIMITS, fake_clock, fake_clock.sleep)


async def attempt(
    budget: LoginBudget, where: Endpoint, pair: Login, outcome: Outcome = Outcome.REFUSED
) -> None:
    await budget.take(where, pair)
    budget.told(where, pair, outcome)


async def test_three_tries_an_account_and_no_fourth(budget: LoginBudget) -> None:
    for number in range(3):
        await attempt(budget, TELNET, login("root", number))
    with pytest.raises(BudgetSpent, match="3 logins were tried for one account"):
        await budget.take(TELNET, login("root", 4))
    await attempt(budget, TELNET, login("admin"))


async def test_services_of_one_realm_share_an_accounts_tries(budget: LoginBudget) -> None:
    await attempt(budget, TELNET, login("root", 1))
    await attempt(budget, FTP, login("root", 2))
    await attempt(budget, TELNET, login("root", 3))
    with pytest.raises(BudgetSpent, match="one account"):
        await budget.take(FTP, login("root", 4))
    await attempt(budget, HTTP, login("root", 5, realm="web"))


async def test_six_tries_a_service_and_no_seventh(budget: LoginBudget) -> None:
    for number in range(6):
        await attempt(budget, TELNET, login(f"user{number}"))
    with pytest.raises(BudgetSpent, match="6 logins were tried at"):
        await budget.take(TELNET, login("user7"))
    await attempt(budget, FTP, login("user7"))


async def test_services_that_share_accounts_share_a_devices_tries(fake_clock: Any) -> None:
    """Five failures lock the scanner's address on many cameras, however they are spread."""
    budget = LoginBudget(Limits(), fake_clock, fake_clock.sleep)
    for number in range(2):
        await attempt(budget, HTTP, login(f"a{number}", realm="web"))
        await attempt(budget, RTSP, login(f"b{number}", realm="web"))
    for where in (HTTP, RTSP):
        with pytest.raises(BudgetSpent, match="as many as a device is given"):
            await budget.take(where, login("c", realm="web"))
    await attempt(budget, TELNET, login("c"))


async def test_a_device_that_is_given_one_try_gets_it_and_no_second(fake_clock: Any) -> None:
    budget = LoginBudget(Limits(logins_per_device=1), fake_clock, fake_clock.sleep)
    await attempt(budget, HTTP, login("a", realm="web"))
    with pytest.raises(BudgetSpent, match="1 logins of this kind"):
        await budget.take(RTSP, login("b", realm="web"))


async def test_devices_are_counted_apart_and_one_device_together(fake_clock: Any) -> None:
    apart = LoginBudget(Limits(logins_per_account=1), fake_clock, fake_clock.sleep)
    await attempt(apart, TELNET, login("root", 1))
    await attempt(apart, OTHER, login("root", 2))
    together = LoginBudget(
        Limits(logins_per_account=1), fake_clock, fake_clock.sleep, lambda address: "the camera"
    )
    await attempt(together, TELNET, login("root", 1))
    with pytest.raises(BudgetSpent):
        await together.take(OTHER, login("root", 2))


async def test_a_mapped_address_is_the_same_device(fake_clock: Any) -> None:
    budget = LoginBudget(Limits(logins_per_account=1), fake_clock, fake_clock.sleep)
    await attempt(budget, TELNET, login("root", 1))
    with pytest.raises(BudgetSpent):
        await budget.take(Endpoint(ip_address("::ffff:192.168.1.7"), "tcp", 23), login("root", 2))


async def test_after_a_success_one_control_and_nothing_else(budget: LoginBudget) -> None:
    await attempt(budget, TELNET, login("root"), Outcome.ACCEPTED)
    with pytest.raises(BudgetSpent, match="already worked"):
        await budget.take(TELNET, login("admin"))
    await attempt(budget, TELNET, CONTROL)
    with pytest.raises(BudgetSpent, match="control"):
        await budget.take(TELNET, login("zq82", control=True))


async def test_a_control_that_is_accepted_is_no_success(budget: LoginBudget) -> None:
    await attempt(budget, TELNET, CONTROL, Outcome.ACCEPTED)
    await attempt(budget, TELNET, login("root"))


async def test_controls_do_not_eat_the_tries(budget: LoginBudget) -> None:
    await attempt(budget, TELNET, CONTROL)
    for number in range(6):
        await attempt(budget, TELNET, login(f"user{number}"))


async def test_after_a_lock_out_nothing_is_tried_on_the_device(budget: LoginBudget) -> None:
    await attempt(budget, TELNET, login("root"), Outcome.LOCKED)
    for where, pair in ((TELNET, login("admin")), (FTP, login("root")), (TELNET, CONTROL)):
        with pytest.raises(LockedOut, match="root-1"):
            await budget.take(where, pair)
    await attempt(budget, OTHER, login("root"))


async def test_tries_on_a_device_are_paced_across_its_services(fake_clock: Any) -> None:
    budget = LoginBudget(Limits(login_pause=1.5), fake_clock, fake_clock.sleep)
    start = fake_clock()
    times: list[float] = []
    for where in (TELNET, FTP, TELNET, HTTP):
        await budget.take(where, login(f"user{len(times)}"))
        times.append(fake_clock() - start)
    assert times == pytest.approx([0.0, 1.5, 3.0, 4.5])


@pytest.mark.parametrize(
    ("outcome", "error"), [(Outcome.LOCKED, LockedOut), (Outcome.ACCEPTED, BudgetSpent)]
)
async def test_what_shows_while_waiting_stops_the_one_who_waits(
    fake_clock: Any, outcome: Outcome, error: type[NetworkError]
) -> None:
    async def sleep(seconds: float) -> None:
        tries.told(TELNET, login("root"), outcome)

    tries = LoginBudget(Limits(), fake_clock, sleep)
    await tries.take(TELNET, login("root"))
    with pytest.raises(error):
        await tries.take(TELNET, login("admin"))


steps = st.tuples(
    st.sampled_from([TELNET, FTP, HTTP]),
    st.sampled_from(["root", "admin", "user"]),
    st.booleans(),
    st.sampled_from(list(Outcome)),
)


@settings(max_examples=200)
@given(script=st.lists(steps, max_size=60))
async def test_no_script_of_tries_breaks_the_limits(
    script: list[tuple[Endpoint, str, bool, Outcome]],
) -> None:
    async def no_wait(seconds: float) -> None:
        return None

    budget = LoginBudget(LIMITS, lambda: 0.0, no_wait)
    accounts: Counter[str] = Counter()
    services: Counter[Endpoint] = Counter()
    controls: Counter[Endpoint] = Counter()
    accepted: set[Endpoint] = set()
    locked = False
    for number, (where, user, control, outcome) in enumerate(script):
        pair = login(user, number, control=control)
        try:
            await budget.take(where, pair)
        except NetworkError:
            continue
        assert not locked
        assert control or where not in accepted
        budget.told(where, pair, outcome)
        locked = locked or outcome is Outcome.LOCKED
        if control:
            controls[where] += 1
            continue
        accounts[user] += 1
        services[where] += 1
        if outcome is Outcome.ACCEPTED:
            accepted.add(where)
    assert max(accounts.values(), default=0) <= 3
    assert max(services.values(), default=0) <= 6
    assert max(controls.values(), default=0) <= 1
