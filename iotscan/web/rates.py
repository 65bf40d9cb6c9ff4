"""How often somebody may ask: a token bucket each, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# Names are chosen by whoever asks; the one that was quiet longest is forgotten first.
_KEPT = 10_000


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Rates:
    """At most ``burst`` requests at once and ``per_second`` in the long run, for each name."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, name: str) -> float:
        """Seconds until ``name`` may ask again; 0 when it may now, which is then counted."""
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(float(self._burst), now))
        self._buckets.move_to_end(name)
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        bucket.level = min(self._burst, bucket.level + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.level < 1:
            return (1 - bucket.level) / self._per_second
        bucket.level -= 1
        return 0.0
