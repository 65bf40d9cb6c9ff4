"""Makes captures of home-like traffic of any size: same seed, same bytes.

``python -m benchmarks.traffic MIX MEGABYTES FILE [SEED]``; FILE may be "-". Mixes: ``video`` (few
large flows), ``flows`` (many small ones), ``chatter`` (what devices say all day), ``home`` (all, by
bytes as in a home).
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_IP = struct.Struct("!BBHHHBBH4s4s")
_TCP = struct.Struct("!HHIIBBHHH")
_UDP = struct.Struct("!HHHH")
_RECORD = struct.Struct("<IIII")
_SYN, _ACK, _FIN, _PUSH = 2, 16, 1, 8
Frame = bytes


class Home:
    """A home of twenty devices behind a router; makes frames for its flows."""

    def __init__(self, seed: int = 1) -> None:
        self.rng = random.Random(seed)
        self.ports = 20_000

    def inside(self) -> bytes:
        return bytes((192, 168, 1, self.rng.randrange(10, 30)))

    def outside(self) -> bytes:
        return bytes((52, *(self.rng.randrange(1, 255) for _ in range(3))))

    def port(self) -> int:
        self.ports = 20_000 + (self.ports - 19_999) % 40_000
        return self.ports


def ethernet(source: bytes, destination: bytes, body: bytes) -> Frame:
    """An Ethernet frame between hosts; everything outside has the router's MAC."""
    return _mac(destination) + _mac(source) + b"\x08\x00" + body


def _mac(address: bytes) -> bytes:
    if address[0] >= 224:
        return b"\x01\x00\x5e" + address[1:]
    return b"\xa4\x2b\xb0\0\0" + (address[3:] if address[0] == 192 else b"\1")


def _ip(source: bytes, destination: bytes, protocol: int, payload: bytes) -> Frame:
    head = _IP.pack(0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0, source, destination)
    return ethernet(source, destination, head + payload)


def udp(source: bytes, sport: int, destination: bytes, dport: int, data: bytes) -> Frame:
    return _ip(source, destination, 17, _UDP.pack(sport, dport, 8 + len(data), 0) + data)


class Tcp:
    """One connection, client first."""

    def __init__(self, client: bytes, cport: int, server: bytes, sport: int) -> None:
        self.sides = ((client, cport), (server, sport))
        self.sequence = [1000, 9000]

    def segment(self, sender: int, flags: int, data: bytes = b"") -> Frame:
        (source, sport), (destination, dport) = self.sides[sender], self.sides[1 - sender]
        head = _TCP.pack(
            sport,
            dport,
            self.sequence[sender],
            self.sequence[1 - sender],
            0x50,
            flags,
            64240,
            0,
            0,
        )
        self.sequence[sender] += len(data) + bool(flags & (_SYN | _FIN))
        return _ip(source, destination, 6, head + data)

    def opened(self) -> Iterator[Frame]:
        yield self.segment(0, _SYN)
        yield self.segment(1, _SYN | _ACK)
        yield self.segment(0, _ACK)

    def closed(self) -> Iterator[Frame]:
        yield self.segment(0, _FIN | _ACK)
        yield self.segment(1, _FIN | _ACK)
        yield self.segment(0, _ACK)


def shaken(home: Home, tls: Tcp) -> Iterator[Frame]:
    """A handshake of TLS 1.3, RFC 8446 appendix A: the hellos, then what is encrypted."""
    change, sealed = b"\x14\x03\x03\0\1\1", b"\x17\x03\x03"
    share = b"\0\x1d\0\x20" + home.rng.randbytes(32)
    told = b"\0\x2b\0\2\3\4" + b"\0\x33" + len(share).to_bytes(2, "big") + share
    chosen = b"\3\3" + home.rng.randbytes(32) + b"\x20" + home.rng.randbytes(32) + b"\x13\1\0"
    body = chosen + len(told).to_bytes(2, "big") + told
    hello = b"\2" + len(body).to_bytes(3, "big") + body
    flight = sealed + (2600).to_bytes(2, "big") + home.rng.randbytes(2600)
    answer = b"\x16\3\3" + len(hello).to_bytes(2, "big") + hello + change + flight
    yield tls.segment(0, _PUSH | _ACK, _hello(home))
    for at in range(0, len(answer), 1448):
        yield tls.segment(1, _ACK, answer[at : at + 1448])
    yield tls.segment(0, _PUSH | _ACK, change + sealed + b"\0\x35" + home.rng.randbytes(53))


def _hello(home: Home) -> bytes:
    """A ClientHello for www.example.com that offers TLS 1.3 and 1.2."""
    name = b"www.example.com"
    listed = b"\0" + len(name).to_bytes(2, "big") + name
    server = len(listed).to_bytes(2, "big") + listed
    offers = b"\0\0" + len(server).to_bytes(2, "big") + server
    offers += b"\0\x2b\0\5\4\3\4\3\3" + b"\0\x0a\0\4\0\2\0\x1d"
    offers += b"\0\x33\0\x26\0\x24\0\x1d\0\x20" + home.rng.randbytes(32)
    offers += b"\0\x15\1\x40" + bytes(320)
    suites = b"\0\6\x13\1\x13\2\xc0\x2f"
    body = b"\3\3" + home.rng.randbytes(32) + b"\x20" + home.rng.randbytes(32) + suites
    body += b"\1\0" + len(offers).to_bytes(2, "big") + offers
    hello = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + len(hello).to_bytes(2, "big") + hello


def video(home: Home) -> Iterator[Frame]:
    """A film over TCP inside TLS, and one over QUIC, interleaved."""
    tcp = Tcp(home.inside(), home.port(), home.outside(), 443)
    yield from tcp.opened()
    yield from shaken(home, tcp)
    viewer, server, port = home.inside(), home.outside(), home.port()
    film = home.rng.randbytes(1448)
    for _ in range(4000):
        yield tcp.segment(1, _ACK, b"\x17\x03\x03\x40\x00" + film[:1443])
        yield tcp.segment(1, _ACK, film)
        yield tcp.segment(0, _ACK)
        yield udp(server, 443, viewer, port, b"\x43" + film[:1249])
        yield udp(server, 443, viewer, port, b"\x51" + film[:1249])
        yield udp(viewer, port, server, 443, b"\x44" + film[:40])
    yield from tcp.closed()


def flows(home: Home) -> Iterator[Frame]:
    """A name looked up, a page fetched, a handshake begun."""
    client, server = home.inside(), home.outside()
    query = home.rng.randbytes(2) + b"\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"
    port = home.port()
    router = bytes((192, 168, 1, 1))
    yield udp(client, port, router, 53, query)
    answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:]
    yield udp(router, 53, client, port, answer + b"\xc0\x0c\0\1\0\1\0\0\1\0\0\4" + server)
    tcp = Tcp(client, home.port(), server, 80)
    yield from tcp.opened()
    yield tcp.segment(0, _PUSH | _ACK, b"GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
    page = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4000\r\n\r\n" + b"x" * 4000
    )
    for at in range(0, len(page), 1448):
        yield tcp.segment(1, _ACK, page[at : at + 1448])
        yield tcp.segment(0, _ACK)
    yield from tcp.closed()
    tls = Tcp(client, home.port(), server, 443)
    yield from tls.opened()
    yield tls.segment(0, _PUSH | _ACK, _hello(home))
    yield tls.segment(1, _PUSH | _ACK, b"\x15\x03\x03\0\2\2\x28")
    yield from tls.closed()


def chatter(home: Home) -> Iterator[Frame]:
    """MQTT, CoAP, mDNS, SSDP and ARP of one device in a minute."""
    client, hub = home.inside(), bytes((192, 168, 1, 10))
    tcp = Tcp(client, home.port(), hub, 1883)
    yield from tcp.opened()
    yield tcp.segment(0, _PUSH | _ACK, b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4lamp")
    yield tcp.segment(1, _PUSH | _ACK, b"\x20\2\0\0")
    for number in range(30):
        reading = b'{"power": %d, "on": true}' % number
        topic = b"\0\x0ahome/lamp1"
        yield tcp.segment(
            0, _PUSH | _ACK, b"\x30" + bytes([len(topic) + len(reading)]) + topic + reading
        )
        yield tcp.segment(1, _ACK)
    yield from tcp.closed()
    yield udp(client, 5683, hub, 5683, b"\x40\x01\x12\x34\xb5state")
    yield udp(hub, 5683, client, 5683, b"\x60\x45\x12\x34\xff1")
    notify = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n"
    notify += b"NTS: ssdp:alive\r\nUSN: uuid:1::upnp:rootdevice\r\nLOCATION: http://x/\r\n\r\n"
    yield udp(client, 1900, bytes((239, 255, 255, 250)), 1900, notify)
    mdns = b"\0\0\x84\0\0\0\0\1\0\0\0\0\4lamp\5local\0\0\1\x80\1\0\0\0\x78\0\4" + client
    yield udp(client, 5353, bytes((224, 0, 0, 251)), 5353, mdns)
    arp = b"\0\1\x08\0\6\4\0\1" + _mac(client) + client + bytes(6) + bytes((192, 168, 1, 1))
    yield b"\xff" * 6 + _mac(client) + b"\x08\x06" + arp.ljust(46, b"\0")


def web(home: Home) -> Iterator[Frame]:
    """A name looked up and thirty kilobytes fetched inside TLS, as most of the web is today."""
    client, server, port = home.inside(), home.outside(), home.port()
    router = bytes((192, 168, 1, 1))
    query = home.rng.randbytes(2) + b"\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"
    yield udp(client, port, router, 53, query)
    answer = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:]
    yield udp(router, 53, client, port, answer + b"\xc0\x0c\0\1\0\1\0\0\1\0\0\4" + server)
    tls = Tcp(client, home.port(), server, 443)
    yield from tls.opened()
    yield from shaken(home, tls)
    page = b"\x17\x03\x03\x05\xa3" + home.rng.randbytes(1443)
    for _ in range(10):
        yield tls.segment(1, _ACK, page)
        yield tls.segment(1, _ACK, page)
        yield tls.segment(0, _ACK)
    yield from tls.closed()


def home_like(home: Home) -> Iterator[Frame]:
    """By bytes six tenths video and a third the web inside TLS; a little of all else."""
    yield from video(home)
    for _ in range(120):
        yield from web(home)
    for _ in range(10):
        yield from flows(home)
        yield from chatter(home)


MIXES: dict[str, Callable[[Home], Iterator[Frame]]] = {
    "video": video,
    "flows": flows,
    "chatter": chatter,
    "home": home_like,
}


def write(mix: str, size: int, out: BinaryIO, seed: int = 1) -> int:
    """Write a pcap of about ``size`` bytes; the number of frames."""
    home, make = Home(seed), MIXES[mix]
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
    written, count, at = 24, 0, 1_700_000_000 * 1_000_000
    while written < size:
        records = []
        for frame in make(home):
            at += 150
            records.append(_RECORD.pack(at // 1_000_000, at % 1_000_000, len(frame), len(frame)))
            records.append(frame)
            count += 1
        block = b"".join(records)
        out.write(block)
        written += len(block)
    return count


def main(mix: str, megabytes: str, path: str, seed: str = "1") -> None:
    """Make a capture; "-" for standard output, with the number of frames on the other one."""
    size = int(float(megabytes) * 1e6)
    if path == "-":
        print(write(mix, size, sys.stdout.buffer, int(seed)), "frames", file=sys.stderr)
    else:
        with Path(path).open("wb") as file:
            print(write(mix, size, file, int(seed)), "frames")


if __name__ == "__main__":
    main(*sys.argv[1:])
