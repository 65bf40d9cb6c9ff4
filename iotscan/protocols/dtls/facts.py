"""What DTLS handshakes establish, as the words that rules use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from iotscan.model import Fact
from iotscan.protocols.dtls.codec import Flight, in_clear, parse_client, parse_server
from iotscan.protocols.tls.hello import DTLS10, ClientHello, version_name
from iotscan.protocols.tls.offers import RANDOM
from iotscan.protocols.tls.suites import suite
from iotscan.text import clean

Facts = dict[str, Fact]
# A flight with a chain in small datagrams; what follows it proves nothing more.
_MOST_INDEXES = 32
# An error of its own, or a farewell, does not decline what was offered.
_NO_ANSWER = frozenset({"internal_error", "user_canceled", "close_notify"})


@dataclass(frozen=True, slots=True)
class Handshake:
    """One exchange of datagrams. ``hellos``: what the client sent, the one without cookie first.

    ``asked_bytes`` and ``answered_bytes``: what the client had sent before it could have proved
    its address, and what the server sent in return. ``indexes``: the caller's, of what both said
    in clear.
    """

    hellos: tuple[ClientHello, ...]
    flight: Flight
    asked_bytes: int
    answered_bytes: int
    indexes: tuple[int, ...]

    @property
    def ours(self) -> bool:
        return bool(self.hellos) and self.hellos[0].random == RANDOM

    @property
    def cookie_demanded(self) -> bool | None:
        """Whether the server made the client prove its address first; None when not seen."""
        if self.flight.cookie is not None:
            return True
        # Without the first hello in sight, the cookie may have been exchanged before.
        answered = self.flight.hello is not None
        return False if answered and self.hellos and not self.hellos[0].cookie else None


def put_together(
    parts: Sequence[tuple[int, bool, bytes]], *, captured: bool = False
) -> Handshake | None:
    """The handshake in datagrams given as (index, whether the client said it, bytes).

    None when the server said nothing that is DTLS. Never raises.
    """
    said = [data for _, client, data in parts if client]
    heard = [data for _, client, data in parts if not client]
    flight = parse_server(heard, captured=captured)
    if flight.cookie is None and flight.hello is None and flight.alert is None:
        return None
    hellos = parse_client(said)
    # Up to the client's next words after the first answer, its address was not proved.
    first = next((i for i, (_, client, _) in enumerate(parts) if not client), len(parts))
    rest = parts[first:]
    end = next((i for i, (_, client, _) in enumerate(rest) if client), len(rest))
    asked = sum(len(data) for _, client, data in parts[:first] if client)
    answered = sum(len(data) for _, _, data in rest[:end])
    proving = [index for index, client, data in parts if in_clear(data, alerts=not client)]
    return Handshake(hellos, flight, asked, answered, tuple(proving[:_MOST_INDEXES]))


def service(one: Handshake) -> Facts:
    """What was agreed on, and what the server showed of itself without any key."""
    flight = one.flight
    found: Facts = {"captured": not one.ours}
    if one.cookie_demanded is not None:
        found["cookie"] = one.cookie_demanded
    if one.hellos and one.asked_bytes and one.answered_bytes:
        found["request_bytes"], found["response_bytes"] = one.asked_bytes, one.answered_bytes
        found["ratio"] = round(one.answered_bytes / one.asked_bytes, 1)
    if flight.alert is not None and flight.hello is None:
        found["refusal"] = flight.alert.name
    if flight.client_certificate_requested is not None:
        found["client_certificate_requested"] = flight.client_certificate_requested
    if flight.finished and flight.hello is not None:
        found["certificate"] = bool(flight.chain)
    return found | _agreed(flight)


def _agreed(flight: Flight) -> Facts:
    if flight.hello is None or flight.hello.suite is None:
        return {}
    known = suite(flight.hello.suite)
    found: Facts = {
        "version": version_name(flight.hello.version),
        "cipher": known.name,
        "weak": bool(known.weaknesses),
        "weaknesses": tuple(sorted(known.weaknesses)),
        "forward_secrecy": known.forward_secrecy,
        "psk": "PSK" in known.key_exchange,
        "compression": flight.hello.compression != 0,
    }
    if flight.psk_hint is not None:
        found["psk_hint"] = bool(flight.psk_hint)
        if flight.psk_hint:
            found["psk_identity_hint"] = clean(flight.psk_hint)
    exchange = flight.key_exchange
    if exchange is not None and exchange.bits:
        found["key_exchange_bits"] = exchange.bits
    if exchange is not None and exchange.group:
        found["group"] = exchange.group
    return found


def versions(one: Handshake, taken: Collection[int] = ()) -> list[Facts]:
    """One for each version this handshake decides: the one chosen, and those declined by it.

    ``taken``: versions that the server chose in any handshake; a refusal of one is of something
    else in the hello.
    """
    flight, offered = one.flight, one.hellos[0].highest if one.hellos else None
    if flight.hello is not None:
        chosen = flight.hello.version
        found: list[Facts] = [{"version": version_name(chosen), "accepted": True}]
        # DTLS counts downwards; a server chooses the newest it has, RFC 5246 appendix E.1.
        if one.ours and offered is not None and offered < chosen <= DTLS10:
            refusal = f"chose {version_name(chosen)}"
            found.append({"version": version_name(offered), "accepted": False, "refusal": refusal})
        return found
    if one.ours and offered not in (None, *taken) and flight.alert is not None:
        assert offered is not None
        facts: Facts = {"version": version_name(offered), "refusal": flight.alert.name}
        if flight.alert.name not in _NO_ANSWER:
            facts["accepted"] = False
        return [facts]
    return []
