"""The binary encoding of OPC UA (OPC 10000-6 section 5.2): values read in order, and written."""

from __future__ import annotations

from iotscan.errors import Malformed

_NULL = 0xFFFFFFFF
# Extension objects and diagnostics nest; what is deeper than this was made to hurt.
_DEEPEST = 4


def number(value: int) -> bytes:
    """A UInt32."""
    return value.to_bytes(4, "little")


def text(value: str | None) -> bytes:
    """A String or ByteString; None is the null one."""
    if value is None:
        return number(_NULL)
    encoded = value.encode()
    return number(len(encoded)) + encoded


class Cursor:
    """Reads values one after the other. Every method raises Malformed when the bytes end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def skip(self, count: int) -> bytes:
        """The next bytes."""
        end = self._at + count
        if end > len(self._data):
            raise Malformed("an OPC UA value is cut off")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def number(self) -> int:
        """A UInt32."""
        return int.from_bytes(self.skip(4), "little")

    def data(self) -> bytes:
        """A ByteString; a null one is empty."""
        length = self.number()
        return b"" if length == _NULL else self.skip(length)

    def text(self) -> str:
        """A String; a null one is empty."""
        return self.data().decode("utf-8", "backslashreplace")

    def localized(self) -> str:
        """The text of a LocalizedText, whatever its locale."""
        (mask,) = self.skip(1)
        if mask & 1:
            self.text()
        return self.text() if mask & 2 else ""

    def type_id(self) -> int:
        """The number of a NodeId in namespace 0. Raises Malformed for any other NodeId."""
        (form,) = self.skip(1)
        if form == 0:
            return self.skip(1)[0]
        if form == 1:
            (space,) = self.skip(1)
            value = int.from_bytes(self.skip(2), "little")
        elif form == 2:
            space, value = int.from_bytes(self.skip(2), "little"), self.number()
        else:
            raise Malformed("no service has such an id")
        if space:
            raise Malformed("no service has such an id")
        return value

    def response_header(self) -> int:
        """Pass over a ResponseHeader; its result, 0 for success."""
        self.skip(12)
        result = self.number()
        self._diagnostics(_DEEPEST)
        self.texts()
        self.type_id()
        if self.skip(1) != b"\0":
            self.data()
        return result

    def _diagnostics(self, depth: int) -> None:
        """Pass over a DiagnosticInfo: a mask, then what it announces."""
        (mask,) = self.skip(1)
        for bit in (1, 2, 4, 8):
            if mask & bit:
                self.skip(4)
        if mask & 0x10:
            self.text()
        if mask & 0x20:
            self.skip(4)
        if mask & 0x40:
            if not depth:
                raise Malformed("diagnostics without end")
            self._diagnostics(depth - 1)

    def texts(self) -> None:
        """Pass over an array of Strings."""
        for _ in range(self._count()):
            self.data()

    def _count(self) -> int:
        count = self.number()
        if count == _NULL:
            return 0
        if count > len(self._data):
            raise Malformed("an array is longer than what holds it")
        return count

    def application(self) -> tuple[str, str, str]:
        """(application URI, product URI, name) of an ApplicationDescription."""
        uri, product, name = self.text(), self.text(), self.localized()
        self.skip(4)
        self.text()
        self.text()
        self.texts()
        return uri, product, name

    def tokens(self, most: int) -> list[int]:
        """The types of an array of UserTokenPolicy."""
        count = self._count()
        if count > most:
            raise Malformed("more user token policies than a server has")
        kinds = []
        for _ in range(count):
            self.text()
            kinds.append(self.number())
            for _ in range(3):
                self.text()
        return kinds
