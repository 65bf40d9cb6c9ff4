"""Every setting of a scan in one frozen value, with defaults that an ESP8266 survives.

Where a number came from is said beside it. Rates and limits are enforced by ``iotscan.net``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from iotscan.model import Impact, Severity


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates per second, times in seconds, sizes in bytes."""

    packets_per_second: float = 2000.0
    connections_per_second: float = 1000.0
    # lwIP on an ESP8266 has room for five TCP connections; three leaves two for its owner.
    connections_per_host: int = 3
    host_connections_per_second: float = 50.0
    connect_timeout: float = 1.5
    read_timeout: float = 3.0
    conversation_timeout: float = 60.0
    conversation_bytes: int = 262_144
    conversation_connections: int = 24
    # Cameras lock a source address after five failures, whatever accounts they were for, and hosts
    # ban it after as many: one below that for the services of a device that share accounts
    # (docs/design/0003-logins.md).
    logins_per_account: int = 3
    logins_per_service: int = 4
    logins_per_device: int = 4
    login_pause: float = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a scan is to do. ``targets`` empty means: the attached private networks.

    ``ports`` empty means the built-in list. ``authorisation``: a file that names public networks
    which the user may scan. ``discovery_time``: seconds to wait for announcements. ``listen``:
    seconds in which nothing is done but to listen; 0 for a scan as usual. ``accept``: files of
    accepted risks. ``store``: where the command line keeps finished scans ("" for nowhere), for how
    many days and how many of a scope (0: all). ``baseline``: the scan or report that tells what is
    new; "" for the one before of the same scope. ``feeds``: the folder of imported lists of flaws,
    "" for the user's own. ``support_periods``: say also of which devices none is known.
    ``notify``: where changes are sent, as addresses that hold secrets.
    """

    targets: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    impact: Impact = Impact.LOGIN
    ports: tuple[int, ...] = ()
    sweep: str = "connect"
    authorisation: str = ""
    discovery_time: float = 1.5
    listen: float = 0.0
    record: str = ""
    outputs: tuple[str, ...] = ("terminal",)
    fail_on: Severity = Severity.LOW
    show_passwords: bool = False
    rule_folders: tuple[str, ...] = ()
    feeds: str = ""
    support_periods: bool = False
    policy: str = ""
    accept: tuple[str, ...] = ()
    store: str = "sqlite"
    keep_days: int = 0
    keep_scans: int = 0
    baseline: str = ""
    fail_on_new: bool = False
    notify: tuple[str, ...] = field(default=(), repr=False)
    limits: Limits = Limits()

    def settled(self) -> Settings:
        """With what ``listen`` entails: the least impact, and all of its time for discovery."""
        if not self.listen:
            return self
        return replace(self, impact=Impact.LISTEN, discovery_time=self.listen)
