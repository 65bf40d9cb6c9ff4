"""What an MQTT session establishes, in the words that rules use. Pure.

A word that is missing from a result is not known; nothing is assumed where nothing was said, but
for the defaults that MQTT 5.0 section 3.2.2.3 gives to properties a server leaves out.
"""

from __future__ import annotations

from iotscan.model import Fact, Kind, Outcome
from iotscan.protocols.mqtt import packets
from iotscan.protocols.mqtt.session import Session, Subscription
from iotscan.text import clean

Facts = dict[str, Fact]

_REFUSED = 0x80
# Property → (fact, what MQTT 5.0 says of a server that does not state it).
_NUMBERS = {
    "receive_maximum": 65_535,
    "maximum_qos": 2,
    "topic_alias_maximum": 0,
}
_SWITCHES = {
    "retain_available": "retain_available",
    "wildcard_subscription_available": "wildcard_available",
    "shared_subscription_available": "shared_available",
    "subscription_identifiers_available": "identifiers_available",
}
_STATED_NUMBERS = {
    "maximum_packet_size": "maximum_packet_size",
    "server_keep_alive": "server_keep_alive",
    "session_expiry_interval": "session_expiry",
}
_STATED_TEXTS = {
    "server_reference": "server_reference",
    "response_information": "response_information",
}


def session_facts(session: Session, *, closed: bool = False) -> Facts:
    """How the connection began. ``closed``: the server ended it before we did.

    ``usable`` is proven by any answer after CONNACK, and disproven by a DISCONNECT or a close
    without one.
    """
    facts: Facts = {"websocket": session.websocket}
    if session.version is not None:
        facts["version"] = packets.VERSIONS[session.version]
    if session.connect is not None:
        facts["anonymous"] = session.connect.anonymous
        facts["client_id"] = clean(session.connect.client_id)
        if session.connect.authentication_method:
            facts["auth_method"] = clean(session.connect.authentication_method)
    if session.connack is None:
        return facts
    code = session.connack.code
    facts |= {"accepted": code == 0, "code": code}
    if code in packets.REASONS:
        facts["reason"] = packets.REASONS[code]
    if code == 0 and (session.later or session.farewell or closed):
        facts["usable"] = bool(session.later)
    return facts


def outcome_of(answer: packets.Connack | None) -> Outcome:
    """What a CONNACK, or the lack of one, says of the login that the CONNECT carried."""
    if answer is None:
        return Outcome.UNCLEAR
    if answer.code == 0:
        return Outcome.ACCEPTED
    if answer.code in packets.THROTTLED:
        return Outcome.LOCKED
    return Outcome.REFUSED if answer.code in packets.UNAUTHORISED else Outcome.UNCLEAR


def credentials_facts(session: Session) -> Facts | None:
    """The user name that a CONNECT carried and what came of it; None when it carried none."""
    connect = session.connect
    if connect is None or connect.username is None:
        return None
    facts: Facts = {
        "password_seen": connect.password is not None,
        "outcome": "unknown",
    }
    if session.connack is not None:
        facts["outcome"] = "refused" if session.connack.code else "accepted"
        facts["code"] = session.connack.code
    if connect.username:
        facts["username"] = clean(connect.username)
    return facts


def limits_facts(session: Session) -> Facts | None:
    """What a version 5 server allows its clients; None unless it accepted one."""
    connack = session.connack
    if session.version != 5 or connack is None or connack.code:
        return None
    stated = {item.name: item.value for item in connack.properties}
    facts: Facts = {}
    for name, usual in _NUMBERS.items():
        facts[name] = _number(stated.get(name), usual)
    for name, word in _SWITCHES.items():
        facts[word] = _number(stated.get(name), 1) == 1
    for name, word in _STATED_NUMBERS.items():
        if name in stated:
            facts[word] = _number(stated[name], 0)
    for name, word in _STATED_TEXTS.items():
        if name in stated:
            facts[word] = clean(str(stated[name]))
    facts["packet_size_limited"] = "maximum_packet_size" in stated
    return facts


def subscription_facts(session: Session, subscription: Subscription) -> Facts | None:
    """What SUBACK said of one filter; None when it said nothing.

    ``granted`` is left out for MQTT 3.1, whose servers have no way to refuse.
    """
    if subscription.code is None:
        return None
    facts: Facts = {"filter": clean(subscription.filter), "code": subscription.code}
    if session.version != 3:
        facts["granted"] = subscription.code < _REFUSED
    if session.connect is not None:
        facts["anonymous"] = session.connect.anonymous
    return facts


def traffic_facts(session: Session, *, most_messages: int, most_octets: int) -> Facts | None:
    """How much was heard; None when nobody was to hear anything, and only what the client
    published when it was not listening.

    Topics that begin with ``$`` are the broker's own and are counted apart: ``#`` does not cover
    them. ``capped``: listening stopped at a limit, or inside a message, so there is more.
    """
    granted = [s.filter for s in session.subscriptions if s.code is not None and s.code < _REFUSED]
    if not granted and not session.messages:
        return None
    heard = [m.packet for m in session.messages if m.sender == "server"]
    facts: Facts = {
        "filters": tuple(map(clean, granted)),
        "published": len(session.messages) - len(heard),
    }
    if session.connect is not None:
        facts["anonymous"] = session.connect.anonymous
    if not granted and not heard:
        return facts
    system = [packet for packet in heard if packet.topic.startswith("$")]
    others = [packet for packet in heard if not packet.topic.startswith("$")]
    octets = sum(len(packet.payload) for packet in heard)
    return facts | {
        "topics": len({packet.topic for packet in others}),
        "messages": len(others),
        "retained": sum(packet.retain for packet in others),
        "system_topics": len({packet.topic for packet in system}),
        "octets": octets,
        "capped": session.cut or len(heard) >= most_messages or octets >= most_octets,
        "seconds": session.sampled,
    }


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


KINDS = (
    Kind(
        "mqtt.session",
        {
            "version": str,
            "anonymous": bool,
            "accepted": bool,
            "usable": bool,
            "code": int,
            "reason": str,
            "encrypted": bool,
            "websocket": bool,
            "client_id": str,
            "auth_method": str,
        },
        "A client spoke MQTT with this broker; usable: it was still served after CONNACK.",
    ),
    Kind(
        "mqtt.client",
        {"client_id": str},
        "A client of MQTT was overheard telling a broker its identifier.",
    ),
    Kind(
        "mqtt.publisher",
        {"product": str},
        "A client of MQTT was overheard publishing to topics that only this product publishes to.",
    ),
    Kind(
        "mqtt.credentials",
        {
            "username": str,
            "password_seen": bool,
            "outcome": str,
            "code": int,
            "encrypted": bool,
        },
        "Another client's CONNECT carried a user name; outcome: accepted, refused or unknown.",
    ),
    Kind(
        "mqtt.login",
        {
            "accepted": bool,
            "login": str,
            "username": str,
            "control_accepted": bool,
            "accepts_anything": bool,
            "attempts": int,
            "locked_out": bool,
            "encrypted": bool,
        },
        "Well-known logins were tried; control_accepted: a random pair was let in as well.",
    ),
    Kind(
        "mqtt.subscribe",
        {
            "filter": str,
            "granted": bool,
            "code": int,
            "anonymous": bool,
            "encrypted": bool,
        },
        "SUBACK answered for a topic filter; a grant alone does not prove that anything is sent.",
    ),
    Kind(
        "mqtt.traffic",
        {
            "filters": tuple,
            "topics": int,
            "messages": int,
            "retained": int,
            "system_topics": int,
            "published": int,
            "octets": int,
            "capped": bool,
            "seconds": float,
            "anonymous": bool,
            "encrypted": bool,
        },
        "What a subscriber really heard; topics and messages leave out the broker's own ($…).",
    ),
    Kind(
        "mqtt.secret",
        {
            "topic": str,
            "kind": str,
            "retained": bool,
            "sender": str,
            "anonymous": bool,
            "encrypted": bool,
        },
        "A message looks as if it held a secret or a position; the value is not repeated.",
    ),
    Kind(
        "mqtt.personal",
        {"kind": str, "topic": str, "encrypted": bool},
        "A message that was overheard holds personal data, by patterns. kind: of data, not its"
        " value.",
    ),
    Kind("mqtt.broker", {"product": str, "version": str}, "The broker told its software."),
    Kind(
        "mqtt.ecosystem",
        {"product": str, "version": str, "topic": str, "topics": int},
        "Topics that this product uses by default are in use; topic is one of them.",
    ),
    Kind(
        "mqtt.limits",
        {
            "receive_maximum": int,
            "maximum_qos": int,
            "topic_alias_maximum": int,
            "retain_available": bool,
            "wildcard_available": bool,
            "shared_available": bool,
            "identifiers_available": bool,
            "maximum_packet_size": int,
            "packet_size_limited": bool,
            "server_keep_alive": int,
            "session_expiry": int,
            "server_reference": str,
            "response_information": str,
        },
        "A broker accepted MQTT 5.0 and stated what its clients may do.",
    ),
    Kind(
        "mqtt.certificate",
        {"requested": bool, "required": bool},
        "The broker's TLS asked for a client certificate; required: it served nobody without.",
    ),
)
