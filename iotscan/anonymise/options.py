"""Options in heads of packets: those that everybody sends stay; others may hold addresses (routes,
homes of mobile hosts, other paths of a connection) and become padding.
"""

from __future__ import annotations

_HOP_BY_HOP, _ROUTING, _AUTHENTICATION, _DESTINATION = 0, 43, 51, 60
_MOST_EXTENSIONS = 8
_ROUTER_ALERT, _JUMBO = 5, 0xC2
# RFC 9293, RFC 7323, RFC 2018: end, no operation, segment size, window scale, selective
# acknowledgement allowed and given, times.
_COMMON, _NOTHING = frozenset({2, 3, 4, 5, 8}), 1
# What most segments carry: two of no operation, and times.
_TIMES = b"\1\1\x08\x0a"


def tcp_options(options: bytes) -> bytes:
    """Those of TCP; the others become no operations."""
    if not options or (options[:4] == _TIMES and len(options) == 12):
        return options
    out, at = bytearray(options), 0
    while at < len(options) and options[at]:
        if options[at] == _NOTHING:
            at += 1
            continue
        size = options[at + 1] if at + 1 < len(options) else 0
        if options[at] not in _COMMON or size < 2:
            end = min(len(options), at + size) if size >= 2 else len(options)
            out[at:end] = bytes((_NOTHING,)) * (end - at)
        at += size if size >= 2 else len(options)
    out[at + 1 :] = bytes(max(0, len(options) - at - 1))
    return bytes(out)


def extensions(packet: bytes, kind: int) -> tuple[int, int, bytes]:
    """What follows the extension headers of an IPv6 packet, where, and what they become."""
    at, found = 40, b""
    for _ in range(_MOST_EXTENSIONS):
        if kind not in (_HOP_BY_HOP, _ROUTING, _AUTHENTICATION, _DESTINATION):
            break
        if at + 8 > len(packet):
            break
        words = packet[at + 1] * 4 + 8 if kind == _AUTHENTICATION else (packet[at + 1] + 1) * 8
        stop = min(len(packet), at + words)
        found += _extension(kind, packet[at:stop])
        kind, at = packet[at], stop
    return kind, at, found


def _extension(kind: int, header: bytes) -> bytes:
    if kind in (_ROUTING, _AUTHENTICATION):
        return header[:4] + bytes(len(header) - 4)
    out, at = bytearray(header), 2
    while at < len(header):
        if not header[at]:
            at += 1
            continue
        end = min(len(header), at + 2 + (header[at + 1] if at + 1 < len(header) else 0))
        if header[at] not in (_ROUTER_ALERT, _JUMBO):
            out[at:end] = bytes(end - at)
        at = end
    return bytes(out)
