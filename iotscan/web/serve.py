"""Serves the site until Ctrl-C."""

from __future__ import annotations

import errno
import ipaddress
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import uvicorn

from iotscan.errors import UsageError
from iotscan.model import Report
from iotscan.net.listener import listener
from iotscan.settings import Settings
from iotscan.store import Store
from iotscan.web.app import build
from iotscan.web.rates import Rates
from iotscan.web.scans import Look, Scans
from iotscan.web.sessions import Sessions
from iotscan.web.site import Site

# Of one program or browser: as fast as anybody clicks, and a burst for what belongs to one page.
_PER_SECOND, _BURST = 20.0, 100
_ADVICE: Mapping[int | None, str] = {
    errno.EADDRINUSE: "something uses it already, perhaps another iotscan. Take another --port.",
    errno.EADDRNOTAVAIL: "this machine has no such address. Take one of its own as --address.",
    errno.EACCES: "ports below 1024 are kept for the administrator. Take a larger --port.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the site listens. ``names``: further host names by which it is reached."""

    address: str = "127.0.0.1"
    port: int = 8642
    names: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it. Raises UsageError for what is no address."""
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            raise UsageError(
                f"{self.address!r} is no address to listen on: 127.0.0.1 is this machine alone, "
                "0.0.0.0 all its networks"
            ) from None

    @property
    def hosts(self) -> Sequence[str]:
        """What a browser may say in its Host header."""
        own = [f"[{self.address}]" if ":" in self.address else self.address]
        if self.local:
            own += ["localhost", "127.0.0.1", "[::1]"]
        every = dict.fromkeys([*own, *self.names])
        return [f"{host}:{self.port}" for host in every] + ([*every] if self.port == 80 else [])


def serve(
    place: Place,
    store: Store,
    look: Look,
    settings: Settings,
    *,
    today: Callable[[], str],
    tell: Callable[[str, str], None],
    fixed: bool = False,
) -> None:
    """Serve until interrupted.

    ``today``: the user's date in ISO 8601. ``tell`` gets the address to open, and the token that it
    asks for, "" where it asks for none. Raises UsageError where nobody can listen there.
    """
    password = "" if place.local else secrets.token_urlsafe(16)

    def keep(report: Report) -> str:
        return str(store.add(store.judged(report)))

    site = Site(
        store,
        Scans(look, keep),
        Sessions(password),
        Rates(_PER_SECOND, _BURST, time.monotonic),
        settings,
        today,
        fixed,
    )
    config = uvicorn.Config(
        build(site, place.hosts),
        log_level="warning",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
    )
    try:
        listening = listener(place.address, place.port)
    except OSError as error:
        where, advice = f"{place.address} port {place.port}", _ADVICE.get(error.errno, error)
        raise UsageError(f"{where} cannot be listened on: {advice}") from error
    tell(f"http://{place.hosts[0]}/", password)
    try:
        uvicorn.Server(config).run([listening])
    except KeyboardInterrupt:
        return  # how it is meant to end; the running scan was stopped and stored
