"""What discovery has below UDP on each interface: ARP, echo to all nodes, frames overheard.

All of it is opened together, before any guard is set, which lets no such socket be opened. What
cannot be had is told once in words, with what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv6Address
from typing import Any, Protocol

from iotscan.model import Address
from iotscan.net.ears import why
from iotscan.net.icmp import Echo
from iotscan.net.overhear import Overhearing
from iotscan.net.raw import Frames
from iotscan.probe_api import Attachment
from iotscan.protocols.link.arp import Arp

OnArp = Callable[[str, Arp, bytes, str], None]
OnFrame = Callable[[str, bytes], None]
OnEcho = Callable[[str, bytes, Any], None]


class _Socket(Protocol):
    def start(self) -> None: ...

    def close(self) -> None: ...


class LinkLayer:
    """The sockets of a scan below UDP, by interface. ``note``: takes sentences for the user.

    ``on_arp`` gets (interface, message, its bytes, MAC of the frame), ``on_frame`` (interface,
    frame), ``on_echo`` (interface, ICMPv6 message, sender's socket address).
    """

    def __init__(
        self, note: Callable[[str], None], on_arp: OnArp, on_frame: OnFrame, on_echo: OnEcho
    ) -> None:
        self._note = note
        self._on_arp, self._on_frame, self._on_echo = on_arp, on_frame, on_echo
        self._open: list[_Socket] = []
        self.frames: dict[str, Frames] = {}
        self.echoes: dict[str, list[Echo]] = {}
        self.overhearing: dict[str, Overhearing] = {}

    def open(self, interface: Attachment, asking: Sequence[Address]) -> None:
        """Open what can be opened. ``asking``: own addresses on it from which echo is asked."""
        if interface.mac is None:
            return
        if any(address.version == 4 for address in interface.addresses):
            self._open_frames(interface)
        self._open_overhearing(interface)
        for address in asking:
            if isinstance(address, IPv6Address):
                self._open_echo(interface, address)

    def close(self) -> None:
        """Close every socket; may be called twice."""
        for one in self._open:
            one.close()

    def _started(self, one: _Socket) -> None:
        self._open.append(one)
        one.start()

    def _open_frames(self, interface: Attachment) -> None:
        name = interface.name
        try:
            frames = Frames(interface, partial(self._on_arp, name))
        except PermissionError:
            self._note(
                f"No permission for raw frames on {name}: neighbours come from the kernel's "
                "table, which knows fewer. Run as root, or give this Python the capability "
                "cap_net_raw."
            )
        except OSError as error:
            self._note(f"No raw frames on {name} ({why(error)}).")
        else:
            self.frames[name] = frames
            self._started(frames)

    def _open_overhearing(self, interface: Attachment) -> None:
        name = interface.name
        try:
            overhearing = Overhearing(interface, self._on_frame)
        except OSError as error:
            reason = "no permission" if isinstance(error, PermissionError) else why(error)
            self._note(
                f"Frames on {name} could not be overheard ({reason}): what devices tell everybody "
                "by DHCP, NetBIOS, LLMNR, LLDP, CDP and neighbour discovery was missed."
            )
        else:
            self.overhearing[name] = overhearing
            self._started(overhearing)

    def _open_echo(self, interface: Attachment, own: IPv6Address) -> None:
        name = interface.name
        try:
            echo = Echo(name, own, partial(self._on_echo, name))
        except OSError as error:
            reason = "no permission" if isinstance(error, PermissionError) else why(error)
            self._note(
                f"All IPv6 nodes on {name} could not be asked to show themselves ({reason}): those "
                "that announce nothing were missed."
            )
        else:
            self.echoes.setdefault(name, []).append(echo)
            self._started(echo)
