"""Frames that a link brings by itself, sent to everybody: heard without a word, packet(7).

No group is joined for it, so not even a membership report leaves; the network card is only told to
pass on every multicast frame that reaches it (PACKET_MR_ALLMULTI).
"""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
from collections.abc import Callable

from iotscan.net.packetsocket import Heard, open_packet_socket
from iotscan.probe_api import Attachment

# linux/if_ether.h, linux/if_packet.h, asm-generic/socket.h: Python names only some of them.
_EVERY_TYPE = 0x0003
_SOL_PACKET, _ADD_MEMBERSHIP, _ALL_MULTICAST, _OUTGOING = 263, 1, 2, 4
_ATTACH_FILTER = 26
# Classic BPF: the first byte of the frame has the bit of groups and broadcast, or it is dropped.
_TO_EVERYBODY = ((0x30, 0, 0, 0), (0x45, 0, 1, 1), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0))
_LARGEST_FRAME = 65_535
_AT_ONE_WAKE = 256
_RECEIVE_BUFFER = 1 << 20


class Overhearing(Heard):
    """A packet socket on one interface that only listens, until it is closed.

    ``hear`` is called with (interface name, frame) for all that others send to groups or everybody.
    """

    def __init__(self, interface: Attachment, hear: Callable[[str, bytes], None]) -> None:
        """Raises PermissionError without the privilege, OSError where there are no such sockets."""
        self._name, self._hear = interface.name, hear
        # Protocol 0 hears nothing yet: the filter stands before the first frame comes in.
        self._socket = open_packet_socket(0)
        try:
            self._filter()
            with contextlib.suppress(OSError):  # a smaller buffer loses frames only under a flood
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            index = socket.if_nametoindex(interface.name)
            member = struct.pack("@iHH8s", index, _ALL_MULTICAST, 0, b"")
            self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, member)
            self._socket.bind((interface.name, _EVERY_TYPE))
        except BaseException:
            self._socket.close()
            raise

    def _filter(self) -> None:
        program = b"".join(struct.pack("HBBI", *step) for step in _TO_EVERYBODY)
        kept = ctypes.create_string_buffer(program, len(program))
        pointer = struct.pack("@HP", len(_TO_EVERYBODY), ctypes.addressof(kept))
        self._socket.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, pointer)

    def _readable(self) -> None:
        for _ in range(_AT_ONE_WAKE):
            try:
                frame, (_, _, kind, *_) = self._socket.recvfrom(_LARGEST_FRAME)
            except OSError:
                return  # nothing more for now, or the interface is going away
            if kind != _OUTGOING:
                self._hear(self._name, frame)
