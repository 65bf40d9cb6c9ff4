"""MQTT: the body of a control packet → the packet. Raises Malformed only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from iotscan.errors import Malformed
from iotscan.protocols.mqtt import packets as mqtt
from iotscan.protocols.mqtt.wire import Cursor

_NAMES = {3: "MQIsdp", 4: "MQTT", 5: "MQTT"}
_BRIDGE = 0x80  # set in the protocol level by bridging brokers: no standard, but in wide use


def decode_body(kind: int, flags: int, body: bytes, version: int) -> mqtt.Packet:
    """The packet of type ``kind`` (1 to 15) in a session of this version (3, 4 or 5).

    CONNECT states its own version and CONNACK shows its by its length, so both are read whatever
    ``version`` says. Raises Malformed.
    """
    cursor = Cursor(body)
    if kind == mqtt.PUBLISH:
        packet: mqtt.Packet = _publish(cursor, flags, version)
    elif mqtt.PUBACK <= kind <= mqtt.PUBCOMP:
        packet = _acknowledgement(cursor, kind, version)
    elif kind in _DECODERS:
        packet = _DECODERS[kind](cursor, version)
    else:
        raise Malformed(f"MQTT has no packet type {kind}")
    cursor.end()
    return packet


def _connect(cursor: Cursor, _version: int) -> mqtt.Connect:
    name, level = cursor.text(), cursor.number(1)
    version = level & ~_BRIDGE
    if _NAMES.get(version) != name:
        raise Malformed("not the protocol name and level of an MQTT CONNECT")
    flags, keep_alive = cursor.number(1), cursor.number(2)
    if flags & 0x01:
        raise Malformed("MQTT CONNECT sets the reserved flag")
    properties = cursor.properties() if version == 5 else ()
    client_id = cursor.text()
    will = _will(cursor, flags, version) if flags & 0x04 else None
    # MQTT 3.1 lets a client set these flags and yet end the packet before the fields.
    lenient = version == 3 and not cursor.left
    username = cursor.text() if flags & 0x80 and not lenient else None
    lenient = version == 3 and not cursor.left
    password = cursor.binary() if flags & 0x40 and not lenient else None
    return mqtt.Connect(
        version,
        client_id,
        bool(flags & 0x02),
        keep_alive,
        username,
        password,
        will,
        properties,
        bool(level & _BRIDGE),
    )


def begun_connect(body: bytes) -> mqtt.Connect | None:
    """What is proven by the beginning of a CONNECT that a capture cut; None where that is nothing.
    A user name that its flags tell of, and that is not all there, is empty.
    """
    cursor = Cursor(body)
    try:
        name, level, flags = cursor.text(), cursor.number(1), cursor.number(1)
        keep_alive = cursor.number(2)
    except Malformed:
        return None
    version = level & ~_BRIDGE
    if _NAMES.get(version) != name or flags & 0x01:
        return None
    client_id = username = ""
    with suppress(Malformed):
        if version == 5:
            cursor.properties()
        client_id = cursor.text()
        if flags & 0x04:
            _will(cursor, flags, version)
        username = cursor.text() if flags & 0x80 else ""
    named = username if flags & 0xC0 else None
    return mqtt.Connect(version, client_id, bool(flags & 0x02), keep_alive, named)


def _will(cursor: Cursor, flags: int, version: int) -> mqtt.Will:
    properties = cursor.properties() if version == 5 else ()
    topic, payload = cursor.text(), cursor.binary()
    return mqtt.Will(topic, payload, _qos(flags >> 3), bool(flags & 0x20), properties)


def _connack(cursor: Cursor, _version: int) -> mqtt.Connack:
    flags, code = cursor.number(1), cursor.number(1)
    if flags & ~0x01 or (flags and code):
        raise Malformed("MQTT CONNACK sets reserved flags")
    return mqtt.Connack(code, bool(flags), cursor.properties() if cursor.left else ())


def _publish(cursor: Cursor, flags: int, version: int) -> mqtt.Publish:
    topic = cursor.text()
    qos = _qos(flags >> 1)
    packet_id = _packet_id(cursor) if qos else 0
    properties = cursor.properties() if version == 5 else ()
    if any(sign in topic for sign in "+#"):
        raise Malformed("MQTT PUBLISH to a topic with a wildcard")
    if not topic and not any(p.name == "topic_alias" for p in properties):
        raise Malformed("MQTT PUBLISH without a topic")
    return mqtt.Publish(
        topic, cursor.rest(), qos, bool(flags & 1), bool(flags & 8), packet_id, properties
    )


def _acknowledgement(cursor: Cursor, kind: int, version: int) -> mqtt.Acknowledgement:
    packet_id = _packet_id(cursor)
    code = cursor.number(1) if version == 5 and cursor.left else 0
    properties = cursor.properties() if version == 5 and cursor.left else ()
    return mqtt.Acknowledgement(kind, packet_id, code, properties)


def _subscribe(cursor: Cursor, version: int) -> mqtt.Subscribe:
    packet_id = _packet_id(cursor)
    properties = cursor.properties() if version == 5 else ()
    filters = []
    while cursor.left:
        filters.append((_filter(cursor), cursor.number(1)))
    if not filters:
        raise Malformed("MQTT SUBSCRIBE without a filter")
    return mqtt.Subscribe(packet_id, tuple(filters), properties)


def _suback(cursor: Cursor, version: int) -> mqtt.Suback:
    packet_id = _packet_id(cursor)
    properties = cursor.properties() if version == 5 else ()
    if not cursor.left:
        raise Malformed("MQTT SUBACK without a code")
    return mqtt.Suback(packet_id, tuple(cursor.rest()), properties)


def _unsubscribe(cursor: Cursor, version: int) -> mqtt.Unsubscribe:
    packet_id = _packet_id(cursor)
    properties = cursor.properties() if version == 5 else ()
    filters = []
    while cursor.left:
        filters.append(_filter(cursor))
    if not filters:
        raise Malformed("MQTT UNSUBSCRIBE without a filter")
    return mqtt.Unsubscribe(packet_id, tuple(filters), properties)


def _unsuback(cursor: Cursor, version: int) -> mqtt.Unsuback:
    packet_id = _packet_id(cursor)
    if version < 5:
        return mqtt.Unsuback(packet_id)
    properties = cursor.properties()
    return mqtt.Unsuback(packet_id, tuple(cursor.rest()), properties)


def _pingreq(_cursor: Cursor, _version: int) -> mqtt.Pingreq:
    return mqtt.Pingreq()


def _pingresp(_cursor: Cursor, _version: int) -> mqtt.Pingresp:
    return mqtt.Pingresp()


def _disconnect(cursor: Cursor, version: int) -> mqtt.Disconnect:
    code = cursor.number(1) if version == 5 and cursor.left else 0
    return mqtt.Disconnect(code, cursor.properties() if version == 5 and cursor.left else ())


def _auth(cursor: Cursor, version: int) -> mqtt.Auth:
    if version < 5:
        raise Malformed("MQTT AUTH before version 5")
    code = cursor.number(1) if cursor.left else 0
    return mqtt.Auth(code, cursor.properties() if cursor.left else ())


def _qos(bits: int) -> int:
    if bits & 3 == 3:
        raise Malformed("MQTT quality of service 3 does not exist")
    return bits & 3


def _packet_id(cursor: Cursor) -> int:
    number = cursor.number(2)
    if not number:
        raise Malformed("MQTT packet identifier 0")
    return number


def _filter(cursor: Cursor) -> str:
    text = cursor.text()
    if not text:
        raise Malformed("MQTT topic filter is empty")
    return text


_DECODERS: dict[int, Callable[[Cursor, int], mqtt.Packet]] = {
    mqtt.CONNECT: _connect,
    mqtt.CONNACK: _connack,
    mqtt.SUBSCRIBE: _subscribe,
    mqtt.SUBACK: _suback,
    mqtt.UNSUBSCRIBE: _unsubscribe,
    mqtt.UNSUBACK: _unsuback,
    mqtt.PINGREQ: _pingreq,
    mqtt.PINGRESP: _pingresp,
    mqtt.DISCONNECT: _disconnect,
    mqtt.AUTH: _auth,
}
