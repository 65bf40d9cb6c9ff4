"""Plugs and lamps that no package ships, each as its maker's protocol is published.

Run as ``python gadgets.py KIND ADDRESS LOG``. Every datagram or line that a device did not know,
and every order to change something, is a line of LOG. Bytes are written by hand, or were made by an
independent library (tinytuya 1.20, for Tuya's encryption).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

EVERYBODY = "255.255.255.255"
GROUP = "239.255.255.250"
# {"ip":"192.168.1.50","gwId":"bf0123456789abcdefghij","active":2,"ablilty":0,"encrypt":true,
#  "productKey":"keym9qkuywghyrvs","version":"3.3"} and the same of version 3.5.
TUYA_33 = bytes.fromhex(
    "000055aa00000000000000130000009c00000000d09766676f3369eb10b5e9f132fd802a70172896956a9e330910"
    "344d11ac363f482611d8caa5248ac6cea65bdad007dfc95484d66641cf7820af3e9be42b9f09c2fb8459b1155fc7"
    "5d4bf6699f92cba4c0ba520148045e7605fa0498dfea5aabb162c1feba4a84738ec0fd7fbc8f67097940503ad4b8"
    "ee2424089f37824d90ce6eda8eea40e93b1e3fc14a2570e1827997dc8d520000aa55"
)
TUYA_35 = bytes.fromhex(
    "0000669900000000000000000013000000ab303132333435363738396162042ce52c1986e9abb3bec8436999f733"
    "293fda25acbd8d0b2851e6e71da00fd51b5884a72f672c34128034051fcfa1e5bcc151eb9b5761ea8438e2b63573"
    "02907753c72da02e4fbb9ec12f0a959426f5e37dc8c67f77d30f63906a0a1ba962a814b7e5554b4517c2c599f150"
    "6917e08d506d7171b17503da77e52fa353bd456b36e500fdef605c154d7ea3c55e96b4b1c3853775119a2391e514"
    "dd9ec66d4300009966"
)
HEARTBEAT = bytes.fromhex("000055aa00000000000000090000000865930c220000aa55")
HEARTBEAT_ANSWER = bytes.fromhex("000055aa00000000000000090000000c00000000b051ab030000aa55")
SYSINFO = {
    "system": {
        "get_sysinfo": {
            "sw_ver": "1.2.6 Build 200727 Rel.121701",
            "hw_ver": "1.0",
            "type": "IOT.SMARTPLUGSWITCH",
            "model": "HS110(EU)",
            "mac": "50:C7:BF:00:01:90",
            "dev_name": "Smart Wi-Fi Plug With Energy Monitoring",
            "alias": "Kettle",
            "relay_state": 0,
            "deviceId": "8006E8E9017F556D283C850B4E29BC1F185334E5",
            "latitude_i": 525162,
            "longitude_i": 133777,
            "err_code": 0,
        }
    }
}
YEELIGHT = (
    "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nDate:\r\nExt:\r\n"
    "Location: yeelight://{address}:55443\r\nServer: POSIX UPnP/1.0 YGLC/1\r\n"
    "id: 0x0000000003359a8b\r\nmodel: color\r\nfw_ver: 76\r\n"
    "support: get_prop set_default set_power toggle set_bright\r\npower: on\r\nbright: 100\r\n"
    "color_mode: 2\r\nct: 4000\r\nrgb: 16711680\r\nhue: 100\r\nsat: 35\r\nname: Anna's lamp\r\n"
)
Answer = Callable[[bytes], bytes]


class Gadget(asyncio.DatagramProtocol):
    """A UDP port. ``answer`` gives b"" for silence; ``back`` the port that answers go to, 0 for
    the one that asked.
    """

    def __init__(self, answer: Answer, back: int = 0) -> None:
        self.answer, self.back = answer, back
        self.transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = self.answer(data)
        if said:
            self.transport.sendto(said, (addr[0], self.back or addr[1]))


async def udp(port: int, answer: Answer, back: int = 0, group: str = "") -> None:
    """Hear a port, what is broadcast to it, and a group."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("", port))
    if group:
        member = socket.inet_aton(group) + socket.inet_aton(sys.argv[2])
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    loop = asyncio.get_running_loop()
    transport, gadget = await loop.create_datagram_endpoint(lambda: Gadget(answer, back), sock=sock)
    gadget.transport = transport


def note(line: str) -> None:
    with Path(sys.argv[3]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def only(asked: bytes, said: bytes) -> Answer:
    """Answers one question; anything else is noted."""

    def answer(data: bytes) -> bytes:
        if data != asked:
            note(f"unknown {data!r}")
            return b""
        return said

    return answer


def autokey(data: bytes) -> bytes:
    """Kasa's obscuring: each byte combined with the obscured one before it, the first with 171."""
    out, key = [], 171
    for byte in data:
        key = key ^ byte
        out.append(key)
    return bytes(out)


async def kasa_plug() -> None:
    asked = autokey(b'{"system":{"get_sysinfo":{}}}')
    said = autokey(json.dumps(SYSINFO).encode())
    await udp(9999, only(asked, said))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            size = int.from_bytes(await reader.readexactly(4), "big")
            if size > 4096 or await reader.readexactly(size) != asked:
                note(f"unknown over TCP, {size} bytes")
            else:
                writer.write(struct.pack("!I", len(said)) + said)
                await writer.drain()
        writer.close()

    await asyncio.start_server(serve, "0.0.0.0", 9999)


async def kasa_later(fresh: bool) -> None:
    result = {
        "device_id": "00000000000000000000000000000000",
        "owner": "" if fresh else "7A5B3C7E8D1F00000000000000000000",
        "device_type": "IOT.SMARTPLUGSWITCH",
        "device_model": "KP125M(US)",
        "ip": sys.argv[2],
        "mac": "50-C7-BF-00-01-91",
        "is_support_iot_cloud": True,
        "obd_src": "matter",
        "factory_default": fresh,
        "mgt_encrypt_schm": {
            "is_support_https": False, "encrypt_type": "KLAP", "http_port": 80, "lv": 2,
        },
    }  # fmt: skip
    body = json.dumps({"result": result, "error_code": 0}).encode()
    head = bytes.fromhex("02000001") + struct.pack("!H", len(body)) + bytes.fromhex("0100")
    said = head + bytes(8) + body
    await udp(20002, only(bytes.fromhex("020000010000000000000000463cb5d3"), said))


async def miio(token: str) -> None:
    hello = bytes.fromhex("21310020" + "ff" * 28)
    await udp(54321, only(hello, bytes.fromhex("21310020000000000e254488000003a3" + token)))


async def yeelight() -> None:
    said = YEELIGHT.format(address=sys.argv[2]).encode()

    def answer(data: bytes) -> bytes:
        return said if data.startswith(b"M-SEARCH * ") and b"ST: wifi_bulb" in data else b""

    await udp(1982, answer, group=GROUP)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        properties = {"power": "on", "name": "Anna's lamp", "bright": "100"}
        while line := await reader.readline():
            try:
                order = json.loads(line)
                assert order["method"] == "get_prop"
                values = [properties.get(name, "") for name in order["params"]]
            except (ValueError, KeyError, AssertionError):
                note(f"unknown {line!r}")
                break
            writer.write(json.dumps({"id": order["id"], "result": values}).encode() + b"\r\n")
            await writer.drain()
        writer.close()

    await asyncio.start_server(serve, "0.0.0.0", 55443)


async def lifx() -> None:
    # By the kind of a question: the kind of its answer, and a service, firmware 2.80, a label, a
    # product of the number 27.
    states = {
        2: (3, bytes([1]) + struct.pack("<I", 56700)),
        14: (15, bytes(16) + struct.pack("<HH", 80, 2)),
        23: (25, b"Hall".ljust(32, b"\0")),
        32: (33, struct.pack("<III", 1, 27, 0)),
    }

    def answer(data: bytes) -> bytes:
        size, flags, source = struct.unpack_from("<HHI", data)
        (kind,) = struct.unpack_from("<H", data, 32)
        if size != len(data) or flags & 0x1FFF != 0x1400 or kind not in states:
            note(f"unknown {data!r}")
            return b""
        state, payload = states[kind]
        target = bytes.fromhex("d073d50102030000")
        head = struct.pack("<HHI", 36 + len(payload), 0x1400, source) + target + bytes(8)
        return head + bytes(8) + struct.pack("<HH", state, 0) + payload

    await udp(56700, answer)


async def wiz() -> None:
    common = {"mac": "a8bb50000197", "rssi": -61}
    results = {
        "getPilot": common | {"src": "", "state": True, "sceneId": 0, "temp": 2700, "dimming": 80},
        "getSystemConfig": common
        | {"homeId": 653906, "roomId": 989983, "moduleName": "ESP01_SHRGB1C_31",
           "fwVersion": "1.25.0", "groupId": 0, "ping": 0},
    }  # fmt: skip

    def answer(data: bytes) -> bytes:
        method = json.loads(data).get("method")
        if method not in results:
            note(f"unknown {data!r}")
            return b""
        said = {"method": method, "env": "pro", "result": results[method]}
        return json.dumps(said, separators=(",", ":")).encode()

    await udp(38899, answer)


async def broadlink(locked: bool) -> None:
    said = bytearray(0x80)
    said[0x26] = 7
    said[0x34:0x36] = (0x2737).to_bytes(2, "little")
    said[0x3A:0x40] = bytes.fromhex("34ea34000198")[::-1]
    said[0x40:0x45] = b"Telly"
    said[0x7F] = locked
    said[0x20:0x22] = ((sum(said) + 0xBEAF) & 0xFFFF).to_bytes(2, "little")

    def answer(data: bytes) -> bytes:
        whole = (sum(data) - data[0x20] - data[0x21] + 0xBEAF) & 0xFFFF
        if len(data) != 0x30 or data[0x26] != 6 or data[0x20:0x22] != whole.to_bytes(2, "little"):
            note(f"unknown {data!r}")
            return b""
        return bytes(said)

    await udp(80, answer)


async def govee() -> None:
    data = {
        "ip": sys.argv[2], "device": "1F:80:C5:32:32:36:72:4E", "sku": "H6159",
        "bleVersionHard": "3.01.01", "bleVersionSoft": "1.03.01",
        "wifiVersionHard": "1.00.10", "wifiVersionSoft": "1.02.03",
    }  # fmt: skip
    said = json.dumps({"msg": {"cmd": "scan", "data": data}}).encode()

    def answer(asked: bytes) -> bytes:
        return said if json.loads(asked)["msg"]["cmd"] == "scan" else b""

    await udp(4001, answer, back=4002, group=GROUP)


async def tuya(version: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            if await reader.readexactly(len(HEARTBEAT)) != HEARTBEAT:
                note("unknown over TCP")
            elif version == "3.3":
                writer.write(HEARTBEAT_ANSWER)
                await writer.drain()
                await reader.read()
        writer.close()

    await asyncio.start_server(serve, "0.0.0.0", 6668)
    if version == "3.5":
        # Devices open what the app broadcast with the public key; here its form has to do.
        await udp(7000, lambda asked: TUYA_35 if asked[:4] == TUYA_35[:4] else b"", back=7000)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind((sys.argv[2], 0))  # the interface that it leaves by: there is no route
        while version == "3.3":
            sock.sendto(TUYA_33, (EVERYBODY, 6667))
            await asyncio.sleep(0.3)


async def magic_home() -> None:
    said = f"{sys.argv[2]},ACCF23000204,AK001-ZJ2101".encode()
    await udp(48899, only(b"HF-A11ASSISTHREAD", said))


KINDS = {
    "kasa-plug": kasa_plug,
    "kasa-klap": lambda: kasa_later(False),
    "kasa-new": lambda: kasa_later(True),
    "miio-open": lambda: miio("476e6b70343055483230644c53707a73"),
    "miio-paired": lambda: miio("ff" * 16),
    "yeelight": yeelight,
    "lifx": lifx,
    "wiz": wiz,
    "broadlink": lambda: broadlink(False),
    "broadlink-locked": lambda: broadlink(True),
    "govee": govee,
    "tuya-33": lambda: tuya("3.3"),
    "tuya-34": lambda: tuya("3.4"),
    "tuya-35": lambda: tuya("3.5"),
    "magic-home": magic_home,
}


async def main() -> None:
    await KINDS[sys.argv[1]]()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
