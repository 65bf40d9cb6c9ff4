"""NTLM inside telnet's authentication option, as Windows servers have it. Pure.

Source: RFC 2941 section 2 (AUTHENTICATION), MS-TNAP section 2.2.2 (IS and REPLY).
"""

from __future__ import annotations

from collections.abc import Iterable

from iotscan.errors import Malformed
from iotscan.protocols.logins import ntlm
from iotscan.protocols.logins.ntlm import Challenge
from iotscan.protocols.telnet import codec as telnet

_IS, _REPLY, _NTLM_TYPE, _NEGOTIATE = 0, 2, 0x0F, 0
_TOKEN = (2).to_bytes(4, "little")  # NTLM_BufferType: SECBUFFER_TOKEN


def ntlm_request() -> telnet.Subnegotiation:
    """The IS command that asks for a challenge."""
    message = ntlm.negotiate()
    head = bytes((_IS, _NTLM_TYPE, 0, _NEGOTIATE)) + len(message).to_bytes(4, "little") + _TOKEN
    return telnet.Subnegotiation(telnet.AUTHENTICATION, head + message)


def challenge_in(events: Iterable[telnet.Event]) -> Challenge | None:
    """What a server said of itself in the first REPLY that holds a challenge; None without one."""
    for event in events:
        if not isinstance(event, telnet.Subnegotiation) or event.option != telnet.AUTHENTICATION:
            continue
        start = event.data.find(ntlm.SIGNATURE)
        if event.data[:2] != bytes((_REPLY, _NTLM_TYPE)) or start < 0:
            continue
        try:
            return ntlm.parse_challenge(event.data[start:])
        except Malformed:
            continue
    return None
