"""What a telnet banner gives away about the device before any login. Pure.

Each entry is a fact about what a product prints; names are only given where the text itself
states them. General fingerprints live in the rules, this reads what has a place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# (pattern, facts that hold when it matches); named groups become facts of the same name.
_KNOWN: tuple[tuple[str, dict[str, str]], ...] = (
    (r"MikroTik v(?P<firmware>\d[\w.]*)", {"vendor": "MikroTik", "product": "RouterOS"}),
    (r"BusyBox v(?P<busybox>\d+\.\d+[\w.]*)", {}),
    (r"Linux(?: version)? (?P<kernel>\d+\.\d+\.\d+[\w.+-]*)", {}),
    (r"Kernel (?P<kernel>\d+\.\d+\.\d+[\w.+-]*) on an? (?P<machine>\w+)", {}),
    (r"(?P<product>OpenWrt|LEDE)[ ,]+(?P<firmware>\d[\w.]+)", {"vendor": "OpenWrt"}),
    (r"DD-WRT v(?P<firmware>\d+\S*)", {"product": "DD-WRT"}),
    (r"\b(?P<model>(?:RT|GT|TUF|DSL)-[A-Z]{1,3}\d{2,5}[A-Z]?) login:", {"vendor": "ASUS"}),
    (r"\b(?P<model>D(?:IR|CS|AP|SL|SP|GS|VA)-\d{3,4}[A-Z]*)\b", {"vendor": "D-Link"}),
    (r"\bTL-(?P<model>[A-Z]{2,4}\d{3,5}\w*)", {"vendor": "TP-Link"}),
    (r"\bTP-?LINK\b", {"vendor": "TP-Link"}),
    (r"\b(?P<model>(?:ZXHN|ZXV10|ZXA10)[ -]\w+)", {"vendor": "ZTE"}),
    (r"\bF6\d\dA? login:", {"vendor": "ZTE"}),
    (r"\bZyXEL\b", {"vendor": "Zyxel"}),
    (r"\b(?P<model>(?:VMG|AMG|NBG|P-)\d{3,4}\w*(?:-\w+)?) Login:", {"vendor": "Zyxel"}),
    (r"Welcome to (?:Visiting )?Huawei Home Gateway", {"vendor": "Huawei"}),
    (r"\b(?P<model>HG\d{3,4}\w*|EchoLife \w+)", {"vendor": "Huawei"}),
    (r"\bDraytek\b", {"vendor": "DrayTek"}),
    (r"\bNETGEAR\b", {"vendor": "NETGEAR"}),
    (r"\bUser Access Verification\b", {"vendor": "Cisco"}),
    (r"\bCisco\b", {"vendor": "Cisco"}),
    (r"\bubnt\b|\bUbiquiti\b", {"vendor": "Ubiquiti"}),
    (r"\bdvrdvs login:", {"vendor": "Hikvision"}),
    (r"\b(?:DahuaDVR|dahua)\b", {"vendor": "Dahua"}),
    (r"^LocalHost login:", {"vendor": "Xiongmai"}),
    (r"\b(?P<model>hi35\d\d\w*|Hi3\d{3}\w*)", {"vendor": "HiSilicon"}),
    (r"\bGM8\d{3}\b", {"vendor": "Grain Media"}),
    (r"\banyka\b", {"vendor": "Anyka"}),
    (r"Welcome to Microsoft Telnet Service", {"vendor": "Microsoft", "product": "Telnet Service"}),
    (r"\bHP JetDirect\b", {"vendor": "HP", "product": "JetDirect", "device_kind": "printer"}),
    (r"\bVxWorks(?: (?:version )?(?P<firmware>\d[\w.]+))?", {"product": "VxWorks"}),
    (r"\bLantronix\b", {"vendor": "Lantronix"}),
    (r"\bMoxa\b|\bNPort\b", {"vendor": "Moxa"}),
    (r"American Power Conversion|\bAPC\b.{0,40}Network Management", {"vendor": "APC"}),
    (r"\bGrandstream (?P<model>[A-Z]{2,3}\d{3,4}\w*)", {"vendor": "Grandstream"}),
    (r"\bGrandstream\b", {"vendor": "Grandstream"}),
    (r"\bQNAP\b", {"vendor": "QNAP", "device_kind": "nas"}),
    (r"\bSynology\b|\bDiskStation\b", {"vendor": "Synology", "device_kind": "nas"}),
    (r"\b(?P<product>Debian GNU/Linux|Raspbian GNU/Linux|Ubuntu) (?P<firmware>\d[\w.]*)", {}),
    (r"\b(?P<product>OpenBSD|FreeBSD|NetBSD)\b", {}),
    (r"\bbuildroot\b", {"product": "Buildroot"}),
    (r"\b(?:S/?N|Serial(?: (?:No|Number))?)\.? ?[:=#]? ?(?P<serial>[A-Z0-9][A-Z0-9-]{5,24})\b", {}),
    (r"\b(?P<mac>(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})\b", {}),
    (
        r"(?:Firmware|F/W|Software|SW|FW) ?(?:Version|Ver|Rev(?:ision)?)?\.?[ :=]+"
        r"v?(?P<firmware>\d[\w.()-]+)",
        {},
    ),
    (r"\bModel(?: (?:Name|No))?\.? ?[:=] ?(?P<model>\w[\w-]{1,30})", {}),
)
_PATTERNS = tuple((re.compile(pattern, re.I | re.M), facts) for pattern, facts in _KNOWN)
_HOST = re.compile(r"^(?P<host>[A-Za-z0-9][\w.-]{1,62}) [Ll]ogin: ?$", re.MULTILINE)
_NOT_HOSTS = frozenset({"please", "user", "telnet", "your", "the", "enter", "last", "account"})
# Facts that help an attacker choose what to attack, or name the device's owner or unit.
_TELLING = ("model", "firmware", "kernel", "busybox", "machine", "serial", "mac", "host")
# Cowrie's host name out of the box, which few of its operators change.
_HONEYPOT = re.compile(r"\b(?:root|admin)@svr04:", re.IGNORECASE)


def read_banner(text: str) -> dict[str, str]:
    """Facts a banner states: vendor, product, model, firmware, kernel, machine, busybox, host,
    serial, mac, device_kind. The first entry that states a fact wins.
    """
    facts: dict[str, str] = {}
    for name, value in _found(text[:8192]):
        facts.setdefault(name, value)
    return facts


def _found(text: str) -> Iterator[tuple[str, str]]:
    for pattern, known in _PATTERNS:
        match = pattern.search(text)
        if match is None:
            continue
        yield from known.items()
        yield from ((name, value) for name, value in match.groupdict().items() if value)
    host = _HOST.search(text)
    if host and host["host"].lower() not in _NOT_HOSTS:
        yield "host", host["host"]


def telling(facts: dict[str, str]) -> tuple[str, ...]:
    """Which of these facts a stranger should not learn before logging in."""
    return tuple(name for name in _TELLING if name in facts)


def looks_like_honeypot(text: str) -> bool:
    """Whether a shell prompt is the one a well-known honeypot shows out of the box."""
    return _HONEYPOT.search(text) is not None
