"""Whether what a server says first is telnet: options and prompts, and no other greeting."""

from __future__ import annotations

import re

from iotscan.protocols.logins import dialogue as login_text
from iotscan.protocols.logins.dialogue import Prompt
from iotscan.protocols.telnet import codec as telnet

# What moves the cursor of a terminal: NUL, BEL, BS, HT, LF, VT, FF, CR, ESC.
MOVES = b"\0\a\b\t\n\v\f\r\x1b"
# A session that opens like telnet may carry anything later on.
_OPENING_BYTES = 64
# Other protocols' greetings that could look like text with a prompt.
_OTHERS = re.compile(
    rb"\s*(?:SSH-|HTTP/|RTSP/|SIP/|RFB |\+OK|-ERR|\* (?:OK|BYE|PREAUTH)|[1-5]\d\d[ -]|@RSYNCD|<|\{)"
)


def is_telnet(heard: bytes) -> bool:
    """Option negotiation among nothing but text, or text that ends in a login prompt."""
    if _OTHERS.match(heard):
        return False
    if _negotiates(heard[:_OPENING_BYTES]) or _negotiates(heard):
        return True
    asked = login_text.prompt_of(login_text.plain(heard))
    return asked in (Prompt.LOGIN, Prompt.PASSWORD) and readable(heard)


def may_be_telnet(heard: bytes) -> bool:
    """Whether at its own port it is telnet: any text that is no other protocol's greeting."""
    if _OTHERS.match(heard):
        return False
    text = telnet.text_of(telnet.decode(heard))
    return is_telnet(heard) or bool(text.strip(MOVES + b" ") and readable(text))


def readable(text: bytes) -> bool:
    """Whether these are no control bytes but those that move a cursor."""
    return not any(byte < 0x20 and byte not in MOVES for byte in text)


def _negotiates(heard: bytes) -> bool:
    """Whether a known option is negotiated, and all the rest is text for a terminal."""
    events = telnet.decode(heard)
    options = (e for e in events if isinstance(e, telnet.Negotiation | telnet.Subnegotiation))
    first = next(options, None)
    known = first is not None and first.option in telnet.OPTIONS
    return known and readable(telnet.text_of(events))
