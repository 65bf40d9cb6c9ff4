"""MQTT: a control packet → its bytes. Raises Malformed for values that no packet can carry."""

from __future__ import annotations

from iotscan.errors import Malformed
from iotscan.protocols.mqtt import packets as mqtt
from iotscan.protocols.mqtt.wire import (
    Properties,
    encode_binary,
    encode_properties,
    encode_varint,
)


def encode(packet: mqtt.Packet, version: int = 4) -> bytes:
    """The whole packet for a session of this version (3, 4 or 5); CONNECT states its own."""
    match packet:
        case mqtt.Connect():
            return _framed(mqtt.CONNECT, 0, _connect(packet))
        case mqtt.Connack(code, present, properties):
            body = bytes((present, code)) + _properties(properties, version)
            return _framed(mqtt.CONNACK, 0, body)
        case mqtt.Publish():
            return _publish(packet, version)
        case mqtt.Acknowledgement(kind, packet_id, code, properties):
            body = _number(packet_id) + _outcome(code, properties, version)
            return _framed(kind, 2 if kind == mqtt.PUBREL else 0, body)
        case mqtt.Subscribe(packet_id, wanted, properties):
            listed = b"".join(encode_binary(name) + bytes((options,)) for name, options in wanted)
            body = _number(packet_id) + _properties(properties, version) + listed
            return _framed(mqtt.SUBSCRIBE, 2, body)
        case mqtt.Suback(packet_id, codes, properties):
            body = _number(packet_id) + _properties(properties, version) + bytes(codes)
            return _framed(mqtt.SUBACK, 0, body)
        case mqtt.Unsubscribe(packet_id, filters, properties):
            listed = b"".join(map(encode_binary, filters))
            body = _number(packet_id) + _properties(properties, version) + listed
            return _framed(mqtt.UNSUBSCRIBE, 2, body)
        case mqtt.Unsuback(packet_id, codes, properties):
            body = _number(packet_id) + _properties(properties, version) + bytes(codes)
            return _framed(mqtt.UNSUBACK, 0, body)
        case mqtt.Pingreq():
            return _framed(mqtt.PINGREQ, 0, b"")
        case mqtt.Pingresp():
            return _framed(mqtt.PINGRESP, 0, b"")
        case mqtt.Disconnect(code, properties):
            return _framed(mqtt.DISCONNECT, 0, _outcome(code, properties, version))
        case mqtt.Auth(code, properties):
            return _framed(mqtt.AUTH, 0, _outcome(code, properties, 5))


def _connect(packet: mqtt.Connect) -> bytes:
    flags = 0x02 if packet.clean else 0
    payload = encode_binary(packet.client_id)
    if packet.will is not None:
        will = packet.will
        flags |= 0x04 | will.qos << 3 | (0x20 if will.retain else 0)
        payload += _properties(will.properties, packet.version)
        payload += encode_binary(will.topic) + encode_binary(will.payload)
    if packet.username is not None:
        flags |= 0x80
        payload += encode_binary(packet.username)
    if packet.password is not None:
        flags |= 0x40
        payload += encode_binary(packet.password)
    name = encode_binary("MQIsdp" if packet.version == 3 else "MQTT")
    level = packet.version | (0x80 if packet.bridge else 0)
    head = name + bytes((level, flags)) + _number(packet.keep_alive)
    return head + _properties(packet.properties, packet.version) + payload


def _publish(packet: mqtt.Publish, version: int) -> bytes:
    flags = packet.duplicate << 3 | packet.qos << 1 | packet.retain
    body = encode_binary(packet.topic) + (_number(packet.packet_id) if packet.qos else b"")
    return _framed(
        mqtt.PUBLISH, flags, body + _properties(packet.properties, version) + packet.payload
    )


def _outcome(code: int, properties: Properties, version: int) -> bytes:
    if version < 5 or not (code or properties):
        return b""
    return bytes((code,)) + (encode_properties(properties) if properties else b"")


def _properties(properties: Properties, version: int) -> bytes:
    return encode_properties(properties) if version == 5 else b""


def _number(value: int) -> bytes:
    if not 0 <= value <= 0xFFFF:
        raise Malformed(f"{value} does not fit two bytes of an MQTT packet")
    return value.to_bytes(2, "big")


def _framed(kind: int, flags: int, body: bytes) -> bytes:
    return bytes((kind << 4 | flags,)) + encode_varint(len(body)) + body
