"""The interfaces of this machine and the networks on them, from psutil on every system."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, NetmaskValueError

import psutil

from iotscan.model import Address
from iotscan.net.addresses import zone_of
from iotscan.probe_api import Attachment

# Names that container engines, hypervisors and their plug-ins give to networks inside a machine:
# docker, podman, libvirt, LXC, LXD/Incus, CNI, flannel, Calico, Cilium, kube-proxy, VMware,
# VirtualBox, Hyper-V, Docker Desktop and Parallels.
_INSIDE = re.compile(
    r"docker\d+|docker_gwbridge|br-[0-9a-f]{12}|podman\d+|virbr\d+(-nic)?|lxcbr\d+|lxdbr\d+|"
    r"incusbr\d+|cni\d+|cni-podman\d+|flannel[.\d]+|cali[0-9a-f]+|cilium_\w+|kube-\w+|nerdctl\d+|"
    r"vmnet\d+|vboxnet\d+|vEthernet \(.*\)|bridge1\d\d|vnic\d+",
    re.IGNORECASE,
)
_CONTAINER_END = re.compile(r"veth.*|vnet\d+|tap\d+", re.IGNORECASE)
_TUNNEL = re.compile(
    r"tun\d+|utun\d+|wg\d*|wg-.*|tailscale\d+|zt\w+|ppp\d+|ipsec\d+|nordlynx", re.IGNORECASE
)
# Apple's and others' links that carry no network of the home.
_SYSTEM = re.compile(r"awdl\d+|llw\d+|anpi\d+|gif\d+|stf\d+|ap\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InterfaceNote:
    """An interface, whether a scan takes its networks by default, and why not (empty if so)."""

    attachment: Attachment
    default: bool
    reason: str = ""


def attachments() -> list[Attachment]:
    """The interfaces whose networks a scan without targets takes, by name."""
    return [note.attachment for note in describe_interfaces() if note.default]


def describe_interfaces() -> list[InterfaceNote]:
    """Every interface but loopback, by name, with the reason why it is left out if it is."""
    stats = psutil.net_if_stats()
    notes = []
    for name, entries in sorted(psutil.net_if_addrs().items()):
        state = stats.get(name)
        flags = state.flags.split(",") if state else []
        attachment = _attachment(name, entries, flags)
        if "loopback" in flags or any(address.is_loopback for address in attachment.addresses):
            continue
        reason = _reason(attachment, bool(state and state.isup), "pointopoint" in flags)
        notes.append(InterfaceNote(attachment, not reason, reason))
    return notes


def _reason(attachment: Attachment, up: bool, point_to_point: bool) -> str:
    """Why a scan leaves an interface out by default, "" if it does not."""
    name = attachment.name
    if not up:
        return "it is down"
    if _INSIDE.fullmatch(name):
        return "a network of containers or virtual machines inside this machine"
    if _SYSTEM.fullmatch(name):
        return "a link that the system uses for itself"
    if point_to_point or _TUNNEL.fullmatch(name):
        return "a tunnel, which leads to somebody else's network"
    routable = [address for address in attachment.addresses if not address.is_link_local]
    if _CONTAINER_END.fullmatch(name) and not routable:
        return "this machine's end of a container's or virtual machine's link"
    if not attachment.addresses:
        return "it has no address"
    return ""


def _attachment(name: str, entries: Iterable[object], flags: list[str]) -> Attachment:
    mac, found = None, []
    for entry in entries:
        family, text = getattr(entry, "family", None), str(getattr(entry, "address", "") or "")
        if family == psutil.AF_LINK:
            mac = _mac(text) or mac
        elif family in (socket.AF_INET, socket.AF_INET6):
            mask = str(getattr(entry, "netmask", "") or "")
            address = _address(text, name)
            if address is not None:
                found.append((address, _prefix(address, mask)))
    # Windows tells no flags; its interfaces do multicast unless they are tunnels.
    multicast = "multicast" in flags if flags and flags != [""] else True
    addresses = tuple(address for address, _ in found)
    return Attachment(name, mac, addresses, tuple(prefix for _, prefix in found), multicast)


def _mac(text: str) -> str | None:
    digits = re.sub(r"[:-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits) or digits == "0" * 12:
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _address(text: str, name: str) -> Address | None:
    """A link-local IPv6 address carries its interface, or nobody could send to it."""
    try:
        if ":" not in text:
            return IPv4Address(text)
        address = IPv6Address(text)
    except AddressValueError:
        return None
    if address.is_link_local and not zone_of(address):
        return IPv6Address(f"{address}%{name}")
    return address


def _prefix(address: Address, mask: str) -> int:
    """The prefix length; the usual one (24, 64) where the system does not tell."""
    try:
        if address.version == 4:
            return IPv4Network(f"0.0.0.0/{mask}").prefixlen if mask else 24
        return int(IPv6Address(mask.partition("/")[0])).bit_count() if mask else 64
    except (AddressValueError, NetmaskValueError):
        return 24 if address.version == 4 else 64
