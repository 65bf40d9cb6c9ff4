"""User names, passwords and other people's names in conversations, as each protocol carries them.

What stands in texts by its form alone is told by ``texts``; here is what takes a protocol to find.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import islice

from iotscan.anonymise import texts
from iotscan.errors import Malformed
from iotscan.model import Transcript
from iotscan.protocols import ldap, socks, stomp, xmpp
from iotscan.protocols.amqp import codec as amqp
from iotscan.protocols.common import overheard
from iotscan.protocols.databases import postgresql
from iotscan.protocols.dns.message import PORT, Message
from iotscan.protocols.dns.overheard import lookup, parsed
from iotscan.protocols.logins.dialogue import Prompt
from iotscan.protocols.mqtt.session import read_session
from iotscan.protocols.rtsp import tunnel
from iotscan.protocols.snmp import codec as snmp
from iotscan.protocols.telnet.dialogue import read_dialogue
from iotscan.protocols.tls.codec import parse_client

# RFC 1635: who logs in to FTP by these is nobody.
NOBODY = (b"anonymous", b"ftp")
# Communities that name nobody, and whose being these is what there is to find: what every device is
# asked by is no secret.
_EVERYBODYS = (b"public", b"private")
_COMMANDS = re.compile(rb"(?i)\A(?:user|pass|acct|apop|auth [\w-]+|authenticate [\w-]+)[ \t]+(.+)")
_IMAP = re.compile(rb"(?i)\A\S{1,32} (?:login|authenticate \S+)[ \t]+(.+)")
_PROMPTS = (b"login", b"pass", b"user", b"account", b"name")
# What begins like this asks for no login by a prompt: HTTP and its like, TLS, SSH.
_NO_PROMPT = re.compile(rb"[A-Z]{3,20} \S{1,4096} (?:HTTP|RTSP|SIP)/|\x16\x03|SSH-")
_BASE64 = re.compile(rb"\A[A-Za-z0-9+/]{4,}={0,2}\Z")
_URI_USER = re.compile(
    rb"(?i)\b(?:sips?|rtsp|ftp|https?|mqtt):(?://)?([^@:;>/\s\"]{1,64})(?::([^@;>/\s\"]{1,64}))?"
    rb"@(?=[A-Za-z0-9\[])"
)
# Of a text in small letters, in which every line has an end before it.
_HOSTS = re.compile(
    rb"\n(?:host[ \t]*:[ \t]*|(?:location|referer|origin)[ \t]*:[ \t]*https?://)([a-z0-9_.-]{1,255})"
)
_REDIS = re.compile(
    rb"(?i)\*[23]\r\n\$4\r\nauth\r\n(?:\$\d+\r\n([^\r\n]+)\r\n)?\$\d+\r\n([^\r\n]+)\r\n"
)
_JSON = re.compile(rb"\"(?:user|pass|auth_token|name)\":\s?\"([^\"]{1,128})\"")
_LONGEST = 65_536
_FIRST = 16
_MQTT_CONNECT, _BER_SEQUENCE = b"\x10", b"\x30"


def secrets(talk: Transcript) -> Iterator[bytes]:
    """User names, passwords and tokens in a conversation, and in what went through a proxy."""
    yield from _secrets(talk)
    proxied = socks.behind(talk)
    if proxied is not None:
        yield from _secrets(proxied)


def _secrets(talk: Transcript) -> Iterator[bytes]:
    client, server = (talk.said_by(side)[:_LONGEST] for side in ("client", "server"))
    if tunnel.name_of(talk):
        posted = (said for _, said in tunnel.asked(enumerate(talk.turns)))
        client = tunnel.head_of(client) + b"".join(posted)
    for said in (client, server):
        yield from texts.logins(said)
        if b"@" in said:
            for hit in _URI_USER.finditer(said):
                yield from filter(None, hit.groups())
    if client.startswith(b"*"):
        for hit in _REDIS.finditer(client):
            yield from filter(None, hit.groups())
    if client.startswith((b"CONNECT {", b"INFO {")):
        yield from (hit[1] for hit in _JSON.finditer(client))
    if _looks_typed(client) and not client.startswith(b"*"):  # words of Redis look like base64
        yield from _lines(client)
    if _prompts(talk, client, server):
        yield from _telnet(talk)
    yield from _binary(talk, client)
    for logins in (postgresql.logins, socks.logins, stomp.logins, xmpp.logins):
        for login in logins(client, server):
            yield from (login.username, login.secret)


def own(talk: Transcript) -> frozenset[bytes]:
    """The same, but for those of nobody: what is to be replaced in it."""
    return frozenset(one for one in secrets(talk) if one and one.lower() not in NOBODY)


def hosts(talk: Transcript) -> Iterator[bytes]:
    """Names of hosts in a conversation: those that HTTP, TLS, DNS and an order to a proxy name."""
    yield from _hosts(talk)
    proxied = socks.behind(talk)
    if proxied is not None:
        yield from socks.asked_for(talk)
        yield from _hosts(proxied)


def _hosts(talk: Transcript) -> Iterator[bytes]:
    for side in ("client", "server"):
        said = b"\n" + talk.said_by(side)[:_LONGEST].lower()
        yield from (hit[1] for hit in _HOSTS.finditer(said))
    first = talk.said_by("client")[:_LONGEST]
    if first[:2] == b"\x16\x03":
        try:
            hello = parse_client(first)
        except Malformed:
            hello = None
        if hello is not None and hello.sni:
            yield hello.sni.encode()
    for message in _lookups(talk):
        yield from (name.encode() for name, _, _ in message.questions)
        yield from (record.name.encode() for record in message.answers)


def _lookups(talk: Transcript) -> Iterator[Message]:
    if talk.client is not None:
        found = lookup(talk)
        yield from (message for _, message in found.messages) if found else ()
    elif talk.service.endpoint.port == PORT:
        yield from (message for _, message in parsed(enumerate(turn.data for turn in talk.turns)))


def typed_in(talk: Transcript) -> frozenset[int]:
    """The turns of a telnet session in which a user name or password was typed; through a proxy,
    all of who types.
    """
    proxied = socks.behind(talk)
    if proxied is not None and _typed_in(proxied):
        return frozenset(i for i, turn in enumerate(talk.turns) if turn.sender == "client")
    return _typed_in(talk)


def _typed_in(talk: Transcript) -> frozenset[int]:
    asked = (Prompt.LOGIN, Prompt.PASSWORD)
    client, server = (talk.said_by(side)[:_LONGEST] for side in ("client", "server"))
    if not _prompts(talk, client, server):
        return frozenset()
    said = read_dialogue((i, turn.sender, turn.data) for i, turn in enumerate(talk.turns))
    return frozenset(i for reply in said.replies if reply.asked in asked for i in reply.turns)


def _prompts(talk: Transcript, client: bytes, server: bytes) -> bool:
    """Whether a server may have asked for a login by a prompt."""
    if talk.service.endpoint.transport != "tcp" or _NO_PROMPT.match(client):
        return False
    lower = server.lower()
    return any(word in lower for word in _PROMPTS)


def _looks_typed(client: bytes) -> bool:
    """Whether a client speaks by lines, as in FTP and mail."""
    first = client[:512]
    return b"\r\n" in first and first.isascii() and b"\0" not in first


def _lines(client: bytes) -> Iterator[bytes]:
    """Logins of FTP, POP3, IMAP and SMTP, in the clear or in base64 (RFC 4954, RFC 3501)."""
    for line in client.split(b"\r\n")[:1000]:
        hit = _COMMANDS.match(line) or _IMAP.match(line)
        if hit is not None:
            words = hit[1].split() if line[:4].lower() != b"pass" else [hit[1]]
            for word in words:
                yield from _bare(word.strip(b'"'))
        elif _BASE64.match(line):
            yield from _bare(line)


def _bare(word: bytes) -> Iterator[bytes]:
    """A word, and what is in it if it is base64 of a SASL answer."""
    if word.lower() in NOBODY:
        return
    yield word
    try:
        plain = base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        return
    if plain.replace(b"\0", b"").isascii() and plain.replace(b"\0", b"").decode().isprintable():
        yield from filter(None, plain.split(b"\0"))


def _telnet(talk: Transcript) -> Iterator[bytes]:
    said = read_dialogue((i, turn.sender, turn.data) for i, turn in enumerate(talk.turns[:4096]))
    for reply in said.replies:
        if reply.asked in (Prompt.LOGIN, Prompt.PASSWORD) and reply.text:
            yield reply.text.encode("latin-1", "replace")


def _binary(talk: Transcript, client: bytes) -> Iterator[bytes]:
    """Logins in fields of binary protocols."""
    # The login is in what a client says first (MQTT 5.0 section 3.1).
    connects = client[:1] == _MQTT_CONNECT
    session = read_session(islice(talk.turns_of(0), _FIRST)) if connects else None
    if session is not None and session.connect is not None:
        yield (session.connect.username or "").encode()
        yield session.connect.password or b""
        yield session.connect.client_id.encode()
    if any(turn.data[:1] == _BER_SEQUENCE for turn in talk.turns[:2]):
        yield from _in_ber(talk)
    if not client.startswith(b"AMQP"):
        return
    turns = list(enumerate(talk.turns[:64]))
    for _, sender, method in overheard.framed(turns, amqp.take, _LONGEST):
        if sender != "client":
            continue
        response = b""
        if isinstance(method, amqp.Method) and method.number == amqp.START_OK:
            response = amqp.start_ok(method)[1]
        elif isinstance(method, amqp.SaslInit):
            response = method.response
        yield from filter(None, response.split(b"\0"))


def _in_ber(talk: Transcript) -> Iterator[bytes]:
    """Logins of SNMP and LDAP."""
    turns = list(enumerate(talk.turns[:64]))
    for _, _, message in overheard.framed(turns, snmp.take, _LONGEST):
        if message.community not in _EVERYBODYS:
            yield message.community
        yield message.user
    for _, sender, item in overheard.framed(turns, ldap.take, _LONGEST):
        if sender == "client" and isinstance(item, ldap.Bind):
            yield item.name
            yield from item.secret.split(b"\0")
