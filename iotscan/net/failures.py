"""What the operating system's errors mean for a conversation; OSError goes no further than here."""

from __future__ import annotations

import errno

from iotscan.errors import BudgetSpent, ConnectionLost, NetworkError, Refused, TimedOut

# Windows reports sockets' errors under numbers of its own (winsock2.h).
_WINDOWS = {10013: errno.EACCES, 10024: errno.EMFILE, 10048: errno.EADDRINUSE,
            10049: errno.EADDRNOTAVAIL, 10051: errno.ENETUNREACH, 10054: errno.ECONNRESET,
            10055: errno.ENOBUFS, 10060: errno.ETIMEDOUT, 10061: errno.ECONNREFUSED,
            10065: errno.EHOSTUNREACH}  # fmt: skip

UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN})
EXHAUSTED = frozenset({errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM,
                       errno.EADDRINUSE})  # fmt: skip
FIREWALLED = frozenset({errno.EACCES, errno.EPERM})


class Unreachable(TimedOut):
    """The network says that no way leads to the device: nothing was learnt about the device."""

    def __init__(self, why: str) -> None:
        super().__init__("connect")
        self.args = (why,)


def number_of(error: OSError) -> int:
    """The error's number, the same on every system."""
    number = error.errno or 0
    return _WINDOWS.get(number, number)


def while_connecting(error: OSError) -> NetworkError:
    """What to raise when a connection could not be made.

    Refused for a RST; TimedOut for silence; Unreachable where routing or a firewall is in the way;
    BudgetSpent when this machine itself has run out of ports, files or buffers.
    """
    if isinstance(error, NetworkError):
        return error  # the guard's veto is both
    number = number_of(error)
    if number in (errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE):
        return Refused("the device refused the connection")
    if number in UNREACHABLE:
        return Unreachable("no way to the device (host or network unreachable)")
    if number in FIREWALLED:
        return Unreachable("this machine's own firewall or policy forbids the connection")
    if number in EXHAUSTED:
        return BudgetSpent(f"this machine has run out of ports or files ({error.strerror})")
    if number == errno.ETIMEDOUT:
        return TimedOut("connect")
    return Unreachable(f"the connection could not be made ({error.strerror or error})")


def while_talking(error: OSError) -> NetworkError:
    """What to raise when a connection that stood has failed."""
    if number_of(error) == errno.ETIMEDOUT:
        return TimedOut("read")
    return ConnectionLost(f"the connection broke ({error.strerror or error})")


def of_datagram(error: OSError) -> NetworkError:
    """What to raise when a datagram could not be sent or received."""
    if number_of(error) in (errno.ECONNREFUSED, errno.ECONNRESET):
        return Refused("nothing listens there (ICMP port unreachable)")
    if number_of(error) == errno.EMSGSIZE:
        return ConnectionLost("the datagram is larger than the way to the device allows")
    return while_connecting(error)
