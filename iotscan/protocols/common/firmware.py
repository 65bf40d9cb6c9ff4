"""What firmware images begin with, and what they are called.

Sources: U-Boot (include/image.h), OpenWrt's TRX, SquashFS (both byte orders), ELF, UBI (mtd-utils),
flattened device trees. Archives prove nothing without a name, names nothing without a content.
"""

from __future__ import annotations

import re

_IMAGES = {
    b"\x27\x05\x19\x56": "u-boot",
    b"HDR0": "trx",
    b"hsqs": "squashfs",
    b"sqsh": "squashfs",
    b"\x7fELF": "elf",
    b"UBI#": "ubi",
    b"\xd0\x0d\xfe\xed": "device tree",
}
_ARCHIVES = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}
# Espressif: magic, segments, flash mode, size and speed. Intel HEX: count, address, type, data.
_ESP = re.compile(rb"\xe9[\x01-\x10][\x00-\x03][\x00-\x9f]", re.DOTALL)
_HEX = re.compile(rb"(?::[0-9A-Fa-f]{10,74}\r?\n){3}")
_NAMED = re.compile(
    r"firmware|sysupgrade|(?:^|[/_.-])(?:fw|ota)[/_.-]|\.(?:trx|chk|fw|ubi|img)$"
    r"|(?:upgrade|update|rom)[^/]*\.(?:bin|tgz|zip|hex)$",
    re.IGNORECASE,
)


def image_in(content: bytes) -> str:
    """Which kind of image these first bytes begin, "" if none."""
    return next((name for magic, name in _IMAGES.items() if content.startswith(magic)), "")


def archive_in(content: bytes) -> str:
    """Which kind of archive these first bytes begin, or image that others could begin with as
    well; "" if none.
    """
    if _ESP.match(content):
        return "esp"
    if _HEX.match(content):
        return "intel hex"
    return next((name for magic, name in _ARCHIVES.items() if content.startswith(magic)), "")


def is_named_so(path: str) -> bool:
    """Whether a file of this name is meant to be firmware."""
    return _NAMED.search(path) is not None
