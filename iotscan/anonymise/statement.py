"""What is said of an anonymised file: what was changed, and what nobody can vouch for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from iotscan.anonymise.addresses import MOST as MOST_ADDRESSES
from iotscan.anonymise.book import MOST_NAMES, Book
from iotscan.anonymise.macs import MOST as MOST_MACS
from iotscan.anonymise.wish import Wish

_ALWAYS = (
    "Times (to the microsecond), sizes and the order of what was sent are as they were: whoever"
    " watched the same network can find it again by these.",
    "Heads keep ports, TTLs, windows, clocks and sequence numbers, VLANs and numbers of tunnels:"
    " they tell systems, how long they ran, and what for. Private networks keep their prefix,"
    " groups their address.",
    "Products, versions, the makers that devices name, fingerprints of TLS and SSH, and public"
    " keys stay, since findings rest on them. A public key may be known to be somebody's.",
    "Of what people wrote (pages, messages, names of files), and of messages in binary form, only"
    " that was replaced which is known from elsewhere in the capture or looks like an address, a"
    " MAC, a login, an e-mail address, a place or a field about a person.",
)


@dataclass
class Done:
    """What was changed: how many of each sort, and what nobody can vouch for."""

    counts: dict[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def done(book: Book, wish: Wish, more: Iterable[str] = ()) -> Done:
    """What is said of it. ``more``: what there is to doubt beside."""
    counts = {"addresses": _changed(book.addresses.known), "MACs": _changed(book.macs.known)}
    return Done(
        {**counts, **dict(sorted(book.counts.items()))}, [*_ALWAYS, *_doubts(book, wish), *more]
    )


def _changed(table: dict[bytes, bytes]) -> int:
    return sum(old != new for old, new in table.items())


def _doubts(book: Book, wish: Wish) -> Iterator[str]:
    if wish.keep_payload:
        yield (
            "Payload that nobody could read, encrypted content and pictures were kept as you"
            " wished: only what is known from elsewhere was replaced there."
        )
    if wish.keep_vendor:
        yield "MACs still tell who made the devices, as you wished."
    if book.full or book.addresses.full or book.macs.full:
        yield (
            f"There are more names and logins than the {MOST_NAMES:,} of each, addresses than the"
            f" {MOST_ADDRESSES:,} or MACs than the {MOST_MACS:,} that are kept in mind: those"
            " beyond are replaced in heads, but were neither counted nor looked for in text."
        )
