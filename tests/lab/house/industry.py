"""Controllers of buildings and industry, as open or guarded as industry.yaml says."""

from __future__ import annotations

import sys
from pathlib import Path

from certificates import self_signed
from lan import Device, Host

HERE = Path(__file__).resolve().parent.parent


def _controller(host: Host, kind: str, port: int, transport: str = "tcp") -> None:
    script = str(HERE / "controllers.py")
    host.start(sys.executable, script, kind, host.address, str(host.folder))
    host.await_port(port, transport)


def _outstation(host: Host, kind: str, port: int, transport: str = "tcp") -> None:
    script, log = str(HERE / "outstations.py"), str(host.folder / "events")
    host.start(sys.executable, script, kind, host.address, log)
    host.await_port(port, transport)


def modbus(host: Host) -> None:
    """pymodbus, open to everybody."""
    _controller(host, "modbus", 502)


def modbus_secure(host: Host) -> None:
    """pymodbus over TLS, for clients with a certificate."""
    self_signed(host.folder, host.address)
    _controller(host, "modbus_secure", 802)


def bacnet(host: Host) -> None:
    """bacpypes3."""
    _controller(host, "bacnet", 47808, "udp")


def knx(host: Host) -> None:
    """knxd without a bus behind it; it joins its multicast group by the routing table."""
    host.run("ip", "route", "add", "224.0.0.0/4", "dev", "lan0")
    host.start(
        "/usr/bin/knxd", "-e", "1.1.1", "-E", "1.1.2:4", "-n", "House", "-D", "-T", "-S", "-b",
        "dummy:",
    )  # fmt: skip
    host.await_port(3671, "udp")


def knx_secure(host: Host) -> None:
    """A KNX IP interface with KNX IP Secure."""
    _outstation(host, "knx_secure", 3671, "udp")


def enip(host: Host) -> None:
    """cpppo's simulated ControlLogix."""
    host.start(
        sys.executable,
        "-m",
        "cpppo.server.enip",
        "--no-config",
        "-a",
        host.address,
        "SCADA=INT[10]",
    )
    host.await_port(44818)


def s7(host: Host) -> None:
    """snap7's simulated S7-315."""
    _controller(host, "s7", 102)


def iec104(host: Host) -> None:
    """lib60870, a controlled station."""
    _controller(host, "iec104", 2404)


def opcua(host: Host) -> None:
    """asyncua without security, for anonymous users."""
    _controller(host, "opcua", 4840)


def opcua_sound(host: Host) -> None:
    """asyncua, signed and encrypted, for users with a name."""
    self_signed(host.folder, host.address)
    _controller(host, "opcua_sound", 4840)


def dnp3(host: Host) -> None:
    """An outstation with address 10."""
    _outstation(host, "dnp3", 20000)


def fins(host: Host) -> None:
    """A CJ2M, over UDP and TCP."""
    _outstation(host, "fins", 9600)


DEVICES: tuple[Device, ...] = (
    ("modbus", "10.77.0.100", "00:80:f4:00:01:00", modbus),
    ("modbus-secure", "10.77.0.101", "00:80:f4:00:01:01", modbus_secure),
    ("bacnet", "10.77.0.102", "00:60:2d:00:01:02", bacnet),
    ("knx", "10.77.0.103", "b8:27:eb:00:01:03", knx),
    ("knx-secure", "10.77.0.104", "00:21:68:00:01:04", knx_secure),
    ("enip", "10.77.0.105", "00:00:bc:00:01:05", enip),
    ("s7", "10.77.0.106", "00:0e:8c:00:01:06", s7),
    ("iec104", "10.77.0.107", "00:30:de:00:01:07", iec104),
    ("opcua", "10.77.0.108", "00:01:05:00:01:08", opcua),
    ("opcua-sound", "10.77.0.109", "00:01:05:00:01:09", opcua_sound),
    ("dnp3", "10.77.0.110", "00:30:a7:00:01:10", dnp3),
    ("fins", "10.77.0.111", "00:00:0a:00:01:11", fins),
)
