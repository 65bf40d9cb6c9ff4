"""Who asked what and who typed what in a telnet session, and how a login ended. Pure.

Reads our own conversations and captured ones, line by line or one key at a time.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from iotscan.model import Outcome, Sender
from iotscan.protocols.logins import dialogue as login_text
from iotscan.protocols.logins.dialogue import Prompt
from iotscan.protocols.telnet import codec as telnet

# A shell that answers these was not merely echoing: the answer differs from what was typed.
# The second is for shells built without arithmetic.
MARKERS: tuple[tuple[bytes, str], ...] = (
    (b"echo iot$((6*7))scan", "iot42scan"),
    (b'echo ios""can', "ioscan"),
)
_PROVEN = re.compile(r"^\s*(?:iot42scan|ioscan)\s*$", re.MULTILINE)
_WELCOME = re.compile(r"^\s*last (?:successful )?login\b.{0,40}\d", re.MULTILINE | re.IGNORECASE)
# A line longer than this is not typed by a person, and only its start matters.
LONGEST_LINE = 512
# Text kept of one answer: its end decides, a flood is not worth keeping.
LONGEST_ANSWER = 16_384


@dataclass(frozen=True, slots=True)
class Reply:
    """A line the client sent.

    ``asked``: the prompt it answers. ``turns``: indexes of the client's turns; ``whole``: no key of
    it is missing; ``answer``: what the server said until the next line began, in the server turns
    ``answered``.
    """

    asked: Prompt
    text: str
    turns: tuple[int, ...]
    whole: bool = True
    answer: str = ""
    answered: tuple[int, ...] = ()

    @property
    def is_marker(self) -> bool:
        return self.text.encode("utf-8", "replace") in [marker for marker, _ in MARKERS]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A session: the ``greeting`` before the first line, then lines and their answers.

    ``options``: what the server offered or asked for; ``negotiated``: it spoke telnet commands at
    all. ``asked_for_encryption``: the client asked whether ENCRYPT is known. ``encrypted``: one
    side turned to encryption, and nothing after that was read.
    """

    greeting: str
    greeted: tuple[int, ...]
    replies: tuple[Reply, ...]
    options: tuple[str, ...]
    negotiated: bool
    asked_for_encryption: bool
    encrypted: bool

    @property
    def logins(self) -> tuple[Reply, ...]:
        """The lines that answered a login or password prompt."""
        return tuple(r for r in self.replies if r.asked in (Prompt.LOGIN, Prompt.PASSWORD))

    @property
    def shell_proven(self) -> bool:
        """Whether a command was carried out: a marker came back evaluated."""
        return any(r.is_marker and evaluates_marker(r.answer) for r in self.replies)

    @property
    def command_line(self) -> bool:
        """Whether a command line of another kind answered that it does not know the marker."""
        return any(
            r.is_marker
            and r.asked is Prompt.SHELL
            and login_text.rejects_command(r.answer)
            and login_text.prompt_of(r.answer) is Prompt.SHELL
            for r in self.replies
        )


@dataclass
class _Listener:
    """Both directions of one session while they are read."""

    client: telnet.Decoder = field(default_factory=telnet.Decoder)
    server: telnet.Decoder = field(default_factory=telnet.Decoder)
    events: list[telnet.Event] = field(default_factory=list)
    heard: bytearray = field(default_factory=bytearray)
    heard_in: list[int] = field(default_factory=list)
    spans: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    lines: list[tuple[Prompt, str, tuple[int, ...], bool]] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    typed_in: list[int] = field(default_factory=list)
    asked: Prompt = Prompt.NONE
    asked_for_encryption: bool = False
    typing: bool = False
    holed: bool = False
    encrypted: bool = False

    def server_says(self, index: int, data: bytes) -> None:
        events = self.server.feed(data)
        for event in events:
            if not isinstance(event, telnet.Text):
                self.events.append(event)
            self.encrypted = self.encrypted or telnet.turns_secret(event)
        text = telnet.text_of(events)
        if self.typing and len(text) <= len(self.typed) + 1:
            return  # the echo of what is being typed
        if self.typing and self.holed:
            self._end_line()  # the key that ended it is missing
        if text:
            self.heard = (self.heard + text)[-LONGEST_ANSWER:]
            self.heard_in.append(index)

    def client_says(self, index: int, data: bytes, *, cut: bool) -> None:
        """``cut``: bytes behind these are missing."""
        events = self.client.feed(data)
        self.encrypted = self.encrypted or any(map(telnet.turns_secret, events))
        asks = telnet.Negotiation(telnet.DO, telnet.ENCRYPT)
        self.asked_for_encryption = self.asked_for_encryption or asks in events
        text = telnet.text_of(events).replace(b"\r\n", b"\r").replace(b"\r\0", b"\r")
        for byte in text:
            # The CR and the LF or NUL behind it may lie in different packets.
            if byte in b"\n\0" and not self.typing:
                continue
            self._key(index, byte)
        self.holed = self.holed or cut

    def _key(self, index: int, byte: int) -> None:
        if not self.typing:
            self.typing = True
            self.asked = login_text.prompt_of(login_text.plain(bytes(self.heard)))
            self._close_answer()
            self.typed, self.typed_in = [], []
        if index not in self.typed_in[-1:]:
            self.typed_in.append(index)
        if byte in b"\r\n":
            self._end_line()
        elif byte in b"\b\x7f":
            self.typed = self.typed[:-1]
        elif byte == 0x15:  # ^U: the line is taken back
            self.typed = []
        elif byte >= 0x20 and len(self.typed) < LONGEST_LINE:
            self.typed.append(chr(byte))

    def _end_line(self) -> None:
        line = "".join(self.typed), tuple(self.typed_in), not self.holed
        self.lines.append((self.asked, *line))
        self.typing = self.holed = False

    def _close_answer(self) -> None:
        text = login_text.plain(bytes(self.heard))
        self.spans.append((text, tuple(self.heard_in)))
        self.heard, self.heard_in = bytearray(), []

    def finish(self) -> Dialogue:
        self._close_answer()
        (greeting, greeted), *answers = self.spans
        answers += [("", ())] * (len(self.lines) - len(answers))
        return Dialogue(
            greeting,
            greeted,
            tuple(Reply(*line, *answer) for line, answer in zip(self.lines, answers, strict=False)),
            telnet.offered(self.events),
            any(isinstance(e, telnet.Negotiation | telnet.Subnegotiation) for e in self.events),
            self.asked_for_encryption,
            self.encrypted,
        )


def evaluates_marker(answer: str) -> bool:
    """Whether a marker came back as only a shell would give it back."""
    return _PROVEN.search(answer) is not None


def read_dialogue(
    turns: Iterable[tuple[int, Sender, bytes]], cut: Container[int] = (), *, holed: bool = False
) -> Dialogue:
    """Put a session together from (turn index, sender, bytes) in the order they were said.

    ``cut``: turns behind which bytes of the sender are missing; ``holed``: the client's first are.
    """
    listener = _Listener(holed=holed)
    for index, sender, data in turns:
        if listener.encrypted:
            break
        if sender == "server":
            listener.server_says(index, data)
        else:
            listener.client_says(index, data, cut=index in cut)
    return listener.finish()


def outcome_of(talk: Dialogue) -> Outcome | None:
    """How a login went that we tried ourselves; None when no prompt was answered.

    Accepted only when a marker proves a command line behind the login. A device that answers with
    neither a refusal, a prompt for another login, nor a proof is UNCLEAR.
    """
    logins = talk.logins
    if not logins:
        silent = login_text.prompt_of(talk.greeting) is Prompt.NONE
        return Outcome.LOCKED if silent and login_text.locks(talk.greeting) else None
    if talk.shell_proven:
        return Outcome.ACCEPTED
    said = "\n".join(reply.answer for reply in logins)
    if login_text.locks(said):
        return Outcome.LOCKED
    if login_text.refuses(said) or _asks_again(logins[-1]):
        return Outcome.REFUSED
    return Outcome.ACCEPTED if talk.command_line else Outcome.UNCLEAR


def seen_outcome(logins: tuple[Reply, ...]) -> Outcome:
    """How somebody else's login went, judged by what followed: ``logins`` are its name and
    password lines. Nobody sent a marker, so a prompt of a command line has to do.
    """
    said = "\n".join(reply.answer for reply in logins)
    if login_text.refuses(said) or _asks_again(logins[-1]):
        return Outcome.REFUSED
    if login_text.locks(said):
        return Outcome.LOCKED
    shell = login_text.prompt_of(logins[-1].answer) is Prompt.SHELL
    return Outcome.ACCEPTED if shell or _WELCOME.search(said) else Outcome.UNCLEAR


def _asks_again(last: Reply) -> bool:
    """Whether the answer to the last line is the prompt for another login."""
    asked = login_text.prompt_of(last.answer)
    return asked is Prompt.LOGIN or (asked is Prompt.PASSWORD and last.asked is Prompt.PASSWORD)
