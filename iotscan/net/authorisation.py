"""The authorisation file: whose word allows scanning networks that are not private.

A TOML file::

    [authorisation]
    granted_by = "Jane Doe, owner of the network"
    purpose = "yearly security check"
    valid_until = 2027-01-31
    networks = ["203.0.113.0/28", "2001:db8:1::/64"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from iotscan.errors import AuthorisationError
from iotscan.model import Subnet

_KEYS = {"granted_by", "purpose", "valid_until", "networks"}


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Who allows what until when; ``valid_until`` is the last day it holds."""

    granted_by: str = ""
    purpose: str = ""
    valid_until: date = date.min
    networks: tuple[Subnet, ...] = ()

    def covers(self, network: Subnet) -> bool:
        """Whether the whole network was named."""
        return any(_within(network, named) for named in self.networks)


NONE = Authorisation()


def load_authorisation(path: str, today: Callable[[], date] = date.today) -> Authorisation:
    """Read and check the file; ``NONE`` for an empty path.

    Raises AuthorisationError, with what to write, when it cannot be read, a field is missing or
    wrong, or it has expired.
    """
    if not path:
        return NONE
    try:
        tree = tomllib.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise AuthorisationError(
            f"the authorisation file {path} cannot be read ({error.strerror})"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AuthorisationError(f"the authorisation file {path} is not TOML: {error}") from error
    granted = _parse(path, tree.get("authorisation"))
    if granted.valid_until < today():
        raise AuthorisationError(
            f"the authorisation in {path} expired on {granted.valid_until}: ask"
            f" {granted.granted_by} for a new one and write its last day as valid_until"
        )
    return granted


def example(networks: str, today: Callable[[], date] = date.today) -> str:
    """The file to write for these networks, a comma-separated list of quoted ones."""
    return (
        "[authorisation]\n"
        'granted_by = "name of whoever may allow it"\n'
        'purpose = "why it is scanned"\n'
        f"valid_until = {today().year}-12-31\n"
        f"networks = [{networks}]"
    )


def _parse(path: str, table: Any) -> Authorisation:
    if not isinstance(table, dict):
        raise AuthorisationError(f"{path} has no section [authorisation]. {_how()}")
    if wrong := sorted(_KEYS ^ set(table)):
        raise AuthorisationError(
            f"{path}: [authorisation] needs exactly {', '.join(sorted(_KEYS))};"
            f" missing or unknown: {', '.join(wrong)}. {_how()}"
        )
    until = table["valid_until"]
    if not isinstance(until, date):
        raise AuthorisationError(
            f"{path}: valid_until must be a date without quotes, as in valid_until = 2027-01-31"
        )
    return Authorisation(
        granted_by=_words(path, table, "granted_by"),
        purpose=_words(path, table, "purpose"),
        valid_until=until.date() if isinstance(until, datetime) else until,
        networks=_networks(path, table["networks"]),
    )


def _words(path: str, table: dict[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise AuthorisationError(f"{path}: {key} must say in words who or why")
    return value.strip()


def _networks(path: str, listed: Any) -> tuple[Subnet, ...]:
    if not isinstance(listed, list) or not listed:
        raise AuthorisationError(f"{path}: networks must be a list of networks, not an empty one")
    found: list[Subnet] = []
    for item in listed:
        try:
            if not isinstance(item, str):
                raise ValueError("not a text")
            found.append(ip_network(item))
        except ValueError as error:
            raise AuthorisationError(
                f"{path}: {item!r} in networks is no address or network ({error});"
                ' write it as "203.0.113.0/28"'
            ) from error
    return tuple(found)


def _how() -> str:
    return f"Write it like this:\n{example(chr(34) + '203.0.113.0/28' + chr(34))}"


def _within(inner: Subnet, outer: Subnet) -> bool:
    return (
        inner.version == outer.version
        and inner.network_address in outer
        and inner.broadcast_address in outer
    )
