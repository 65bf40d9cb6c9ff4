"""Masking of secrets in what is recorded: the same length, so that readers still find their way."""

from __future__ import annotations

_STAR = ord("*")


def mask_last(data: bytes, secret: bytes) -> bytes:
    """``data`` with the last place of ``secret`` starred.

    The last, since protocols put the password behind the user name, and both may be "admin".
    Raises ValueError when the secret is not there: what cannot be masked must not be sent.
    """
    place = data.rfind(secret)
    if place < 0:
        raise ValueError("what is to be hidden is not part of what is to be sent")
    return data[:place] + b"*" * len(secret) + data[place + len(secret) :]


class Mask:
    """Stars a secret in pieces of recorded data, also where it was split between them.

    ``reach``: how many bytes from the start it may begin to stand in; None for no limit.
    ``once``: stop after the first place.
    """

    def __init__(self, secret: bytes, *, reach: int | None = None, once: bool = False) -> None:
        self._secret = secret
        self._reach = reach
        self._once = once
        self._tail: list[tuple[bytearray, int]] = []
        self.over = not secret

    def cover(self, piece: bytearray, start: int = 0) -> None:
        """Look at the bytes of ``piece`` from ``start`` on; they continue what was seen before."""
        if self.over:
            return
        places = [*self._tail, *((piece, at) for at in range(start, len(piece)))]
        joined = bytes(owner[at] for owner, at in places)
        seen = 0
        while (found := joined.find(self._secret, seen)) >= 0 and self._within(found):
            seen = found + len(self._secret)
            _star(places[found:seen])
            if self._once:
                self.over = True
                return
        keep = min(len(places) - seen, len(self._secret) - 1)
        self._spend(len(places) - keep)
        self._tail = places[len(places) - keep :]

    def finish(self) -> None:
        """Star a beginning of the secret that stands at the very end, of three bytes or more."""
        joined = bytes(owner[at] for owner, at in self._tail)
        for length in range(len(joined), 2, -1):
            if not self.over and self._secret.startswith(joined[-length:]):
                _star(self._tail[-length:])
                break
        self.over = True

    def _within(self, place: int) -> bool:
        return self._reach is None or place <= self._reach

    def _spend(self, passed: int) -> None:
        if self._reach is not None:
            self._reach -= passed
            if self._reach < 0:
                self.over = True


def _star(places: list[tuple[bytearray, int]]) -> None:
    for owner, at in places:
        owner[at] = _STAR
