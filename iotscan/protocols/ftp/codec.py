"""FTP's control channel and its listings: bytes to dataclasses.

RFC 959 (commands and replies), RFC 2389 (FEAT), RFC 2428 (EPSV), RFC 3659 (MLST), RFC 4217 (TLS).
Listings of LIST follow no standard; those of ``ls -l`` are read, which is what servers imitate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iotscan.protocols.common.overheard import Line
from iotscan.text import clean

# A reply of more lines than the longest HELP is not read to its end.
MOST_LINES = 200
MOST_ENTRIES = 2000
_REPLY = re.compile(rb"([1-5]\d\d)([ -]?)(.*)\Z", re.DOTALL)
_COMMAND = re.compile(rb"([A-Za-z]{3,4})(?: (.*))?\Z", re.DOTALL)
_UNIX = re.compile(
    r"(?P<type>[-dlbcps])(?P<mode>[-rwxsStT]{9})[+.@]?\s+\d+\s+(?P<owner>\S+)\s+(?:\S+\s+)??"
    r"(?P<size>\d+)\s+\w{3}\s+\d{1,2}\s+(?:\d{4}|\d{1,2}:\d{2})\s+(?P<name>.+)\Z"
)
_PASSIVE = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_EXTENDED = re.compile(r"\((.)\1\1(\d{1,5})\1\)")
_NAME = re.compile(r"\bFTP|FTPd|ftpd?\b")
_MAIL = re.compile(rb"\bE?SMTP|\bmail\b|postfix|sendmail|exim\b|\bLMTP", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. ``turn`` is where its first line was complete, ``text`` its lines joined;
    ``gap``: what the server said before it is missing.
    """

    code: int
    text: str
    turn: int = 0
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """``gap``: what the client said before it is missing."""

    verb: str
    argument: bytes
    turn: int = 0
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing. ``others_write``: the advertised rights let anybody write to it."""

    name: str
    folder: bool
    size: int = 0
    others_write: bool = False


def control(lines: Iterable[Line]) -> Iterator[Reply | Command]:
    """Replies and commands of a control channel in their order; other lines are left out."""
    first: Line | None = None
    code, gap = 0, False
    texts: list[str] = []
    for line in lines:
        if line.sender == "client":
            gap = gap or line.gap
            if found := _COMMAND.match(line.text):
                verb = found[1].decode("ascii").upper()
                yield Command(verb, found[2] or b"", line.turn, gap)
                gap = False
            continue
        reply = _REPLY.match(line.text)
        if first is None and reply is not None:
            first, code, texts = line, int(reply[1]), [clean(reply[3])]
            if reply[2] == b"-":
                continue
        elif first is None:
            continue
        elif reply is None or int(reply[1]) != code or reply[2] == b"-":
            if len(texts) < MOST_LINES:
                repeated = reply is not None and int(reply[1]) == code
                texts.append(clean(reply[3] if reply is not None and repeated else line.text))
            continue
        else:
            texts.append(clean(reply[3]))
        yield Reply(code, "\n".join(texts), first.turn, first.gap)
        first = None


def is_greeting(heard: bytes) -> bool:
    """Whether a server that said this first speaks FTP: ``220`` without a word of mail."""
    head, end, _ = heard[:4096].partition(b"\n")
    found = _REPLY.match(head.rstrip(b"\r"))
    if found is None or not end or found[1] not in (b"220", b"120", b"421") or not found[2]:
        return False
    if names_itself(heard[:4096].decode("latin-1")):
        return True
    return found[1] == b"220" and _MAIL.search(heard[:4096]) is None


def names_itself(text: str) -> bool:
    """Whether a greeting says that this is FTP."""
    return _NAME.search(text) is not None


def features(reply: Reply) -> tuple[str, ...]:
    """What a reply to FEAT lists, in capitals; empty for a refusal."""
    if reply.code != 211:
        return ()
    return tuple(line.upper() for line in reply.text.split("\n")[1:-1] if line)


def data_port(reply: Reply) -> int | None:
    """The port of a reply to EPSV or PASV. The address in it is not looked at: a server may not
    send us anywhere else.
    """
    if reply.code == 229 and (found := _EXTENDED.search(reply.text)):
        return int(found[2]) if 0 < int(found[2]) < 65_536 else None
    if reply.code == 227 and (numbers := _PASSIVE.search(reply.text)):
        high, low = int(numbers[5]), int(numbers[6])
        return high * 256 + low if high < 256 and low < 256 and high + low else None
    return None


def listing(data: bytes) -> tuple[Entry, ...]:
    """The entries of a LIST whose lines look like those of ``ls -l``; others are skipped."""
    found = []
    for raw in data.split(b"\n")[:MOST_ENTRIES]:
        entry = _UNIX.match(raw.rstrip(b"\r").decode("utf-8", "replace"))
        if entry is None or entry["name"] in (".", ".."):
            continue
        found.append(
            Entry(
                clean(entry["name"].partition(" -> ")[0]),
                entry["type"] == "d",
                int(entry["size"]),
                # A link's mode says nothing of what it leads to.
                entry["mode"][7] == "w" and entry["type"] in "d-",
            )
        )
    return tuple(found)


def may_change(reply: Reply) -> bool | None:
    """Whether the facts of a reply to MLST grant this user to create, store or delete here.

    None without a ``perm`` fact. RFC 3659 section 7.5.5: c, m, p for folders, a, w for files.
    """
    if reply.code != 250:
        return None
    for line in reply.text.split("\n"):
        for fact in line.split(";"):
            name, _, value = fact.strip().partition("=")
            if name.lower() == "perm":
                return bool(set(value.lower()) & set("cmpaw"))
    return None
