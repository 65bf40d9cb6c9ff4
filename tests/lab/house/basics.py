"""Telnet, MQTT, CoAP, UPnP and mDNS: real daemons, as insecure or sound as basics.yaml says.

A function a device. MAC prefixes are registered ones, so that vendor names can be checked.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from accounts import with_accounts
from certificates import self_signed
from lan import Device, Host, await_all

HERE = Path(__file__).resolve().parent.parent
MOSQUITTO = "/usr/sbin/mosquitto"


def _broker(host: Host, *lines: str) -> None:
    common = ["persistence false", "log_dest stderr", "user root", "sys_interval 1"]
    host.start(MOSQUITTO, "-c", host.file("mosquitto.conf", "\n".join([*common, *lines]) + "\n"))


def _passwords(host: Host, user: str, password: str) -> str:
    path = host.file("passwords", f"{user}:{password}\n")
    subprocess.run(["mosquitto_passwd", "-U", path], check=True, capture_output=True)
    return path


def mqtt_open(host: Host) -> None:
    """Lets everybody in; holds a retained password and Tasmota's announcements."""
    _broker(host, "listener 1883", "allow_anonymous true")
    host.await_port(1883)
    said = {
        "tele/plug1/STATE": '{"POWER":"ON","Wifi":{"AP":1,"SSId":"home"}}',
        "tele/plug1/LWT": "Online",
        "home/wifi/password": "correct horse battery",
        "zigbee2mqtt/bridge/state": "online",
    }
    await_all(
        [
            host.start("mosquitto_pub", "-h", host.address, "-r", "-t", topic, "-m", message)
            for topic, message in said.items()
        ]
    )


def mqtt_default(host: Host) -> None:
    """Asks for a login and takes a well-known one."""
    passwords = _passwords(host, "admin", "admin")
    _broker(host, "listener 1883", "allow_anonymous false", f"password_file {passwords}")
    host.await_port(1883)


def mqtt_sound(host: Host) -> None:
    """TLS only, a login nobody knows, a certificate for its own address."""
    cert, key = self_signed(host.folder, host.address)
    passwords = _passwords(host, "panel", "v9kQ2-m1Zt-88ab")
    _broker(
        host,
        "listener 8883",
        "allow_anonymous false",
        f"password_file {passwords}",
        f"certfile {cert}",
        f"keyfile {key}",
        "tls_version tlsv1.2",
        "ciphers ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256",
    )
    host.await_port(8883)


def mqtt_elsewhere(host: Host) -> None:
    """On an unusual port and over WebSocket; connects anybody, lets nobody read anything."""
    acl = host.file("acl", "user nobody\ntopic readwrite #\n")
    _broker(
        host,
        "per_listener_settings false",
        f"acl_file {acl}",
        "allow_anonymous true",
        "listener 8884",
        "listener 9001",
        "protocol websockets",
    )
    host.await_port(8884)
    host.await_port(9001)


def telnet_default(host: Host) -> None:
    """busybox telnetd with the system's login(1); admin/admin opens a shell."""
    telnetd = "busybox telnetd -F -p 2323 -l /bin/login"
    host.start(*with_accounts(host, {"admin": "admin"}, telnetd))
    host.await_port(2323)


def telnet_sound_password(host: Host) -> None:
    """inetutils telnetd with the system's login(1) and a password nobody knows."""
    telnetd = f"{sys.executable} {HERE}/inetd.py 23 /usr/sbin/telnetd -E /bin/login"
    host.start(*with_accounts(host, {"admin": "v9kQ2-m1Zt-88ab"}, telnetd))
    host.await_port(23)


def _peer(host: Host, kind: str, port: int) -> None:
    log = str(host.folder / "events")
    host.start(sys.executable, str(HERE / "logins.py"), kind, str(port), log)
    host.await_port(port)


def telnet_anything(host: Host) -> None:
    """Any name and password will do."""
    _peer(host, "anything", 23)


def telnet_lockout(host: Host) -> None:
    """Locks its account after five wrong passwords; the log shows whether that happened."""
    _peer(host, "lockout", 23)


def telnet_fragile(host: Host) -> None:
    """Dies when more than five connections are open at a time."""
    _peer(host, "fragile", 23)


def tarpit(host: Host) -> None:
    """Accepts connections and drips line ends for ever."""
    _peer(host, "tarpit", 23)


def printer(host: Host) -> None:
    """A raw print port; every byte it gets would be a page."""
    _peer(host, "printer", 9100)


def coap_plain(host: Host) -> None:
    """libcoap's example server without DTLS, on UDP and TCP."""
    host.start("coap-server-notls", "-A", host.address)
    host.await_port(5683, "udp")


def coap_dtls(host: Host) -> None:
    """libcoap's example server: a key for DTLS, and the same resources without it."""
    host.start("coap-server-openssl", "-A", host.address, "-k", "a-long-shared-key", "-h", "lamp")
    host.await_port(5684, "udp")


def media(host: Host) -> None:
    """minidlna: SSDP announcements and a UPnP description."""
    (host.folder / "media").mkdir()
    (host.folder / "db").mkdir()
    conf = host.file(
        "minidlna.conf",
        f"port=8200\nmedia_dir={host.folder}/media\ndb_dir={host.folder}/db\n"
        f"log_dir={host.folder}/db\nfriendly_name=Living room\nserial=12345678\n"
        "network_interface=lan0\nnotify_interval=30\n",
    )
    host.start("minidlnad", "-S", "-f", conf, "-P", str(host.folder / "pid"))
    host.await_port(8200)


def router(host: Host) -> None:
    """miniupnpd: hands out port mappings to whoever asks; a camera holds one."""
    command = ("ip", "link", "add", "wan0", "type", "veth", "peer", "name", "wan1")
    for argv in (command, ("ip", "link", "set", "wan0", "up"), ("ip", "link", "set", "wan1", "up")):
        host.run(*argv)
    host.run("ip", "addr", "add", "198.51.100.7/24", "dev", "wan0")
    rules = host.file(
        "rules.nft",
        "table inet filter {\n chain miniupnpd { }\n chain prerouting_miniupnpd { }\n"
        " chain postrouting_miniupnpd { }\n}\n",
    )
    host.run("nft", "-f", rules)
    conf = host.file(
        "upnpd.conf",
        # miniupnpd only starts with an address it takes for a public one; nothing is sent to it.
        "ext_ifname=wan0\next_ip=1.2.3.4\nlistening_ip=lan0\nhttp_port=5000\nenable_upnp=yes\n"
        "enable_natpmp=yes\nsecure_mode=no\nfriendly_name=Home Router\n"
        "uuid=8a5f1e62-0000-4000-8000-00146c000001\nallow 1024-65535 10.77.0.0/24 1024-65535\n",
    )
    host.start("/usr/sbin/miniupnpd", "-d", "-f", conf, "-P", str(host.folder / "pid"))
    host.await_port(5000)
    url = f"http://{host.address}:5000/ctl/IPConn"
    host.run(sys.executable, str(HERE / "mapping.py"), url, host.address)


def speaker(host: Host) -> None:
    """avahi: announces an unpaired HomeKit accessory and an open Matter commissioning window."""
    services = {
        "hap": ("_hap._tcp", 51826, ["id=AA:BB:CC:DD:EE:01", "md=Lamp 2", "sf=1", "pv=1.1"]),
        "matter": ("_matterc._udp", 5540, ["D=3840", "CM=1", "VP=4996+22"]),
    }
    for name, (kind, port, txt) in services.items():
        records = "".join(f"<txt-record>{line}</txt-record>" for line in txt)
        host.file(
            f"{name}.service",
            f"<service-group><name>Lamp 2 {name}</name><service><type>{kind}</type>"
            f"<port>{port}</port>{records}</service></service-group>",
        )
    conf = host.file(
        "avahi.conf",
        "[server]\nhost-name=lamp2\nallow-interfaces=lan0\nenable-dbus=no\nuse-ipv6=yes\n"
        "[publish]\npublish-workstation=no\npublish-hinfo=no\n",
    )
    script = host.file(
        "start.sh",
        "set -e\nmount --make-rprivate /\nmkdir -p /run/avahi-daemon\n"
        f"mount -t tmpfs none /run\nmount --bind {host.folder} /etc/avahi/services\n"
        f"exec avahi-daemon -f {conf} --no-drop-root --no-chroot --no-rlimits --no-proc-title\n",
    )
    host.start("unshare", "--mount", "sh", script)
    host.await_port(5353, "udp")


def locked_down(host: Host) -> None:
    """Answers ARP and nothing else."""


DEVICES: tuple[Device, ...] = (
    ("router", "10.77.0.1", "00:14:6c:00:00:01", router),
    ("mqtt-open", "10.77.0.10", "24:0a:c4:00:00:10", mqtt_open),
    ("mqtt-default", "10.77.0.11", "b8:27:eb:00:00:11", mqtt_default),
    ("mqtt-sound", "10.77.0.12", "b8:27:eb:00:00:12", mqtt_sound),
    ("mqtt-elsewhere", "10.77.0.13", "dc:a6:32:00:00:13", mqtt_elsewhere),
    ("telnet-default", "10.77.0.20", "00:12:16:00:00:20", telnet_default),
    ("telnet-sound-password", "10.77.0.21", "00:40:8c:00:00:21", telnet_sound_password),
    ("telnet-anything", "10.77.0.22", "28:57:be:00:00:22", telnet_anything),
    ("telnet-lockout", "10.77.0.23", "44:19:b6:00:00:23", telnet_lockout),
    ("telnet-fragile", "10.77.0.24", "5c:cf:7f:00:00:24", telnet_fragile),
    ("tarpit", "10.77.0.25", "02:42:ac:00:00:25", tarpit),
    ("printer", "10.77.0.30", "00:80:77:00:00:30", printer),
    ("coap-plain", "10.77.0.40", "54:ef:44:00:00:40", coap_plain),
    ("coap-dtls", "10.77.0.41", "00:17:88:00:00:41", coap_dtls),
    ("media", "10.77.0.50", "00:11:32:00:00:50", media),
    ("speaker", "10.77.0.51", "94:9f:3e:00:00:51", speaker),
    ("locked-down", "10.77.0.60", "f0:9f:c2:00:00:60", locked_down),
)
