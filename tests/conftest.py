"""Rules every test lives by: nothing leaves loopback; what was left out is said at the end."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
DAEMONS = (
    "ip",
    "knxd",
    "mosquitto",
    "avahi-daemon",
    "coap-server-notls",
    "miniupnpd",
    "telnetd",
    "sshd",
    "dropbear",
    "vsftpd",
    "in.tftpd",
    "in.rlogind",
    "Xtigervnc",
    "tigervncpasswd",
    "smbd",
    "tcpdump",
    "lighttpd",
    "nginx",
    "tinyproxy",
    "dbus-daemon",
    "dnsmasq",
    "inetutils-inetd",
    "influxd",
    "ippeveprinter",
    "memcached",
    "nats-server",
    "ntpd",
    "redis-server",
    "snmpd",
    "dovecot",
    "ganesha.nfsd",
    "gdbserver",
    "microsocks",
    "rpcbind",
    "slapd",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden", action="store_true", help="write the golden files anew, for review as a diff"
    )


def _allowed(address: object) -> bool:
    """Loopback, local sockets, and addresses that no packet can be sent to."""
    if not isinstance(address, tuple) or not address:
        return True
    host = str(address[0]).partition("%")[0]
    if host in ("", "localhost"):
        return True
    try:
        parsed = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect" and not _allowed(args[1]):
        raise PermissionError(f"a test dialled {args[1]}")
    if event in ("socket.sendto", "socket.sendmsg") and not _allowed(args[-1]):
        raise PermissionError(f"a test sent to {args[-1]}")


if not os.environ.get("IOTSCAN_TEST_NAMESPACE"):
    # Tests that run inside a namespace of their own set this: nothing they send can get out.
    sys.addaudithook(_refuse)


# Time on the wall tells how busy the machine is, and nothing of the code: tests of what a reader
# costs count the processor's time.
hypothesis.settings.register_profile(
    "iotscan", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("iotscan")

# Scans that tests run are kept in a history of their own, also by the processes they start.
_DATA = tempfile.TemporaryDirectory(prefix="iotscan-tests-")
os.environ["XDG_DATA_HOME"] = _DATA.name


def missing_for_the_lab() -> str:
    """Why the lab cannot run here, "" when it can."""
    if sys.platform != "linux":
        return "the lab needs Linux network namespaces"
    if os.geteuid() != 0:
        return "the lab needs root for network namespaces"
    lacking = [name for name in DAEMONS if shutil.which(name, path=_search_path()) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def _search_path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    lab = missing_for_the_lab()
    for item in items:
        if item.get_closest_marker("lab") and lab:
            item.add_marker(pytest.mark.skip(reason=lab))
        if item.get_closest_marker("shared") and not SHARED.is_dir():
            item.add_marker(pytest.mark.skip(reason="no ../shared beside this checkout"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        for report in terminalreporter.stats.get("skipped", [])
    )
    if not reasons:
        terminalreporter.write_line("Nothing was left out.")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"Left out: {count} tests. {reason.removeprefix('Skipped: ')}")


@pytest.fixture
def shared() -> Path:
    """The folder of references and captures beside the checkout."""
    return SHARED


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium; what needs it is left out where there is none.

    For one module: as long as it runs, asynchronous tests cannot.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("not installed: chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root may not use the sandbox; the pages are ours.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
