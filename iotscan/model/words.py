"""Words of the nouns: addresses, facts, and enumerations whose members are words."""

from __future__ import annotations

from abc import ABCMeta
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    Address = IPv4Address | IPv6Address
    Subnet = IPv4Network | IPv6Network
else:
    # One class at run time, so that JSON codecs see a single custom type, not a union of two.
    class Address(metaclass=ABCMeta):
        """An IPv4 or IPv6 address."""

    class Subnet(metaclass=ABCMeta):
        """An IPv4 or IPv6 network."""

    for _class in (IPv4Address, IPv6Address):
        Address.register(_class)
    for _class in (IPv4Network, IPv6Network):
        Subnet.register(_class)

Transport = Literal["tcp", "udp"]
Sender = Literal["client", "server"]
Fact = bool | int | float | str | tuple[str, ...]


class Ordered(Enum):
    """An enumeration whose members compare in the order they are written in; values are words."""

    @property
    def rank(self) -> int:
        """Place in that order, from 0."""
        return type(self)._member_names_.index(self._name_)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, type(self)) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.rank <= other.rank if isinstance(other, type(self)) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self.rank > other.rank if isinstance(other, type(self)) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self.rank >= other.rank if isinstance(other, type(self)) else NotImplemented


class Impact(Ordered):
    """The most that may be done to a device."""

    LISTEN = "listen"
    GREET = "greet"
    LOGIN = "login"


class Ending(Enum):
    """Why a conversation stopped. Only ``COMPLETE`` may support "looks met"."""

    COMPLETE = "complete"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    CLOSED = "closed"
    TLS_FAILED = "tls-failed"
    WRONG_PROTOCOL = "wrong-protocol"
    OUT_OF_SCOPE = "out-of-scope"
    BUDGET_SPENT = "budget-spent"
    LOCKED_OUT = "locked-out"
    BUG = "bug"


class Standing(Enum):
    """How a device stands to a provision: three answers, never two."""

    VIOLATED = "violated"
    MET = "met"
    NOT_ASSESSED = "not-assessed"


class Severity(Ordered):
    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(Ordered):
    """How directly a finding was seen: indirect, strong signs, seen."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class Relation(Ordered):
    """What a finding says about a provision; stronger is larger."""

    INFORMS = "informs"
    SUGGESTS = "suggests"
    CONTRADICTS = "contradicts"


class Outcome(Enum):
    """How a device answered one login attempt, by a parsed fact."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LOCKED = "locked"
    UNCLEAR = "unclear"
