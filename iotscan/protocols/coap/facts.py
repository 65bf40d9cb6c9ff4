"""What CoAP exchanges establish, as (kind of observation, facts, indexes of the evidence).

Text is as the device sent it; the caller cleans it. A fact that was not established is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind
from iotscan.protocols.coap import resources as coap_resources
from iotscan.protocols.coap.codec import (
    CONTENT,
    FORBIDDEN,
    GET,
    METHOD_NOT_ALLOWED,
    OSCORE,
    UNAUTHORIZED,
    WRITES,
    code_name,
)
from iotscan.protocols.coap.exchange import Body, Exchange, assemble
from iotscan.protocols.coap.linkformat import Link, parse

CORE = "/.well-known/core"
# Device id of Shelly's CoIoT, an option of every answer ("SHSW-1#A020A6146209#2").
COIOT_DEVICE = 3332
_REFUSALS = frozenset({UNAUTHORIZED, FORBIDDEN})
# Enough to see what a device is; longer lists stay in the transcript.
_MOST_SHOWN = 32

KINDS = (
    Kind(
        "coap.service",
        {"transport": str, "cleartext": bool, "answered": bool, "role": str},
        "CoAP is spoken here; role is server or client, answered is about requests to it.",
    ),
    Kind(
        "coap.discovery",
        {
            "open": bool,
            "code": str,
            "resources": int,
            "bytes": int,
            "complete": bool,
            "paths": tuple,
            "implementation": str,
        },
        "The list of resources was asked for; open: it was given. paths: the first of them;"
        " implementation: where it links for its software.",
    ),
    Kind(
        "coap.resource",
        {
            "path": str,
            "readable": bool,
            "code": str,
            "content_format": int,
            "bytes": int,
            "advertised": bool,
            "looks_personal": bool,
            "personal_kind": str,
            "resource_type": str,
            "title": str,
            "action": str,
        },
        "A resource was read without any key, or refused; one with action is not read by us.",
    ),
    Kind(
        "coap.writable",
        {"path": str, "inferred_from": str},
        "A resource looks writable by anyone; nothing was written to find out.",
    ),
    Kind(
        "coap.amplification",
        {
            "path": str,
            "request_bytes": int,
            "response_bytes": int,
            "ratio": float,
            "block_size": int,
        },
        "The largest answer to one UDP datagram; bytes without the headers of IP and UDP.",
    ),
    Kind(
        "coap.security",
        {"oscore_advertised": bool, "edhoc_advertised": bool, "oscore_used": bool},
        "What the list of resources, or messages seen, say of object security.",
    ),
    Kind(
        "coap.observe",
        {"path": str, "granted": bool},
        "A client without any key asked to be notified of changes of a resource.",
    ),
    Kind(
        "coap.platform",
        {"name": str, "because": str, "device": str},
        "The resources, or an option of every answer, are those of a known platform.",
    ),
)

Row = tuple[str, dict[str, Fact], tuple[int, ...]]


def discovered(exchanges: Sequence[Exchange]) -> tuple[tuple[Link, ...], Body | None]:
    """(links, body) of the resource list; () when there is none or it is not a list of links."""
    body = assemble(exchange for exchange in exchanges if exchange.request.path == CORE)
    try:
        return (() if body is None else parse(body.payload)), body
    except Malformed:
        return (), body


def rows(exchanges: Sequence[Exchange]) -> Iterator[Row]:
    """Everything these exchanges with one server establish."""
    links, body = discovered(exchanges)
    yield from _discovery(exchanges, links, body)
    yield from _resources(exchanges, links, body)
    yield from _writable(exchanges, links, body)
    yield from _security(exchanges, links, body)
    yield from _observe(exchanges)
    yield from _platform(exchanges, links, body)


def amplification(exchanges: Sequence[Exchange]) -> Iterator[Row]:
    """The largest answer to one GET datagram by its size, UDP payloads only."""
    answered = [e for e in exchanges if e.request.code == GET and e.response is not None]
    if not answered:
        return
    worst = max(answered, key=lambda e: e.response.size / e.request.size if e.response else 0)
    response = worst.response
    assert response is not None
    facts: dict[str, Fact] = {
        "path": worst.request.path,
        "request_bytes": worst.request.size,
        "response_bytes": response.size,
        "ratio": round(response.size / worst.request.size, 1),
    }
    if response.block2 is not None:
        facts["block_size"] = response.block2.size
    yield "coap.amplification", facts, (worst.asked, worst.answered)


def _discovery(
    exchanges: Sequence[Exchange], links: Sequence[Link], body: Body | None
) -> Iterator[Row]:
    asked = [e for e in exchanges if e.request.path == CORE and e.response is not None]
    if not asked or asked[0].response is None:
        return
    code, indexes = asked[0].response.code, (asked[0].asked, asked[0].answered)
    if body is None:
        yield "coap.discovery", {"open": False, "code": code_name(code)}, indexes
        return
    facts: dict[str, Fact] = {
        "code": code_name(code),
        "bytes": len(body.payload),
        "complete": body.complete,
    }
    # What is neither links nor empty is no list, and says nothing about one.
    if links or not body.payload.strip():
        facts |= {"open": bool(links), "resources": len(links)}
        facts["paths"] = tuple(link.target for link in links[:_MOST_SHOWN])
    # draft-bormann-t2trg-rel-impl: a link to what the server runs.
    software = next((link.target for link in links if link.get("rel") == "impl-info"), "")
    if software:
        facts["implementation"] = software
    yield "coap.discovery", facts, body.indexes


def _resources(
    exchanges: Sequence[Exchange], links: Sequence[Link], body: Body | None
) -> Iterator[Row]:
    """What was read and how it was answered, and what is not to be read because of its name."""
    by_path = {link.path: link for link in links if link.path}
    seen = {CORE}
    for exchange in exchanges:
        path, response = exchange.request.path, exchange.response
        if exchange.request.code != GET or response is None or path in seen:
            continue
        seen.add(path)
        link = by_path.get(path)
        facts = _described(path, link)
        facts |= {"code": code_name(response.code), "advertised": link is not None}
        if response.code == CONTENT:
            facts |= {"readable": True, "bytes": len(response.payload)}
        elif response.code in _REFUSALS:
            facts["readable"] = False
        if response.content_format is not None:
            facts["content_format"] = response.content_format
        yield "coap.resource", facts, (exchange.asked, exchange.answered)
    for path, link in by_path.items():
        if path not in seen and coap_resources.action(path) and body is not None:
            yield "coap.resource", _described(path, link) | {"advertised": True}, body.indexes


def _described(path: str, link: Link | None) -> dict[str, Fact]:
    kind = coap_resources.personal(path, link)
    facts: dict[str, Fact] = {"path": path, "looks_personal": bool(kind)}
    if kind:
        facts["personal_kind"] = kind
    if reason := coap_resources.action(path):
        facts["action"] = reason
    if link is not None and link.resource_types:
        facts["resource_type"] = " ".join(link.resource_types)
    if link is not None and link.title:
        facts["title"] = link.title
    return facts


def _writable(
    exchanges: Sequence[Exchange], links: Sequence[Link], body: Body | None
) -> Iterator[Row]:
    """Resources that look writable for anybody: changes that were seen to be accepted, then what
    descriptions say. A resource that refuses to be read is left out.
    """
    written = {e.request.path: e for e in reversed(exchanges) if _accepted_write(e)}
    for path, exchange in written.items():
        because = f"{WRITES[exchange.request.code]} was accepted"
        yield _inference(path, because, (exchange.asked, exchange.answered))
    asked = [e for e in reversed(exchanges) if e.request.code == GET and e.response is not None]
    reads = {e.request.path: e for e in asked}
    listed = () if body is None else body.indexes
    for link in {link.path: link for link in links if link.path}.values():
        read = reads.get(link.path)
        code = 0 if read is None or read.response is None else read.response.code
        because = coap_resources.writable(link)
        if code == METHOD_NOT_ALLOWED and not because:
            because = "it does not take GET (4.05)"
        if because and code not in _REFUSALS and link.path not in written:
            indexes = listed if read is None else (*listed, read.answered)
            yield _inference(link.path, because, indexes)


def _accepted_write(exchange: Exchange) -> bool:
    response = exchange.response
    changes = exchange.request.code in WRITES and not exchange.request.has(OSCORE)
    return changes and response is not None and response.code >> 5 == 2


def _inference(path: str, because: str, indexes: tuple[int, ...]) -> Row:
    return "coap.writable", {"path": path, "inferred_from": because}, indexes


def _security(
    exchanges: Sequence[Exchange], links: Sequence[Link], body: Body | None
) -> Iterator[Row]:
    facts: dict[str, Fact] = {}
    for word, offered in (
        ("oscore_advertised", coap_resources.oscore(links)),
        ("edhoc_advertised", coap_resources.edhoc(links)),
    ):
        # That something is not offered is known only from a whole list.
        if offered or (links and body is not None and body.complete):
            facts[word] = offered
    indexes = body.indexes if body is not None else ()
    used = [e for e in exchanges if e.request.has(OSCORE)]
    if used:
        facts["oscore_used"] = True
        indexes += (used[0].asked,)
    if facts:
        yield "coap.security", facts, indexes


def _observe(exchanges: Sequence[Exchange]) -> Iterator[Row]:
    for exchange in exchanges:
        response = exchange.response
        if exchange.request.observe != 0 or response is None:
            continue
        granted = response.code == CONTENT and response.observe is not None
        facts: dict[str, Fact] = {"path": exchange.request.path, "granted": granted}
        yield "coap.observe", facts, (exchange.asked, exchange.answered)


def _platform(
    exchanges: Sequence[Exchange], links: Sequence[Link], body: Body | None
) -> Iterator[Row]:
    name, because = coap_resources.platform(links)
    if name and body is not None:
        yield "coap.platform", {"name": name, "because": because}, body.indexes
    for exchange in exchanges:
        response = exchange.response
        device = next(response.values(COIOT_DEVICE), b"") if response is not None else b""
        if device:
            facts: dict[str, Fact] = {
                "name": "Shelly CoIoT",
                "because": f"option {COIOT_DEVICE}",
                "device": device.decode("utf-8", "backslashreplace"),
            }
            yield "coap.platform", facts, (exchange.answered,)
            return
