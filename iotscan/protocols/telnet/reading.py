"""What a telnet conversation proves: the service, its banner, our logins, somebody else's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from iotscan.model import (
    Channel,
    Fact,
    Observation,
    Outcome,
    Proof,
    Transcript,
    Turn,
)
from iotscan.protocols.common.overheard import FIRST_MISSING, GUESSED
from iotscan.protocols.logins import dialogue as login_text
from iotscan.protocols.logins.dialogue import Prompt
from iotscan.protocols.logins.tries import Tries
from iotscan.protocols.telnet import codec as telnet
from iotscan.protocols.telnet.banner import looks_like_honeypot, read_banner, telling
from iotscan.protocols.telnet.dialogue import (
    Dialogue,
    Reply,
    outcome_of,
    read_dialogue,
    seen_outcome,
)
from iotscan.protocols.telnet.ntlm import challenge_in
from iotscan.text import clean

# A device that answers a wrong login this late (seconds) holds the answer back: a slow CPU needs
# a few tenths for a password hash, delays on purpose are 1 s and more (Linux login: 3 s).
DELAY = 1.0


@dataclass(frozen=True, slots=True)
class _Session:
    """One channel of a transcript that is telnet."""

    channel: Channel
    turns: tuple[tuple[int, Turn], ...]
    talk: Dialogue

    def proof(self, source: str, indexes: Sequence[int]) -> Proof:
        frames = [turn.frame for index, turn in self.turns if index in indexes and turn.frame]
        return Proof(source, tuple(sorted(set(indexes))), frames=tuple(sorted(set(frames))))

    @property
    def overheard(self) -> bool:
        """Whether the client was somebody else: frames of a capture, or a login of its own."""
        if self.channel.login is not None:
            return False
        return any(turn.frame is not None for _, turn in self.turns) or bool(self.talk.logins)


def read_transcript(talk: Transcript, recognises: Callable[[bytes], bool]) -> Iterator[Observation]:
    """Observations of the kinds in :mod:`telnet_kinds` that the conversation proves."""
    sessions = list(_sessions(talk, recognises))
    greetings = [s for s in sessions if s.channel.login is None] or sessions
    if greetings:
        yield from _service(talk, greetings[0])
    for session in greetings:
        yield from _challenge(talk, session)
    tries = [s for s in sessions if s.channel.login is not None]
    if tries:
        yield from _logins(talk, tries)
    for session in sessions:
        if session.overheard:
            yield from _overheard(talk, session)


def _sessions(talk: Transcript, recognises: Callable[[bytes], bool]) -> Iterator[_Session]:
    for number in sorted({turn.channel for turn in talk.turns}):
        turns = talk.turns_of(number)
        heard = _first_words(turns)
        if recognises(heard) and (GUESSED not in talk.note or _is_servers(heard)):
            known = number < len(talk.channels)
            channel = talk.channels[number] if known else Channel(talk.service.endpoint)
            dialogue = read_dialogue(
                ((i, turn.sender, turn.data) for i, turn in turns),
                {i for i, turn in turns if turn.cut},
                holed=FIRST_MISSING["client"] in talk.note,
            )
            yield _Session(channel, turns, dialogue)


def _first_words(turns: tuple[tuple[int, Turn], ...]) -> bytes:
    """What the server said before the client said more than options and empty lines."""
    heard, client = b"", telnet.Decoder()
    for _, turn in turns:
        if turn.sender == "server":
            heard += turn.data
        elif telnet.text_of(client.feed(turn.data)).strip(b"\r\n\0"):
            break
    return heard


def _is_servers(heard: bytes) -> bool:
    """Whether only a server says so: it asks for a name, or for what terminals have."""
    events = telnet.decode(heard)
    asked = login_text.prompt_of(login_text.plain(telnet.text_of(events)))
    return asked is not Prompt.NONE or telnet.serves(events)


def _observe(talk: Transcript, kind: str, facts: dict[str, Fact], proof: Proof) -> Observation:
    endpoint = talk.service.endpoint
    return Observation(kind, facts, endpoint.address, endpoint, (proof,))


def _service(talk: Transcript, session: _Session) -> Iterator[Observation]:
    said = session.talk
    woken = [reply for reply in said.replies if not reply.text and not session.overheard]
    greeting = "\n".join((said.greeting, *(reply.answer for reply in woken)))
    open_shell = said.shell_proven and not said.logins
    facts: dict[str, Fact] = {
        "cleartext": session.channel.tls is None and not said.encrypted,
        "negotiates": said.negotiated,
        "options": said.options,
    }
    asked = _first_prompt(said.greeting, *(reply.answer for reply in woken))
    if asked in (Prompt.LOGIN, Prompt.PASSWORD):
        facts |= {"prompt": asked.value, "login_required": True, "open_shell": False}
    elif open_shell or (said.command_line and not said.logins):
        facts |= {"prompt": "shell", "login_required": False, "open_shell": open_shell}
    elif asked is Prompt.NONE:
        facts["prompt"] = "none"
    # Without our question, or a prompt of a server that knows no options, an offer may yet come.
    complete = said.asked_for_encryption or (not said.negotiated and "prompt" in facts)
    for fact, option in (
        ("encryption_offered", telnet.ENCRYPT),
        ("start_tls_offered", telnet.START_TLS),
    ):
        offered = telnet.option_name(option) in said.options
        if offered or complete:
            facts[fact] = offered
    if (seconds := login_text.idle_timeout(greeting)) is not None:
        facts["idle_timeout"] = seconds
    heard = [index for index, turn in session.turns if turn.sender == "server"]
    shown = [
        i for reply in said.replies if reply.is_marker for i in (*reply.turns, *reply.answered)
    ]
    yield _observe(talk, "telnet.service", facts, session.proof(talk.id, [*heard[:1], *shown]))
    if clean(greeting):
        yield _banner(talk, session, greeting)


def _first_prompt(*texts: str) -> Prompt:
    asked = (login_text.prompt_of(text) for text in texts)
    return next(
        (prompt for prompt in asked if prompt not in (Prompt.NONE, Prompt.KEY)), Prompt.NONE
    )


def _banner(talk: Transcript, session: _Session, greeting: str) -> Observation:
    stated = read_banner(greeting)
    facts: dict[str, Fact] = {name: clean(value) for name, value in stated.items()}
    facts |= {"banner": clean(greeting), "discloses": telling(stated)}
    return _observe(talk, "telnet.banner", facts, session.proof(talk.id, session.talk.greeted))


def _challenge(talk: Transcript, session: _Session) -> Iterator[Observation]:
    heard = [(index, turn) for index, turn in session.turns if turn.sender == "server"]
    said = challenge_in(telnet.decode(b"".join(turn.data for _, turn in heard)))
    facts: dict[str, Fact] = {
        name: clean(value) for name, value in (asdict(said) if said else {}).items() if value
    }
    if facts:
        proof = session.proof(talk.id, [index for index, _ in heard])
        yield _observe(talk, "telnet.ntlm", facts, proof)


def _logins(talk: Transcript, tries: Sequence[_Session]) -> Iterator[Observation]:
    """One observation for all our tries: the accepted one, if any, and what the others showed."""
    fared = Tries([outcome_of(session.talk) for session in tries])
    facts = fared.facts(talk.ending)
    if not facts["attempts"]:
        return
    ours = zip(tries[: fared.cited + 1], fared.outcomes, strict=False)
    refused = [session for session, outcome in ours if outcome is Outcome.REFUSED]
    delays = [delay for session in refused if (delay := _delay(session)) is not None]
    if len(delays) > 1:
        facts["throttled"] = max(delays) >= DELAY
    if any(_wants_new_password(session.talk) for session in tries):
        facts["change_forced"] = True
    cited = refused[-1] if refused else tries[0]
    if fared.won is not None:
        cited = tries[fared.won]
        facts |= _accepted(cited)
    indexes = [index for index, _ in cited.turns]
    yield _observe(talk, "telnet.login", facts, cited.proof(talk.id, indexes))


def _accepted(session: _Session) -> dict[str, Fact]:
    said = session.talk
    password = next((r for r in said.logins if r.asked is Prompt.PASSWORD), None)
    name = next((r for r in said.logins if r.asked is Prompt.LOGIN), None)
    facts: dict[str, Fact] = {
        "login": session.channel.login or "",
        "password_asked": password is not None,
        "empty_password": password is None or not password.text,
        "honeypot_signs": any(looks_like_honeypot(reply.answer) for reply in said.replies),
    }
    return facts if name is None else {**facts, "username": clean(name.text)}


def _delay(session: _Session) -> float | None:
    """Seconds from the last line of a login to the first readable answer."""
    last = session.talk.logins[-1]
    turns = dict(session.turns)
    for index in last.answered:
        # A new line is what the terminal echoes at once; the refusal is what takes time.
        if telnet.text_of(telnet.decode(turns[index].data)).strip():
            return turns[index].at - turns[last.turns[-1]].at
    return None


def _wants_new_password(said: Dialogue) -> bool:
    return any(login_text.prompt_of(r.answer) is Prompt.NEW_PASSWORD for r in said.logins)


def _overheard(talk: Transcript, session: _Session) -> Iterator[Observation]:
    cleartext = session.channel.tls is None and not session.talk.encrypted
    attempts = list(_attempts(session.talk))
    if not attempts:
        heard = [index for index, turn in session.turns if turn.sender == "server"]
        facts: dict[str, Fact] = {"cleartext": cleartext, "password_seen": False}
        yield _observe(talk, "telnet.session", facts, session.proof(talk.id, heard[:1]))
    for lines in attempts:
        yield _overheard_login(talk, session, lines, cleartext)


def _overheard_login(
    talk: Transcript, session: _Session, lines: tuple[Reply, ...], cleartext: bool
) -> Observation:
    outcome = seen_outcome(lines)
    facts: dict[str, Fact] = {
        "cleartext": cleartext,
        "password_seen": any(line.asked is Prompt.PASSWORD for line in lines),
        "outcome": "unknown" if outcome is Outcome.UNCLEAR else outcome.value,
    }
    if lines[0].asked is Prompt.LOGIN and lines[0].whole:
        facts["username"] = clean(lines[0].text)
    indexes = [i for line in lines for i in (*line.turns, *line.answered)]
    return _observe(talk, "telnet.session", facts, session.proof(talk.id, indexes))


def _attempts(said: Dialogue) -> Iterator[tuple[Reply, ...]]:
    """The login lines in groups: a name with the password behind it, or a password alone."""
    lines = [line for line in said.logins if line.text or line.asked is Prompt.PASSWORD]
    while lines:
        pair = lines[0].asked is Prompt.LOGIN and [r.asked for r in lines[1:2]] == [Prompt.PASSWORD]
        yield tuple(lines[: 2 if pair else 1])
        del lines[: 2 if pair else 1]
