"""The control packets of MQTT 3.1, 3.1.1 and 5.0 as values, and the names of their codes.

Sources: "MQTT V3.1 Protocol Specification" (IBM and Eurotech, 2010), OASIS MQTT 3.1.1 chapter 3,
OASIS MQTT 5.0 chapter 3. A version is the protocol level of CONNECT: 3, 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from iotscan.protocols.mqtt.wire import Properties

VERSIONS = {3: "3.1", 4: "3.1.1", 5: "5.0"}

CONNECT, CONNACK, PUBLISH = 1, 2, 3
PUBACK, PUBREC, PUBREL, PUBCOMP = 4, 5, 6, 7
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 8, 9, 10, 11
PINGREQ, PINGRESP, DISCONNECT, AUTH = 12, 13, 14, 15

# MQTT 3.1.1 table 3.1 and MQTT 5.0 table 2-6, those a client can meet in CONNACK, SUBACK and
# DISCONNECT.
REASONS = {
    0: "accepted",
    1: "protocol version not supported",
    2: "client identifier rejected",
    3: "server unavailable",
    4: "bad user name or password",
    5: "not authorised",
    0x80: "unspecified error",
    0x81: "malformed packet",
    0x82: "protocol error",
    0x83: "implementation specific error",
    0x84: "protocol version not supported",
    0x85: "client identifier rejected",
    0x86: "bad user name or password",
    0x87: "not authorised",
    0x88: "server unavailable",
    0x89: "server busy",
    0x8A: "banned",
    0x8B: "server shutting down",
    0x8C: "bad authentication method",
    0x8D: "keep alive timeout",
    0x8E: "session taken over",
    0x8F: "topic filter invalid",
    0x90: "topic name invalid",
    0x93: "receive maximum exceeded",
    0x95: "packet too large",
    0x96: "message rate too high",
    0x97: "quota exceeded",
    0x98: "administrative action",
    0x99: "payload format invalid",
    0x9A: "retain not supported",
    0x9B: "quality of service not supported",
    0x9C: "use another server",
    0x9D: "server moved",
    0x9E: "shared subscriptions not supported",
    0x9F: "connection rate exceeded",
    0xA1: "subscription identifiers not supported",
    0xA2: "wildcard subscriptions not supported",
}
# The CONNACK codes with which a broker asks for (better) credentials.
UNAUTHORISED = frozenset({4, 5, 0x86, 0x87, 0x8C})
# The codes with which a broker says that we came too often, or that it has shut us out.
THROTTLED = frozenset({0x8A, 0x97, 0x9F})
UNSUPPORTED_VERSION = frozenset({1, 0x84})


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker is to publish when the client vanishes."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    retain: bool = False
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Connect:
    """A client's first packet. ``bridge``: it says to be a broker itself (the level's high bit)."""

    version: int = 4
    client_id: str = ""
    clean: bool = True
    keep_alive: int = 60
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    will: Will | None = None
    properties: Properties = ()
    bridge: bool = False

    @property
    def authentication_method(self) -> str:
        """The method of version 5's enhanced authentication, empty without."""
        return next(
            (str(p.value) for p in self.properties if p.name == "authentication_method"), ""
        )

    @property
    def anonymous(self) -> bool:
        """Whether the packet carries nothing that could prove who the client is."""
        return self.username is None and self.password is None and not self.authentication_method


@dataclass(frozen=True, slots=True)
class Connack:
    """The broker's answer; ``code`` is the raw return code (3.x) or reason code (5.0)."""

    code: int
    session_present: bool = False
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """A message. ``packet_id`` is 0 with quality of service 0; ``topic`` empty with an alias."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int = 0
    retain: bool = False
    duplicate: bool = False
    packet_id: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """PUBACK, PUBREC, PUBREL or PUBCOMP, told apart by ``kind``."""

    kind: int
    packet_id: int
    code: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Subscribe:
    """``filters``: topic filter and options byte (its low two bits are the quality of service)."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Suback:
    """One code per filter: 0 to 2 is the granted quality of service, 0x80 and above a refusal.

    MQTT 3.1 has no code for a refusal, so what it grants proves nothing.
    """

    packet_id: int
    codes: tuple[int, ...]
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int
    filters: tuple[str, ...]
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Unsuback:
    """``codes`` is empty before version 5."""

    packet_id: int
    codes: tuple[int, ...] = ()
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Pingreq:
    pass


@dataclass(frozen=True, slots=True)
class Pingresp:
    pass


@dataclass(frozen=True, slots=True)
class Disconnect:
    code: int = 0
    properties: Properties = ()


@dataclass(frozen=True, slots=True)
class Auth:
    """A step of version 5's enhanced authentication."""

    code: int = 0
    properties: Properties = ()


Packet = (
    Connect
    | Connack
    | Publish
    | Acknowledgement
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
    | Auth
)
