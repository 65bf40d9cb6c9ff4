"""The system's errors become what they mean: refused, silent, no way, or our own lack of means."""

from __future__ import annotations

import errno

import pytest

from iotscan.errors import BudgetSpent, ConnectionLost, NetworkError, OutOfScope, Refused, TimedOut
from iotscan.model import Ending
from iotscan.net.failures import Unreachable, of_datagram, while_connecting, while_talking
from iotscan.net.guard import Stopped


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, Refused),
        (errno.ECONNRESET, Refused),
        (10061, Refused),
        (errno.ETIMEDOUT, TimedOut),
        (10060, TimedOut),
        (errno.EHOSTUNREACH, Unreachable),
        (errno.ENETUNREACH, Unreachable),
        (10065, Unreachable),
        (errno.EACCES, Unreachable),
        (errno.EINVAL, Unreachable),
        (errno.EADDRNOTAVAIL, BudgetSpent),
        (errno.EMFILE, BudgetSpent),
        (10055, BudgetSpent),
    ],
)
def test_connecting(number: int, kind: type[NetworkError]) -> None:
    assert type(while_connecting(OSError(number, "words"))) is kind


def test_no_way_to_the_device_is_silence_with_its_own_words() -> None:
    error = while_connecting(OSError(errno.EHOSTUNREACH, "No route to host"))
    assert isinstance(error, TimedOut)
    assert (error.phase, error.ending) == ("connect", Ending.TIMEOUT)
    assert "unreachable" in str(error)


def test_talking() -> None:
    assert type(while_talking(OSError(errno.ECONNRESET, "reset"))) is ConnectionLost
    assert type(while_talking(OSError(errno.EPIPE, "pipe"))) is ConnectionLost
    assert type(while_talking(OSError(errno.ETIMEDOUT, "late"))) is TimedOut


def test_datagrams() -> None:
    assert type(of_datagram(OSError(errno.ECONNREFUSED, "no"))) is Refused
    assert type(of_datagram(OSError(10054, "no"))) is Refused
    assert "larger" in str(of_datagram(OSError(errno.EMSGSIZE, "long")))
    assert type(of_datagram(OSError(errno.ENETUNREACH, "no"))) is Unreachable


def test_the_guards_veto_stays_what_it_is() -> None:
    veto = Stopped("stopped before it left: a dial")
    assert while_connecting(veto) is veto
    assert isinstance(veto, OutOfScope)
    assert isinstance(veto, OSError)
