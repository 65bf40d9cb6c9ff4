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
_NAMED = re.compile(
    r"firmware|sysupgrade|(?:^|[/_.-])(?:fw|ota)[/_.-]|\.(?:trx|chk|fw|ubi|img)$"
    r"|(?:upgrade|update|rom)[^/]*\.(?:bin|tgz|zip)$",
    re.IGNORECASE,
)


def image_in(content: bytes) -> str:
    """Which kind of image these first bytes begin, "" if none."""
    return next((name for magic, name in _IMAGES.items() if content.startswith(magic)), "")


def archive_in(content: bytes) -> str:
    """Which kind of archive these first bytes begin, "" if none."""
    return next((name for magic, name in _ARCHIVES.items() if content.startswith(magic)), "")


def is_named_so(path: str) -> bool:
    """Whether a file of this name is meant to be firmware."""
    return _NAMED.search(path) is not None
