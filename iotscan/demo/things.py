"""A small CoAP server: resources that are read with GET, listed under /.well-known/core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from iotscan.demo.host import Answer
from iotscan.errors import Malformed
from iotscan.protocols.coap import codec as coap

NOT_FOUND, METHOD_NOT_ALLOWED, UNAUTHORISED = 0x84, 0x85, 0x81
CONTENT_FORMAT, TEXT, LINKS = 12, b"", b"\x28"


@dataclass(frozen=True)
class Thing:
    """A resource: what GET gives, None where it wants a key; ``attributes`` as in the list."""

    value: str | None
    attributes: str = ""


def things(resources: Mapping[str, Thing], *, listed: bool = True) -> Answer:
    """Answers to datagrams on port 5683. RFC 7252; the list is RFC 6690."""
    links = ",".join(f"<{path}>{thing.attributes}" for path, thing in resources.items())
    table = dict(resources)
    table["/.well-known/core"] = Thing(links if listed else None)

    def answer(data: bytes) -> Iterator[bytes]:
        try:
            request = coap.decode(data)
        except Malformed:
            return
        if not request.is_request:
            if request.type is coap.Type.CON and request.code == 0:  # a ping: section 4.3
                yield coap.encode(coap.Message(0, coap.Type.RST, request.mid))
            return
        code, payload = _answered(request, table)
        path = request.path
        options = ((CONTENT_FORMAT, LINKS if path == "/.well-known/core" else TEXT),)
        kind = coap.Type.ACK if request.type is coap.Type.CON else coap.Type.NON
        reply = coap.Message(
            code, kind, request.mid, request.token, options if payload else (), payload
        )
        yield coap.encode(reply)

    return answer


def _answered(request: coap.Message, table: Mapping[str, Thing]) -> tuple[int, bytes]:
    thing = table.get(request.path.partition("?")[0])
    if thing is None:
        return NOT_FOUND, b""
    if request.code != coap.GET:
        return METHOD_NOT_ALLOWED, b""
    return (UNAUTHORISED, b"") if thing.value is None else (coap.CONTENT, thing.value.encode())
