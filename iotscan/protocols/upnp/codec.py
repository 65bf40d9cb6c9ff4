"""UPnP descriptions, service descriptions (SCPD) and SOAP. UPnP Device Architecture 2.0, 2 and 3.

All XML comes from devices: no DTD, no entities, bounded size and depth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from iotscan.errors import Malformed
from iotscan.protocols.encodings.xmltree import LARGEST as LARGEST
from iotscan.protocols.encodings.xmltree import child as _child
from iotscan.protocols.encodings.xmltree import children as _children
from iotscan.protocols.encodings.xmltree import name as _name
from iotscan.protocols.encodings.xmltree import parse as _tree
from iotscan.protocols.encodings.xmltree import text as _text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MOST_DEVICES = 32
_MOST_SERVICES = 64
_MOST_ACTIONS = 256


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One service of a device; the URLs are as written, relative ones too."""

    type: str
    scpd_url: str
    control_url: str


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One device of a description; empty fields were not given. ``udn`` without "uuid:"."""

    type: str = ""
    friendly_name: str = ""
    manufacturer: str = ""
    model_name: str = ""
    model_number: str = ""
    serial: str = ""
    udn: str = ""
    services: tuple[ServiceEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """``devices``: the root device first, then the embedded ones."""

    devices: tuple[DeviceEntry, ...]
    url_base: str = ""

    @property
    def root(self) -> DeviceEntry:
        return self.devices[0]

    def services(self) -> Iterator[ServiceEntry]:
        for device in self.devices:
            yield from device.services


@dataclass(frozen=True, slots=True)
class Fault:
    """A UPnPError: 402 invalid args, 606 action not authorized, 713 array index invalid …"""

    code: int
    description: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The out arguments of an action, by name."""

    action: str
    values: Mapping[str, str]


def parse_description(data: bytes) -> Description:
    """A device description. Raises Malformed."""
    root = _tree(data)
    device = _child(root, "device")
    if _name(root) != "root" or device is None:
        raise Malformed("not a UPnP device description")
    entries: list[DeviceEntry] = []
    waiting = [device]
    while waiting and len(entries) < _MOST_DEVICES:
        element = waiting.pop(0)
        entries.append(_device(element))
        waiting += _children(_child(element, "deviceList"), "device")
    return Description(tuple(entries), _text(root, "URLBase"))


def parse_scpd(data: bytes) -> tuple[str, ...]:
    """The names of the actions that a service describes. Raises Malformed."""
    root = _tree(data)
    if _name(root) != "scpd":
        raise Malformed("not a UPnP service description")
    actions = _children(_child(root, "actionList"), "action")[:_MOST_ACTIONS]
    return tuple(name for action in actions if (name := _text(action, "name")))


def soap_request(
    service: str, action: str, arguments: Mapping[str, str] | None = None
) -> tuple[list[tuple[str, str]], bytes]:
    """(headers, body) that call an action. ``service`` is its type, which the device wrote."""
    values = "".join(f"<{k}>{escape(v)}</{k}>" for k, v in (arguments or {}).items())
    kind = escape(service, {'"': "&quot;"})
    body = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{action} xmlns:u="{kind}">{values}</u:{action}></s:Body></s:Envelope>'
    )
    headers = [
        ("Content-Type", 'text/xml; charset="utf-8"'),
        ("SOAPACTION", f'"{service}#{action}"'),
    ]
    return headers, body.encode()


def parse_soap(data: bytes) -> Reply | Fault:
    """What the device answered to an action. Raises Malformed."""
    root = _tree(data)
    body = _child(root, "Body")
    answer = body[0] if body is not None and len(body) else None
    if _name(root) != "Envelope" or answer is None:
        raise Malformed("not a SOAP answer")
    if _name(answer) == "Fault":
        error = next((item for item in answer.iter() if _name(item) == "UPnPError"), None)
        code = _text(error, "errorCode") if error is not None else ""
        if error is None or not (code.isascii() and code.isdigit() and len(code) <= 9):
            raise Malformed("a SOAP fault without a UPnP error")
        return Fault(int(code), _text(error, "errorDescription"))
    return Reply(
        _name(answer).removesuffix("Response"),
        {_name(item): (item.text or "").strip() for item in answer},
    )


def _device(element: Element) -> DeviceEntry:
    services = _children(_child(element, "serviceList"), "service")[:_MOST_SERVICES]
    return DeviceEntry(
        _text(element, "deviceType"),
        _text(element, "friendlyName"),
        _text(element, "manufacturer"),
        _text(element, "modelName"),
        _text(element, "modelNumber"),
        _text(element, "serialNumber"),
        _text(element, "UDN").lower().removeprefix("uuid:"),
        tuple(
            ServiceEntry(
                _text(service, "serviceType"),
                _text(service, "SCPDURL"),
                _text(service, "controlURL"),
            )
            for service in services
        ),
    )
