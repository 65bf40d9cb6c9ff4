"""Files that devices fetch by HTTP: firmware, and what only looks like it."""

from __future__ import annotations

import pytest
from conversing import found, tcp

FILE = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\n"


def get(fields: str, path: str = "/") -> str:
    return f"GET {path} HTTP/1.1\r\nHost: cam\r\n{fields}\r\n\r\n"


CASES: dict[str, tuple[list[bytes], str]] = {
    "fw bin uimage": (
        tcp(
            80,
            ("c", get("User-Agent: Wget", "/fw/update.bin")),
            ("s", FILE + b"'\x05\x19V" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw squashfs": (
        tcp(
            80,
            ("c", get("User-Agent: Wget", "/fw/rootfs.img")),
            ("s", FILE + b"hsqs" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw elf bot": (
        tcp(
            80,
            ("c", get("User-Agent: Wget", "/bins/mirai.arm7")),
            ("s", FILE + b"\x7fELF\x01\x01\x01" + bytes(9) + b"\x02\x00(\x00" + bytes(4076)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw esp8266": (
        tcp(
            80,
            (
                "c",
                get(
                    "User-Agent: ESP8266-http-Update\r\nx-ESP8266-mode: sketch",
                    "/ota.bin",
                ),
            ),
            ("s", FILE + b"\xe9\x01\x02@" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw trx": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/a/firmware_v1.2.trx")),
            ("s", FILE + b"HDR0" + bytes(4092)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw gz tar": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/firmware/dev_1.2.3.tar.gz")),
            ("s", FILE + b"\x1f\x8b\x08" + bytes(4093)),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw image jpg no": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/img/a.jpg")),
            ("s", FILE + b"\xff\xd8\xff\xe0" + bytes(4092)),
        ),
        "http-cleartext",
    ),
    "fw zip page no": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/docs/manual.zip")),
            ("s", FILE + b"PK\x03\x04" + bytes(4092)),
        ),
        "http-cleartext",
    ),
    "fw hex": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/fw/update.hex")),
            (
                "s",
                b"HTTP/1.1 200 OK\r\nContent-Length: 440\r\n\r\n"
                + b":10010000214601360121470136007EFE09D2190140\r\n" * 10,
            ),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
    "fw 404": (
        tcp(
            80,
            ("c", get("User-Agent: x", "/fw/update.bin")),
            ("s", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "fw head": (
        tcp(
            80,
            ("c", "HEAD /fw/update.bin HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("s", "HTTP/1.1 200 OK\r\nContent-Length: 4096\r\n\r\n"),
        ),
        "http-cleartext",
    ),
    "fw range": (
        tcp(
            80,
            ("c", get("Range: bytes=0-1023", "/fw/update.bin")),
            (
                "s",
                b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1024\r\n\r\n"
                + b"'\x05\x19V"
                + bytes(1020),
            ),
        ),
        "firmware-download-cleartext http-cleartext",
    ),
}


@pytest.mark.parametrize(("frames", "expected"), CASES.values(), ids=CASES)
def test_what_is_proven_is_found_and_nothing_else(frames: list[bytes], expected: str) -> None:
    assert found(frames) == expected.split()
