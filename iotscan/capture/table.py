"""Flows by both of their directions, as many as there is room for."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from iotscan.capture.flows import reverse

MOST_FLOWS = 16_384


class Flow(Protocol):
    """What a table must know of a flow: its direction from client to server, and when it spoke."""

    direction: bytes
    last: float

    def end(self) -> None: ...


_Flow = TypeVar("_Flow", bound=Flow)


class Table(Generic[_Flow]):
    """``get`` gives the flow that a direction belongs to, None if there is none."""

    def __init__(self) -> None:
        self._flows: dict[bytes, _Flow] = {}
        self.get = self._flows.get

    @property
    def full(self) -> bool:
        return len(self._flows) >= 2 * MOST_FLOWS

    def add(self, flow: _Flow) -> None:
        self._flows[flow.direction] = self._flows[reverse(flow.direction)] = flow

    def drop(self, flow: _Flow) -> None:
        """Leave out one that is over. A packet from a socket to itself has one direction only."""
        self._flows.pop(flow.direction, None)
        self._flows.pop(reverse(flow.direction), None)

    def end(self, flow: _Flow) -> None:
        """End one, and leave it out."""
        self.drop(flow)
        flow.end()

    def oldest(self) -> list[_Flow]:
        """The quarter of all that was silent longest."""
        order = sorted(dict.fromkeys(self._flows.values()), key=lambda flow: flow.last)
        return order[: len(order) // 4 + 1]

    def finish(self) -> None:
        """End all."""
        for flow in dict.fromkeys(self._flows.values()):
            flow.end()
        self._flows.clear()
