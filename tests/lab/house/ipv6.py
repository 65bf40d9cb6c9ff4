"""Devices that have IPv6 alone, and devices that are not the same over IPv4 and IPv6: mosquitto,
ssh and nft as ipv6.yaml says.
"""

from __future__ import annotations

from certificates import self_signed
from lan import Device, Host, ip

MOSQUITTO = "/usr/sbin/mosquitto"
_BARRED = "topic deny #\n"
_FILTER = """\
table ip house {
  chain incoming {
    type filter hook input priority 0; policy drop;
    ct state established accept
    meta l4proto icmp accept
    tcp dport 1883 accept
  }
}
"""


def _also(host: Host, address: str) -> None:
    """A second address of the host's only interface."""
    ip("-n", host.namespace, "addr", "add", f"{address}/64", "dev", "lan0")


def _broker(host: Host, *lines: str) -> None:
    """mosquitto with a configuration of its own; nobody may read or write a topic."""
    common = [
        "per_listener_settings true", "persistence false", "log_dest stderr", "user root",
        "sys_interval 0",
    ]  # fmt: skip
    host.start(MOSQUITTO, "-c", host.file("mosquitto.conf", "\n".join([*common, *lines]) + "\n"))


def _open_to_all(host: Host, listener: str) -> list[str]:
    return [f"listener {listener}", "allow_anonymous true", f"acl_file {host.file('acl', _BARRED)}"]


def only_ipv6(host: Host) -> None:
    """A broker for everybody on a host without IPv4."""
    _broker(host, *_open_to_all(host, f"1883 {host.address}"))
    host.await_port(1883)


def silent(host: Host) -> None:
    """No IPv4, no service, no announcement: it answers to echo alone. Its address holds its MAC."""


def not_filtered(host: Host) -> None:
    """Two brokers' ports; its firewall knows of IPv4 only, and shuts all but one of them."""
    _also(host, "fd77::238")
    _broker(host, *_open_to_all(host, "1883"), *_open_to_all(host, "8884"))
    host.await_port(8884)
    done = host.run("nft", "-f", host.file("filter.nft", _FILTER))
    assert done.returncode == 0, done.stderr


def differs(host: Host) -> None:
    """Everybody may connect over IPv4; over IPv6 there is a password, which nobody knows."""
    _also(host, "fd77::239")
    secret = host.file("passwords", "panel:v9kQ2-m1Zt-88ab\n")
    assert host.run("mosquitto_passwd", "-U", secret).returncode == 0
    guarded = ["listener 1883 fd77::239", "allow_anonymous false", f"password_file {secret}"]
    _broker(host, *_open_to_all(host, f"1883 {host.address}"), *guarded)
    host.await_port(1883)


def alike(host: Host) -> None:
    """TLS alone, with a password that nobody knows, and a certificate for both its addresses."""
    _also(host, "fd77::240")
    cert, key = self_signed(host.folder, host.address, also=("fd77::240",))
    secret = host.file("passwords", "panel:v9kQ2-m1Zt-88ab\n")
    assert host.run("mosquitto_passwd", "-U", secret).returncode == 0
    _broker(
        host, "listener 8883", "allow_anonymous false", f"password_file {secret}",
        f"certfile {cert}", f"keyfile {key}", "tls_version tlsv1.2",
        "ciphers ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256",
    )  # fmt: skip
    host.await_port(8883)


DEVICES: tuple[Device, ...] = (
    ("ipv6-only", "fd77::236", "a4:cf:12:00:02:36", only_ipv6),
    ("ipv6-silent", "fd77::a6cf:12ff:fe00:237", "a4:cf:12:00:02:37", silent),
    ("ipv6-not-filtered", "10.77.0.238", "a4:cf:12:00:02:38", not_filtered),
    ("ipv6-differs", "10.77.0.239", "a4:cf:12:00:02:39", differs),
    ("ipv6-alike", "10.77.0.240", "a4:cf:12:00:02:40", alike),
)
