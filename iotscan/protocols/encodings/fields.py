"""Fields of a message's head, a line each: what HTTP brought up and RTSP, SIP and SSDP took over.

RFC 9110 section 5, RFC 9112 section 5; as lenient as embedded devices need it.
"""

from __future__ import annotations

Headers = tuple[tuple[str, bytes], ...]


def parse_headers(block: bytes) -> Headers:
    """The fields of a head without its first line. Lines without a colon are passed over: some
    devices print debugging output there. A folded line joins the one before (RFC 9112 §5.2).
    """
    fields: list[tuple[str, bytes]] = []
    for line in block.split(b"\n"):
        if line[:1] in (b" ", b"\t") and fields:
            name, value = fields[-1]
            fields[-1] = (name, value + b" " + line.strip())
            continue
        raw, colon, value = line.partition(b":")
        if colon and (name := raw.strip().decode("utf-8", "backslashreplace").lower()):
            fields.append((name, value.strip()))
    return tuple(fields)


def first(headers: Headers, name: str) -> str:
    """The first value under a lower-case name, decoded as UTF-8 with the rest escaped; or ""."""
    for key, value in headers:
        if key == name:
            return value.decode("utf-8", "backslashreplace")
    return ""


class Headed:
    """A message with ``headers``: (lower-case name, value) in their order, repeated ones too."""

    __slots__ = ()
    headers: Headers

    def header(self, name: str) -> str:
        """The first value under a lower-case name, "" without one; clean it before use."""
        return first(self.headers, name)
