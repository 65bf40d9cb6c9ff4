"""Telnet on the wire: text, commands and option negotiation (RFC 854, 855; Q method RFC 1143).

Decoding never fails: every byte sequence is some telnet stream. What can be wrong is bounded:
a subnegotiation is kept up to :data:`LONGEST_SUBNEGOTIATION` bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SE, NOP, GA, SB, WILL, WONT, DO, DONT, IAC = 240, 241, 249, 250, 251, 252, 253, 254, 255

# IANA "Telnet Options"; those that say something of security or of the device.
ECHO, SUPPRESS_GO_AHEAD, TERMINAL_TYPE, NAWS = 1, 3, 24, 31
AUTHENTICATION, ENCRYPT, NEW_ENVIRON, START_TLS = 37, 38, 39, 46
OPTIONS: dict[int, str] = {
    0: "BINARY",
    ECHO: "ECHO",
    SUPPRESS_GO_AHEAD: "SUPPRESS-GO-AHEAD",
    5: "STATUS",
    6: "TIMING-MARK",
    10: "NAOCRD",
    18: "LOGOUT",
    23: "SEND-LOCATION",
    TERMINAL_TYPE: "TERMINAL-TYPE",
    25: "END-OF-RECORD",
    NAWS: "NAWS",
    32: "TERMINAL-SPEED",
    33: "REMOTE-FLOW-CONTROL",
    34: "LINEMODE",
    35: "X-DISPLAY-LOCATION",
    36: "ENVIRON",
    AUTHENTICATION: "AUTHENTICATION",
    ENCRYPT: "ENCRYPT",
    NEW_ENVIRON: "NEW-ENVIRON",
    40: "TN3270E",
    42: "CHARSET",
    44: "COM-PORT",
    START_TLS: "START_TLS",
    47: "KERMIT",
}

# A terminal's: its type, size, speed, display, line mode and environment.
_OF_CLIENTS = frozenset({TERMINAL_TYPE, NAWS, 32, 34, 35, 36, NEW_ENVIRON})
# In a subnegotiation of these it is the server that asks for the value.
_SEND = b"\x01"

# RFC 2946: after SB ENCRYPT START its sender encrypts all that follows.
ENCRYPT_START = 3
# draft-altman-telnet-starttls: after SB START_TLS FOLLOWS its sender speaks TLS.
START_TLS_FOLLOWS = 1
# Long enough for every honest one (an environment list is the longest), short for a flood.
LONGEST_SUBNEGOTIATION = 1024


@dataclass(frozen=True, slots=True)
class Text:
    data: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """A command without an option: IAC and one code such as GA or NOP."""

    code: int


@dataclass(frozen=True, slots=True)
class Negotiation:
    """WILL, WONT, DO or DONT and the option it is about."""

    verb: int
    option: int

    def encode(self) -> bytes:
        return bytes((IAC, self.verb, self.option))


@dataclass(frozen=True, slots=True)
class Subnegotiation:
    """``data`` without its framing, doubled IACs joined, cut when longer than the limit."""

    option: int
    data: bytes

    def encode(self) -> bytes:
        doubled = self.data.replace(b"\xff", b"\xff\xff")
        return bytes((IAC, SB, self.option)) + doubled + bytes((IAC, SE))


Event = Text | Command | Negotiation | Subnegotiation


class Decoder:
    """Takes a stream apart as it arrives; what is cut off waits for the next bytes."""

    def __init__(self) -> None:
        self._pending = b""
        self._sub: bytearray | None = None

    def feed(self, data: bytes) -> list[Event]:
        """The events that these bytes complete; text that touches is joined."""
        data = self._pending + data
        self._pending = b""
        events: list[Event] = []
        at = 0
        while at < len(data):
            within = self._sub is not None
            step = (self._inside if within else self._outside)(data, at, events)
            if step == 0:
                self._pending = data[at:]
                break
            at += step
        return events

    def _outside(self, data: bytes, at: int, events: list[Event]) -> int:
        """Bytes used by the text or command at ``at``; 0 when it is not complete."""
        end = data.find(IAC, at)
        if end != at:
            _add_text(events, data[at : end if end >= 0 else len(data)])
            return (end if end >= 0 else len(data)) - at
        code = data[at + 1] if at + 1 < len(data) else None
        if code is None:
            return 0
        if code == IAC:
            _add_text(events, b"\xff")
        elif code in (WILL, WONT, DO, DONT):
            if at + 2 >= len(data):
                return 0
            events.append(Negotiation(code, data[at + 2]))
            return 3
        elif code == SB:
            self._sub = bytearray()
        else:
            events.append(Command(code))
        return 2

    def _inside(self, data: bytes, at: int, events: list[Event]) -> int:
        """Bytes used within a subnegotiation; 0 when its framing is not complete."""
        assert self._sub is not None
        end = data.find(IAC, at)
        if end != at:
            stop = end if end >= 0 else len(data)
            self._keep(data[at:stop])
            return stop - at
        if at + 1 >= len(data):
            return 0
        if data[at + 1] == IAC:
            self._keep(b"\xff")
            return 2
        if self._sub:
            events.append(Subnegotiation(self._sub[0], bytes(self._sub[1:])))
        self._sub = None
        # Any other command inside means that SE was forgotten: it is read as what it says.
        return 2 if data[at + 1] == SE else self._outside(data, at, events)

    def _keep(self, data: bytes) -> None:
        assert self._sub is not None
        self._sub += data[: LONGEST_SUBNEGOTIATION + 1 - len(self._sub)]


def _add_text(events: list[Event], data: bytes) -> None:
    if events and isinstance(events[-1], Text):
        events[-1] = Text(events[-1].data + data)
    else:
        events.append(Text(data))


def decode(data: bytes) -> list[Event]:
    """The complete events of a whole stream."""
    return Decoder().feed(data)


def text_of(events: Iterable[Event]) -> bytes:
    """What is left for the eye: the text of these events, joined."""
    return b"".join(event.data for event in events if isinstance(event, Text))


def offered(events: Iterable[Event]) -> tuple[str, ...]:
    """Names of the options the sender offered (WILL) or asked for (DO), each once, in order."""
    asked = (e.option for e in events if isinstance(e, Negotiation) and e.verb in (WILL, DO))
    return tuple(dict.fromkeys(option_name(option) for option in asked))


def serves(events: Iterable[Event]) -> bool:
    """Whether the sender can only be the server: it asks for what a client has (RFC 1073, 1079,
    1091, 1096, 1184, 1572) more often than it offers that, or echoes.
    """
    weight = 0
    for event in events:
        if isinstance(event, Subnegotiation) and event.option in _OF_CLIENTS:
            weight += 1 if event.data[:1] == _SEND else -1
        elif isinstance(event, Negotiation) and event.option in _OF_CLIENTS:
            weight += 1 if event.verb in (DO, DONT) else -1
        elif event == Negotiation(WILL, ECHO):
            weight += 1
    return weight > 0


def option_name(option: int) -> str:
    return OPTIONS.get(option, f"option {option}")


def refusal(event: Negotiation) -> bytes:
    """The answer that keeps an option off; empty where RFC 854 wants no answer (WONT, DONT)."""
    answer = {DO: WONT, WILL: DONT}.get(event.verb)
    return b"" if answer is None else Negotiation(answer, event.option).encode()


def turns_secret(event: Event) -> bool:
    """Whether all that its sender says after this event is encrypted."""
    if not isinstance(event, Subnegotiation):
        return False
    first = event.data[:1]
    return (event.option, first) in (
        (ENCRYPT, bytes([ENCRYPT_START])),
        (START_TLS, bytes([START_TLS_FOLLOWS])),
    )
