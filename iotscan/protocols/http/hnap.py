"""HNAP, by which apps set up routers, plugs and hubs: what a device answers that it is.

Home Network Administration Protocol: SOAP over HTTP, GetDeviceSettings is answered to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping

from iotscan.errors import Malformed
from iotscan.protocols.encodings import xmltree
from iotscan.text import clean

_NAMESPACE = b"purenetworks.com/HNAP1"
_ANSWER, _RESULT = "GetDeviceSettingsResponse", "GetDeviceSettingsResult"
_WORDS = {
    "vendor": "VendorName",
    "model": "ModelName",
    "firmware": "FirmwareVersion",
    "name": "DeviceName",
}


def settings(body: bytes) -> Mapping[str, str]:
    """vendor, model, firmware and name, as far as an answer tells them; empty for all else."""
    if _NAMESPACE not in body[:1024]:
        return {}
    try:
        answer = xmltree.find(xmltree.parse(body), "Body", _ANSWER)
    except Malformed:
        return {}
    if xmltree.text(answer, _RESULT) != "OK":
        return {}
    told = {word: clean(xmltree.text(answer, tag), 64) for word, tag in _WORDS.items()}
    return {word: text for word, text in told.items() if text}
