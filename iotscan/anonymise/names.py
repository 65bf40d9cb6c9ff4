"""DNS and NetBIOS messages with their names and addresses replaced where they stand.

RFC 1035, RFC 6762 and RFC 4795 share a form; RFC 1002 puts names of 16 bytes into its labels.
"""

from __future__ import annotations

from ipaddress import IPv6Address

from iotscan.anonymise.book import Book
from iotscan.errors import Malformed

_A, _NS, _CNAME, _SOA, _PTR, _MX, _AAAA, _SRV, _NSEC = 1, 2, 5, 6, 12, 15, 28, 33, 47
# Record types whose data holds names: how many bytes stand before the first, and how many names.
_NAMED = {_NS: (0, 1), _CNAME: (0, 1), _PTR: (0, 1), _MX: (2, 1), _SRV: (6, 1), _SOA: (0, 2)}
_MOST, _BARE = 512, 16
_NIBBLES = b"ABCDEFGHIJKLMNOP"
_WORKGROUP_MASTER = b"\x01\x02__MSBROWSE__\x02"


def dns(data: bytes, book: Book) -> bytes | None:
    """The message, replaced; None where it is none, as far as its records tell."""
    return _message(data, book, netbios=False)


def netbios(data: bytes, book: Book) -> bytes | None:
    """A message of the NetBIOS name service, likewise."""
    return _message(data, book, netbios=True)


def _encoded_name(label: bytes, book: Book) -> bytes:
    """A NetBIOS name in its first-level encoding (RFC 1001 section 14.1), replaced."""
    if label.strip(_NIBBLES):
        return book.words.word(label)
    plain = bytes(
        (a - 65) << 4 | (b - 65) & 15 for a, b in zip(label[::2], label[1::2], strict=True)
    )
    name = plain[:15].rstrip(b" \0")
    if plain.startswith((b"*", _WORKGROUP_MASTER)) or not name:
        return label
    book.counts["names"] += 1
    new = book.words.word(name.lower()).upper() + plain[len(name) :]
    return bytes(part for byte in new for part in (65 + (byte >> 4), 65 + (byte & 15)))


def _message(data: bytes, book: Book, *, netbios: bool) -> bytes | None:
    if len(data) < 12:
        return None
    out = bytearray(data)
    counts = [int.from_bytes(data[at : at + 2], "big") for at in (4, 6, 8, 10)]
    if not any(counts) and len(data) <= _BARE:
        return data[:12] + bytes(len(data) - 12)  # it says by its head alone that it will not
    if sum(counts) > _MOST or not any(counts):
        return None
    done: set[int] = set()
    at = 12
    try:
        for _ in range(counts[0]):
            at = _name(data, out, at, book, done, netbios=netbios) + 4
    except (Malformed, IndexError):
        return None
    if at > len(data):
        return None
    try:
        for _ in range(sum(counts[1:])):
            at = _record(data, out, at, book, done, netbios=netbios)
    except (Malformed, IndexError):
        if not counts[0]:
            return None
        # Cut, or spoilt: what was asked for can still be read. Names behind here may have been
        # changed already, by pointers of names before.
    out[at:] = bytes(len(data) - at)
    return bytes(out)


def _record(
    data: bytes, out: bytearray, at: int, book: Book, done: set[int], *, netbios: bool
) -> int:
    at = _name(data, out, at, book, done, netbios=netbios)
    kind, length = int.from_bytes(data[at : at + 2], "big"), data[at + 8] << 8 | data[at + 9]
    begin, end = at + 10, at + 10 + length
    if end > len(data):
        raise Malformed("no such name")
    if netbios:
        _netbios_data(data, out, kind, begin, end, book)
    elif kind in (_A, _AAAA) and length in (4, 16):
        out[begin:end] = book.addresses(data[begin:end])
    elif kind in _NAMED and length:
        skipped, names = _NAMED[kind]
        place = begin + skipped
        for _ in range(names):
            place = _name(data, out, place, book, done, netbios=False)
    elif kind == _NSEC:
        _name(data, out, begin, book, done, netbios=False)
    else:
        out[begin:end] = book.text(data[begin:end])
    return end


def _name(
    data: bytes, out: bytearray, at: int, book: Book, done: set[int], *, netbios: bool
) -> int:
    """Replace a name's labels; where it ends. ``done``: places of labels that were replaced."""
    spans: list[tuple[int, int]] = []
    end, limit = 0, at
    while True:
        length = data[at]
        if length >= 0xC0:
            end = end or at + 2
            place = (length & 0x3F) << 8 | data[at + 1]
            if place >= limit or place < 12:
                raise Malformed("no such name")
            at = limit = place
            continue
        if length > 63 or at + 1 + length > len(data) or len(spans) > 127:
            raise Malformed("no such name")
        if not length:
            break
        spans.append((at + 1, at + 1 + length))
        at += 1 + length
    labels = [data[start:stop] for start, stop in spans]
    for (start, stop), new in zip(spans, _labels(labels, book, netbios=netbios), strict=True):
        if start not in done:
            done.add(start)
            book.counts["names"] += new != data[start:stop]
            out[start:stop] = new
    return end or at + 1


def _labels(labels: list[bytes], book: Book, *, netbios: bool) -> list[bytes]:
    lower = [label.lower() for label in labels]
    if netbios and labels and len(labels[0]) == 32:
        rest = [book.words.word(label) for label in labels[1:]]
        return [_encoded_name(labels[0], book), *rest]
    if lower[-2:] == [b"in-addr", b"arpa"] and all(label.isdigit() for label in lower[:-2]):
        return _reversed4(labels, book)
    if lower[-2:] == [b"ip6", b"arpa"] and len(labels) == 34:
        return _reversed6(labels, book)
    top = len(labels) - 1 if len(labels) > 1 else -1
    return [
        label if i == top or not book.words.tells(label) else book.label(label)
        for i, label in enumerate(labels)
    ]


def _reversed4(labels: list[bytes], book: Book) -> list[bytes]:
    octets = labels[-3::-1]
    if len(octets) != 4 or any(int(octet) > 255 for octet in octets):
        return labels
    raw = bytes(map(int, octets))
    new = [str(byte).encode() for byte in book.addresses(raw)]
    if [len(octet) for octet in new] != [len(octet) for octet in octets]:
        new = book.numbers.stand_in(b".".join(octets), raw).split(b".")
    return [*new[::-1], *labels[-2:]]


def _reversed6(labels: list[bytes], book: Book) -> list[bytes]:
    try:
        raw = bytes.fromhex(b"".join(labels[31::-1]).decode())
    except ValueError:
        return labels
    new = IPv6Address(book.addresses(raw)).packed.hex()
    return [*(digit.encode() for digit in new[::-1]), *labels[-2:]]


def _netbios_data(data: bytes, out: bytearray, kind: int, begin: int, end: int, book: Book) -> None:
    """Addresses of a name (NB, after two bytes of flags), or a host's names and MAC (NBSTAT)."""
    if kind == 0x20:
        for place in range(begin, end - 5, 6):
            out[place + 2 : place + 6] = book.addresses(data[place + 2 : place + 6])
    elif kind == 0x21 and end > begin:
        place = begin + 1
        for _ in range(data[begin]):
            name = data[place : place + 15].rstrip(b" \0")
            if name and not name.startswith(_WORKGROUP_MASTER):
                out[place : place + len(name)] = book.words.word(name.lower()).upper()
            place += 18
        out[place : place + 6] = book.macs(data[place : place + 6])
        out[place + 6 : end] = bytes(max(0, end - place - 6))
