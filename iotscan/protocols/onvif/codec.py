"""ONVIF calls that only read, their answers, and WS-UsernameToken logins.

ONVIF Core Specification 5.9 (who may call what) and the device and media service specifications;
OASIS Web Services Security UsernameToken Profile 1.0.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from iotscan.errors import Malformed
from iotscan.protocols.encodings import xmltree

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEVICE_SERVICE = "/onvif/device_service"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
)
_CALLED = re.compile(rb"<([A-Z][A-Za-z]{2,40}) xmlns=\"http://www\.onvif\.org/ver10/")
_REFUSED = re.compile(
    r"not ?authori[sz]ed|authori[sz]ation|unauthori[sz]ed|authority failure|FailedAuthentication",
    re.IGNORECASE,
)
_LOCKED = re.compile(r"\block|too many", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """A call. ``public``: the specification lets everybody make it (access class PRE_AUTH)."""

    name: str
    namespace: str
    public: bool = False


CLOCK = Call("GetSystemDateAndTime", _DEVICE, public=True)
CAPABILITIES = Call("GetCapabilities", _DEVICE, public=True)
INFORMATION = Call("GetDeviceInformation", _DEVICE)
USERS = Call("GetUsers", _DEVICE)
PROFILES = Call("GetProfiles", _MEDIA)
SNAPSHOT = Call("GetSnapshotUri", _MEDIA)
STREAM = Call("GetStreamUri", _MEDIA)
CALLS = {
    call.name: call
    for call in (CLOCK, CAPABILITIES, INFORMATION, USERS, PROFILES, SNAPSHOT, STREAM)
}
# A stream over RTSP to one receiver: the media service specification, GetStreamUri.
_SETUP = (
    f'<StreamSetup><Stream xmlns="{_SCHEMA}">RTP-Unicast</Stream>'
    f'<Transport xmlns="{_SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an answer to ``call``, or a fault (``call`` is then "").

    ``refused``: the fault says that a login is needed; ``locked``: that too many were tried.
    ``utc``: the device's clock as WS-Security writes it; ``media``: the address of the media
    service; ``profile``: the first profile's token; ``uri``: where a picture or a stream is.
    """

    call: str
    refused: bool = False
    locked: bool = False
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    users: int = 0
    utc: str = ""
    media: str = ""
    profile: str = ""
    uri: str = ""


def request(
    call: Call, security: str = "", profile: str = ""
) -> tuple[list[tuple[str, str]], bytes]:
    """(headers, body) of a POST that makes a call. ``security``: what :func:`token` gave;
    ``profile``: the token that the calls for addresses ask for.
    """
    inside = f"<ProfileToken>{escape(profile)}</ProfileToken>" if profile else ""
    if call is STREAM:
        inside = _SETUP + inside
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
        f"{f'<s:Header>{security}</s:Header>' if security else ''}"
        f'<s:Body><{call.name} xmlns="{call.namespace}">{inside}</{call.name}></s:Body>'
        "</s:Envelope>"
    )
    if call is CAPABILITIES:
        body = body.replace("</GetCapabilities>", "<Category>All</Category></GetCapabilities>")
    kind = f'application/soap+xml; charset=utf-8; action="{call.namespace}/{call.name}"'
    return [("Content-Type", kind)], body.encode()


def called(body: bytes) -> Call | None:
    """Which call a request of ours makes."""
    found = _CALLED.search(body)
    return CALLS.get(found[1].decode()) if found else None


def token(username: str, secret: bytes, created: str, nonce: bytes) -> tuple[str, bytes]:
    """(Security header, the part of it that must be kept secret): a login by PasswordDigest.

    ``created``: the device's own clock, for it refuses what is minutes off; ``nonce``: another one
    for each login.
    """
    # The profile prescribes SHA-1; nothing of ours relies on it.
    raw = hashlib.sha1(nonce + created.encode() + secret, usedforsecurity=False).digest()
    digest, once = base64.b64encode(raw).decode(), base64.b64encode(nonce).decode()
    header = (
        f'<Security s:mustUnderstand="1" xmlns="{_WSSE}"><UsernameToken>'
        f"<Username>{escape(username)}</Username>"
        f'<Password Type="{_DIGEST}">{digest}</Password><Nonce>{once}</Nonce>'
        f'<Created xmlns="{_WSU}">{escape(created)}</Created></UsernameToken></Security>'
    )
    return header, digest.encode()


def parse(body: bytes) -> Answer:
    """What a device answered to a call. Raises Malformed for what is no SOAP answer."""
    root = xmltree.parse(body)
    inside = xmltree.child(root, "Body")
    if xmltree.name(root) != "Envelope" or inside is None or not len(inside):
        raise Malformed("not a SOAP answer")
    said = inside[0]
    name = xmltree.name(said)
    if name == "Fault":
        words = " ".join(part for part in said.itertext())[:2048]
        return Answer("", bool(_REFUSED.search(words)), bool(_LOCKED.search(words)))
    profiles = xmltree.child(said, "Profiles")
    return Answer(
        name.removesuffix("Response") if name.endswith("Response") else "",
        manufacturer=xmltree.text(said, "Manufacturer"),
        model=xmltree.text(said, "Model"),
        firmware=xmltree.text(said, "FirmwareVersion"),
        serial=xmltree.text(said, "SerialNumber"),
        users=len(xmltree.children(said, "User")),
        utc=_clock(xmltree.find(said, "SystemDateAndTime", "UTCDateTime")),
        media=xmltree.text(said, "Capabilities", "Media", "XAddr"),
        profile=profiles.get("token", "") if profiles is not None else "",
        uri=xmltree.text(said, "MediaUri", "Uri"),
    )


def _clock(element: Element | None) -> str:
    parts = [
        xmltree.text(element, *path)
        for path in (
            ("Date", "Year"),
            ("Date", "Month"),
            ("Date", "Day"),
            ("Time", "Hour"),
            ("Time", "Minute"),
            ("Time", "Second"),
        )
    ]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        return ""
    year, month, day, hour, minute, second = map(int, parts)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
