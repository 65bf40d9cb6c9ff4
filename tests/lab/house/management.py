"""Management, names, time and data stores: net-snmp, dnsmasq, ntpd, inetd, Redis, memcached, NATS,
InfluxDB and a printer of CUPS, as insecure or sound as management.yaml says.
"""

from __future__ import annotations

import sys
from urllib.parse import urlencode

from lan import Device, Host

# "env" first: the agent keeps its users and engine beside its configuration, not in the system.
_SNMPD = ("snmpd", "-f", "-Lo", "-C", "-c")


def _agent(host: Host, *lines: str) -> None:
    conf = host.file("snmpd.conf", "\n".join(["agentaddress udp:161", *lines]) + "\n")
    persistent = f"SNMP_PERSISTENT_DIR={host.folder}"
    host.start("env", persistent, *_SNMPD, conf, "-p", f"{host.folder}/pid")
    host.await_port(161, "udp")


def snmp_public(host: Host) -> None:
    """Anybody may read who knows the usual word."""
    _agent(host, "rocommunity public", "sysName cellar-switch", "sysLocation cellar")


def snmp_private(host: Host) -> None:
    """The usual word for writing works; nobody tries to write."""
    _agent(host, "rwcommunity private", "sysName hall-switch")


def snmp_old(host: Host) -> None:
    """Version 1 alone: it says nothing to whoever does not know its word."""
    newer = [f"[snmp] disableSNMPv{version} yes" for version in ("2c", "3")]
    _agent(host, *newer, "rocommunity public", "sysName loft-printer")


def snmp_sound(host: Host) -> None:
    """Version 3 alone, with a user nobody knows."""
    user = "monitor SHA v9kQ2-m1Zt-88ab AES q7Zk1-w8Lm-33cd"
    _agent(host, f"createUser {user}", "rouser monitor priv", "sysName attic-switch")


def _dnsmasq(host: Host, *options: str) -> None:
    common = ("-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=")
    host.start("/usr/sbin/dnsmasq", *common, "--interface=lan0", "--bind-interfaces", *options)
    host.await_port(53, "udp")


def resolver(host: Host) -> None:
    """Resolves for whoever asks; it knows that nothing is under .invalid."""
    _dnsmasq(host, "--local=/invalid/")


def resolver_sound(host: Host) -> None:
    """Refuses names that are not its own, and keeps its version."""
    _dnsmasq(host, "--no-ident")


def _ntpd(host: Host, *lines: str) -> None:
    # It serves the time and leaves the clock alone, which belongs to the machine.
    conf = host.file("ntp.conf", "\n".join(["disable ntp", *lines]) + "\n")
    host.start("/usr/sbin/ntpd", "-n", "-c", conf)
    host.await_port(123, "udp")


def clock_open(host: Host) -> None:
    """Answers status queries of strangers."""
    _ntpd(host, "unrestrict default noquery")


def clock_sound(host: Host) -> None:
    """As it comes today: the time, and nothing about itself."""
    _ntpd(host)


def old_services(host: Host) -> None:
    """inetd's built-in echo and character generator, over TCP and UDP."""
    lines = [
        f"{name} {kind} {transport} {wait} root internal"
        for name in ("echo", "chargen")
        for kind, transport, wait in (("stream", "tcp", "nowait"), ("dgram", "udp", "wait"))
    ]
    host.start("inetutils-inetd", "-d", host.file("inetd.conf", "\n".join(lines) + "\n"))
    host.await_port(19)
    host.await_port(7, "udp")


def _redis(host: Host, *options: str) -> None:
    quiet = ("--save", "", "--dir", str(host.folder), "--bind", "0.0.0.0")
    host.start("redis-server", *quiet, *options)
    host.await_port(6379)


def redis_open(host: Host) -> None:
    """Answers everybody."""
    _redis(host, "--protected-mode", "no")


def redis_sound(host: Host) -> None:
    """Asks for a password nobody knows."""
    _redis(host, "--requirepass", "v9kQ2-m1Zt-88ab")


def memcached(host: Host) -> None:
    """Has no login to ask for."""
    host.start("memcached", "-u", "root", "-l", host.address)
    host.await_port(11211)


def nats_open(host: Host) -> None:
    """Lets every client publish and subscribe."""
    host.start("nats-server", "-a", host.address)
    host.await_port(4222)


def nats_sound(host: Host) -> None:
    """Asks for a login nobody knows."""
    host.start("nats-server", "-a", host.address, "--user", "hub", "--pass", "v9kQ2-m1Zt-88ab")
    host.await_port(4222)


def _influxdb(host: Host, login: str) -> None:
    lines = [
        "reporting-disabled = true",
        "[meta]",
        f'dir = "{host.folder}/meta"',
        "[data]",
        f'dir = "{host.folder}/data"',
        f'wal-dir = "{host.folder}/wal"',
        "[http]",
        f"auth-enabled = {login}",
    ]
    conf = host.file("influxdb.conf", "\n".join(lines) + "\n")
    host.start("influxd", "-config", conf)
    host.await_port(8086)


def influxdb_open(host: Host) -> None:
    """Answers every question."""
    _influxdb(host, "false")


def influxdb_sound(host: Host) -> None:
    """Asks for a login, which it only does once an administrator is there."""
    _influxdb(host, "true")
    create = "CREATE USER hub WITH PASSWORD 'v9kQ2-m1Zt-88ab' WITH ALL PRIVILEGES"
    asked = urlencode({"q": create})
    script = "import sys, urllib.request as u; u.urlopen(sys.argv[1], sys.argv[2].encode())"
    url = "http://127.0.0.1:8086/query"
    host.run(sys.executable, "-c", script, url, asked).check_returncode()


def printer_ipp(host: Host) -> None:
    """CUPS' own printer, which takes jobs from everybody; it announces itself through avahi."""
    (host.folder / "spool").mkdir()
    avahi = host.file(
        "avahi.conf",
        "[server]\nhost-name=studyprinter\nallow-interfaces=lan0\n"
        "[publish]\npublish-workstation=no\npublish-hinfo=no\n",
    )
    script = host.file(
        "start.sh",
        "set -e\nmount --make-rprivate /\nmount -t tmpfs none /run\n"
        "mkdir -p /run/dbus /run/avahi-daemon\n"
        "dbus-daemon --system --nofork --nopidfile &\n"
        "until [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done\n"
        f"avahi-daemon -f {avahi} --no-drop-root --no-chroot --no-rlimits --no-proc-title &\n"
        "until [ -S /run/avahi-daemon/socket ]; do sleep 0.05; done\n"
        f"exec ippeveprinter -k -d {host.folder}/spool -p 631 -M Acme -m LaserLamp Study\n",
    )
    host.start("unshare", "--mount", "sh", script)
    host.await_port(631)


DEVICES: tuple[Device, ...] = (
    ("snmp-public", "10.77.0.170", "00:1b:54:00:01:70", snmp_public),
    ("snmp-private", "10.77.0.171", "00:1b:54:00:01:71", snmp_private),
    ("snmp-sound", "10.77.0.172", "00:1b:54:00:01:72", snmp_sound),
    ("snmp-old", "10.77.0.186", "00:1b:54:00:01:86", snmp_old),
    ("resolver", "10.77.0.173", "00:14:6c:00:01:73", resolver),
    ("resolver-sound", "10.77.0.174", "00:14:6c:00:01:74", resolver_sound),
    ("clock-open", "10.77.0.175", "b8:27:eb:00:01:75", clock_open),
    ("clock-sound", "10.77.0.176", "b8:27:eb:00:01:76", clock_sound),
    ("old-services", "10.77.0.177", "00:80:77:00:01:77", old_services),
    ("redis-open", "10.77.0.178", "dc:a6:32:00:01:78", redis_open),
    ("redis-sound", "10.77.0.179", "dc:a6:32:00:01:79", redis_sound),
    ("memcached", "10.77.0.180", "dc:a6:32:00:01:80", memcached),
    ("nats-open", "10.77.0.181", "dc:a6:32:00:01:81", nats_open),
    ("nats-sound", "10.77.0.182", "dc:a6:32:00:01:82", nats_sound),
    ("influxdb-open", "10.77.0.183", "dc:a6:32:00:01:83", influxdb_open),
    ("influxdb-sound", "10.77.0.184", "dc:a6:32:00:01:84", influxdb_sound),
    ("printer-ipp", "10.77.0.185", "00:80:77:00:01:85", printer_ipp),
)
