"""mDNS discovery against avahi on a LAN, and against unicast-only devices on loopback."""

from __future__ import annotations

import asyncio
import time
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

import pytest
from zeroconf import DNSPointer

from iotscan.discovery.mdns import DISCOVERER
from iotscan.model import Impact, Packet, Scope, Sighting
from iotscan.net.airwaves import Air
from iotscan.net.limits import Governor
from iotscan.protocols.dns import codec as dns
from iotscan.settings import Limits, Settings

HOME = IPv4Address("127.20.0.0")


class Device(asyncio.DatagramProtocol):
    """Answers on port 5353 of a loopback address, one step a question like a simple stack:
    the types, then the instance, then its place, text and address.
    """

    def __init__(self, bulb: Any) -> None:
        self.bulb = bulb
        self.asked: list[str] = []
        self.transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        pointer, *rest = self.bulb.service("Lamp._odd._tcp.local.")
        for question in dns.parse(data).questions:
            self.asked.append(f"{question.name} {question.kind}")
            match question.name, question.kind:
                case dns.BROWSE, "PTR":
                    records = [DNSPointer(dns.BROWSE, 12, 1, 10, "_odd._tcp.local.")]
                case "_odd._tcp.local.", "PTR":
                    records = [pointer]
                case "Lamp._odd._tcp.local.", _:
                    records = rest
                case _:
                    continue
            self.transport.sendto(self.bulb.packet(*records).data, addr)


async def solicit(
    device: Device, address: str, targets: list[IPv4Address], impact: Impact = Impact.GREET
) -> list[Packet]:
    """Everything the discoverer hears of a device on loopback."""
    limits = Limits(packets_per_second=1e6, host_connections_per_second=1e6)

    async def brief(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.05))

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: device, local_addr=(address, 5353))
    device.transport = transport
    governor = Governor(limits, time.monotonic, brief)
    scope = Scope((ip_network("127.20.0.0/16"),), impact=impact)
    packets: list[Packet] = []
    try:
        async with Air(scope, Settings(limits=limits), governor, packets.append, ()) as air:
            await DISCOVERER.solicit(air, targets)
    finally:
        transport.abort()
    return packets


async def test_a_device_without_multicast_is_resolved_step_by_step(bulb: Any) -> None:
    lamp = type(bulb)("127.20.0.9")
    device = Device(lamp)
    packets = await solicit(device, "127.20.0.9", [HOME + i for i in range(256)])
    said = [found for packet in packets for found in DISCOVERER.read(packet)]
    names = {name for found in said if isinstance(found, Sighting) for name in found.names}
    leads = {
        str(lead.endpoint) for found in said if isinstance(found, Sighting) for lead in found.leads
    }
    assert names == {"Lamp", "bulb"}
    assert leads == {"127.20.0.9:8080/tcp"}
    assert device.asked.count("Lamp._odd._tcp.local. SRV") == 1


async def test_listening_asks_nothing(bulb: Any) -> None:
    device = Device(type(bulb)("127.20.0.9"))
    assert await solicit(device, "127.20.0.9", [HOME + 9], Impact.LISTEN) == []
    assert device.asked == []


async def test_many_targets_on_loopback_are_bounded(bulb: Any) -> None:
    device = Device(type(bulb)("127.20.5.9"))
    await solicit(device, "127.20.5.9", [HOME + i for i in range(1, 65_000)])
    assert device.asked == []


SERVICE = """<service-group><name>Lamp 2</name><service><type>_hap._tcp</type><port>51826</port>
<txt-record>md=Lamp</txt-record><txt-record>sf=1</txt-record></service>
<service><type>_strange._udp</type><port>4711</port></service></service-group>"""


def start_avahi(home: Any, host: Any, name: str) -> None:
    """avahi with a service file and a pid of its own, in a mount namespace: where they are is
    compiled in.
    """
    conf = host.file("avahi.conf", home.avahi(name))
    host.file("lamp.service", SERVICE)
    script = host.file(
        "start.sh",
        f"mount -t tmpfs none /run && mount --bind {host.folder} /etc/avahi/services && "
        f"exec avahi-daemon -f {conf} --no-drop-root --no-chroot --no-rlimits\n",
    )
    host.start("unshare", "--mount", "sh", script)
    # Before that it asks for a second whether its names are free, and answers for none of them.
    host.await_words("successfully established")


@pytest.mark.lab
def test_avahi_is_found_over_both_ip_versions_with_all_its_types(home: Any) -> None:
    start_avahi(home, home.lan.hosts["host0"], "lamp2")
    found = home.discover("mdns", "neighbours", patience=3.0)
    said = [s for s in found["sightings"] if s["source"] == "mdns"]
    hosts = {s["addresses"][0] for s in said}
    assert hosts == {"10.77.0.20", "fe80::a62b:b0ff:fe00:14%lan0"}
    assert {"Lamp 2", "lamp2"} == {name for s in said for name in s["names"]}
    leads = {tuple(lead) for s in said for lead in s["leads"] if s["addresses"][0] == "10.77.0.20"}
    assert leads == {
        ("10.77.0.20:51826/tcp", None, "_hap._tcp"),
        ("10.77.0.20:4711/udp", None, "_strange._udp"),
    }
    unpaired = [o for o in found["observations"] if o["kind"] == "homekit.accessory"]
    assert {o["facts"]["paired"] for o in unpaired} == {False}
    assert found["stopped"] == []
    assert found["blind"] == []


@pytest.mark.lab
def test_one_named_host_is_asked_alone(home: Any, tmp_path: Path) -> None:
    with home.frames(tmp_path / "one.pcap") as frames:
        found = home.discover(
            "arp", "mdns", "ssdp", allow=["10.77.0.21/32"], targets=["10.77.0.21/32"]
        )
    assert any("Only a part of the network on lan0" in note for note in found["blind"])
    sent = [f for f in frames() if f[6:12] == bytes.fromhex("020000000002") and udp(f)]
    assert {f[30:34] for f in sent} == {IPv4Address("10.77.0.21").packed}


@pytest.mark.lab
def test_an_interface_outside_the_scope_hears_nothing(home: Any) -> None:
    home.scanner.run("ip", "link", "add", "lan1", "type", "veth", "peer", "name", "far1")
    for end in ("lan1", "far1"):
        home.scanner.run("sysctl", "-qw", f"net.ipv6.conf.{end}.disable_ipv6=1")
        home.scanner.run("ip", "link", "set", end, "up")
    home.scanner.run("ip", "addr", "add", "10.88.0.2/24", "dev", "lan1")
    try:
        home.discover("arp", "mdns", "ssdp", patience=0.5)
        counted = home.scanner.run("cat", "/sys/class/net/lan1/statistics/tx_packets")
    finally:
        home.scanner.run("ip", "link", "del", "lan1")
    assert counted.stdout.strip() == "0"


def udp(frame: bytes) -> bool:
    return frame[12:14] == b"\x08\x00" and frame[23] == 17
