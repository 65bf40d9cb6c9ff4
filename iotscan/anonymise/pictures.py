"""What is seen and heard in conversations that are kept: pictures, films and sound become zeroes.

Their first bytes stay, so that it can be told what they were.
"""

from __future__ import annotations

import re

_STAYS = 16
_HEAD = re.compile(
    rb"(?i)content-type:[ \t]*(?:image|video|audio)/[^\r\n]{0,256}\r\n(?:[^\r\n]+\r\n)*\r\n"
)
# Where a body ends at the latest: at the next answer, or the next part of a multipart.
_NEXT = re.compile(rb"HTTP/1\.[01] \d\d\d|\r\n--")
_LENGTH = re.compile(rb"(?i)content-length:[ \t]*(\d{1,8})")
_JPEG, _PNG, _PNG_END = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"IEND\xae\x42\x60\x82"
_SCAN, _END = 0xDA, b"\xff\xd9"
_RTP_HEAD = 12


def blanked(data: bytes) -> bytes:
    """What one side of a conversation said, without what is in its pictures, films and sound."""
    out = bytearray(data)
    for hit in _HEAD.finditer(data) if b"content-type" in data.lower() else ():
        after = _NEXT.search(data, hit.end())
        _clear(out, hit.end() + _STAYS, after.start() if after else len(data))
    at = 0
    while (at := data.find(_JPEG, at)) >= 0:
        end = _jpeg_end(data, at)
        _clear(out, at + _STAYS, end)
        at = max(end, at + 1)
    at = 0
    while (at := data.find(_PNG, at)) >= 0:
        end = data.find(_PNG_END, at)
        _clear(out, at + _STAYS, len(data) if end < 0 else end)
        at += len(_PNG)
    if b"RTSP/1." in data[:4096]:
        _interleaved(data, out)
    return bytes(out)


def _clear(out: bytearray, begin: int, end: int) -> None:
    if begin < end:
        out[begin:end] = bytes(end - begin)


def _jpeg_end(data: bytes, at: int) -> int:
    """Where a JPEG ends: its segments have lengths, and thumbnails lie inside them."""
    at += 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], data[at + 2] << 8 | data[at + 3]
        at += 2 + length
        if kind == _SCAN:
            end = data.find(_END, at)
            return len(data) if end < 0 else end
    return min(at, len(data))


def _interleaved(data: bytes, out: bytearray) -> None:
    """Media between the messages of RTSP: RFC 2326 section 10.12."""
    at = 0
    while at + 4 <= len(data):
        if data[at] == 0x24:
            end = at + 4 + (data[at + 2] << 8 | data[at + 3])
            _clear(out, at + 4 + _RTP_HEAD, min(end, len(data)))
            at = end
            continue
        head = data.find(b"\r\n\r\n", at)
        if head < 0:
            return
        length = _LENGTH.search(data, at, head)
        at = head + 4 + (int(length[1]) if length else 0)
