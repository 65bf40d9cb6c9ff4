"""The TCP ports that a sweep looks at by default, and why each is among them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml


@cache
def described_ports() -> Mapping[int, str]:
    """Port → the word for why it is looked at, in ascending order.

    Raises ValueError when the file holds something that is no port or lacks its word.
    """
    text = files("iotscan.net").joinpath("ports.yaml").read_text("utf-8")
    tree = yaml.safe_load(text)
    for port, why in tree.items():
        if not (isinstance(port, int) and 0 < port < 65536 and isinstance(why, str) and why):
            raise ValueError(f"ports.yaml: {port!r}: {why!r} is no port with its reason")
    return {port: tree[port] for port in sorted(tree)}


def default_ports() -> tuple[int, ...]:
    """The ports themselves, ascending."""
    return tuple(described_ports())
