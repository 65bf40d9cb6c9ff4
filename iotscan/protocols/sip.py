"""SIP messages. RFC 3261 sections 7 and 18; compact field names of section 7.3.3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from iotscan.errors import Malformed
from iotscan.protocols.encodings.fields import Headers, first
from iotscan.protocols.encodings.headed import Joined, parse

PORT, TLS_PORT = 5060, 5061
AGENT = "iotscan"
MOST = 256
_LINE = re.compile(
    rb"SIP/2\.0 (?P<status>[1-6]\d\d)(?: (?P<reason>[^\r\n]*))?"
    rb"|(?P<method>[A-Z]{3,16}) (?P<target>(?:sips?|tel):[^ \r\n]{1,1024}) SIP/2\.0"
)
_HEAD = re.compile(rb"SIP/2\.0 [1-6]\d\d|[A-Z]{3,16} (?:sips?|tel):[^ \r\n]{1,1024} SIP/2\.0\r?\n")
_COMPACT = {"call-id": "i", "from": "f", "to": "t", "contact": "m", "via": "v"}


@dataclass(frozen=True, slots=True)
class Message:
    """A request (``method``) or an answer (``status``); the other of the two is empty or 0."""

    method: str
    target: str
    status: int
    headers: Headers
    end: int

    def header(self, name: str) -> str:
        """The first value under a lower-case name or its compact form; "" without one."""
        return first(self.headers, name) or first(self.headers, _COMPACT.get(name, name))

    @property
    def of_sender(self) -> bool:
        """Whether who sends it also wrote it: a request that no proxy passed on (section 16.6), or
        a registrar's answer.
        """
        if self.status:
            return self.header("cseq").upper().endswith("REGISTER")
        passed = [value for name, value in self.headers if name in ("via", "v")]
        return sum(value.count(b",") + 1 for value in passed) == 1

    @property
    def agent(self) -> str:
        """What the writer of the message says it is."""
        return self.header("server") or self.header("user-agent")

    @property
    def transaction(self) -> tuple[str, str]:
        """What a request and its answers have in common: (Call-ID, CSeq)."""
        return self.header("call-id").strip(), " ".join(self.header("cseq").split())


def is_answer(heard: bytes) -> bool:
    """Whether these first bytes can only be a SIP answer."""
    return re.match(rb"SIP/2\.0 [1-6]\d\d ", heard) is not None


def parse_message(data: bytes, at: int = 0) -> Message:
    """The message that begins at ``at``. Raises Malformed for what is not SIP, or not whole."""
    found = parse(data, at, _LINE, closed=True)
    if found is None:
        raise Malformed("a SIP message without an end")
    if found.line["status"]:
        return Message("", "", int(found.line["status"]), found.headers, found.end)
    method, target = (found.line[word].decode("utf-8", "replace") for word in ("method", "target"))
    return Message(method, target, 0, found.headers, found.end)


def messages(turns: Sequence[tuple[int, bytes]]) -> Iterator[tuple[Message, tuple[int, ...]]]:
    """Every message that one side said, with the turns it stands in. Never raises."""
    joined = Joined(turns)
    head = _HEAD.search(joined.data)
    for _ in range(MOST):
        if head is None:
            return
        after = head.end()
        try:
            message = parse_message(joined.data, head.start())
        except Malformed:
            pass
        else:
            after = message.end
            yield message, joined.between(head.start(), message.end)
        head = _HEAD.search(joined.data, after)


def options(transport: str) -> bytes:
    """A question for what a server can do, which rings at nobody. RFC 3261 section 11.

    Nothing in it is true but that it is a question: the name cannot exist (RFC 6761), and answers
    come back to where it came from (``rport``, RFC 3581).
    """
    lines = [
        "OPTIONS sip:iotscan.invalid SIP/2.0",
        f"Via: SIP/2.0/{transport.upper()} iotscan.invalid;branch=z9hG4bK696f74;rport",
        "Max-Forwards: 70",
        "From: <sip:iotscan@iotscan.invalid>;tag=696f74",
        "To: <sip:iotscan.invalid>",
        "Call-ID: 696f747363616e@iotscan.invalid",
        "CSeq: 1 OPTIONS",
        "Contact: <sip:iotscan@iotscan.invalid>",
        f"User-Agent: {AGENT}",
        "Accept: application/sdp",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
