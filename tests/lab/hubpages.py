"""What the lab's players, plugs and bridges say, as their makers publish it."""

from __future__ import annotations

from collections.abc import Mapping

# Status, media type, further fields, body.
Page = tuple[int, str, Mapping[str, str], str]
XML, JSON, HTML = "text/xml", "application/json", "text/html"

ROKU = """<?xml version="1.0" encoding="UTF-8" ?><root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>0</minor></specVersion><device>
<deviceType>urn:roku-com:device:player:1-0:1</deviceType><friendlyName>Roku Ultra</friendlyName>
<manufacturer>Roku</manufacturer><modelName>Roku Ultra</modelName>
<UDN>uuid:28001240-0000-1000-8000-80c5f2000206</UDN></device></root>"""
ROKU_INFO = """<?xml version="1.0" encoding="UTF-8" ?><device-info>
<udn>28001240-0000-1000-8000-80c5f2000206</udn><serial-number>YH00AA000206</serial-number>
<vendor-name>Roku</vendor-name><model-name>Roku Ultra</model-name><wifi-mac>{mac}</wifi-mac>
<software-version>14.1.4</software-version><ecp-setting-mode>{mode}</ecp-setting-mode>
</device-info>"""
EUREKA = {
    "bssid": "12:34:56:78:9a:bc",
    "cast_build_revision": "1.56.330094",
    "connected": True,
    "mac_address": "54:60:09:00:02:08",
    "name": "Den",
    "setup_state": 60,
    "ssdp_udn": "d22acfc2-88c8-405f-8706-af7bcd598f9b",
    "ssid": "home",
    "uptime": 356.06,
}
SONOS = """<?xml version="1.0" encoding="utf-8" ?><root xmlns="urn:schemas-upnp-org:device-1-0">
<device><deviceType>urn:schemas-upnp-org:device:ZonePlayer:1</deviceType>
<friendlyName>10.77.0.209 - Sonos One</friendlyName><manufacturer>Sonos, Inc.</manufacturer>
<modelName>Sonos One</modelName><softwareVersion>70.3-35220</softwareVersion>
<serialNum>94-9F-3E-00-02-09:A</serialNum><UDN>uuid:RINCON_949F3E00020901400</UDN><deviceList>
<device><deviceType>urn:schemas-upnp-org:device:MediaRenderer:1</deviceType><serviceList><service>
<serviceType>urn:schemas-upnp-org:service:AVTransport:1</serviceType>
</service></serviceList></device></deviceList></device></root>"""
SONOS_STATUS = """<?xml version="1.0" ?><ZPSupportInfo><ZPInfo><ZoneName>Bath</ZoneName>
<SerialNumber>94-9F-3E-00-02-09:A</SerialNumber><SoftwareVersion>70.3-35220</SoftwareVersion>
<MACAddress>94:9F:3E:00:02:09</MACAddress></ZPInfo></ZPSupportInfo>"""
SHELLY = {
    "name": None, "id": "shellyplus1-a8032a000210", "mac": "A8032A000210", "gen": 2,
    "model": "SNSW-001X16EU", "fw_id": "20240223-141909/1.2.2-g7c39781", "ver": "1.2.2",
    "app": "Plus1", "auth_en": True, "auth_domain": "shellyplus1-a8032a000210",
}  # fmt: skip
SHELLY_WISH = (
    'Digest qop="auth", realm="shellyplus1-a8032a000210", nonce="65d8f0a1", algorithm=SHA-256'
)
TASMOTA = """<!DOCTYPE html><html lang="en" class=""><head><meta charset='utf-8'>
<title>Lamp - Main Menu</title></head><body><div id='l1' name='l1'></div>
<p></p><form id='but3' style='display: block;' action='cn' method='get'>
<button name=''>Configuration</button></form><form action='in' method='get'>
<button name=''>Information</button></form><form action='up' method='get'>
<button name=''>Firmware Upgrade</button></form><form action='.' method='get'>
<button name='rst' class='button bred'>Restart</button></form>
<a href='https://bit.ly/tasmota' target='_blank'>Tasmota 12.4.0 (tasmota) by Theo Arends</a>
</body></html>"""
HUE = {
    "name": "Hue Bridge", "datastoreversion": "172", "swversion": "1967054020",
    "apiversion": "1.67.0", "mac": "00:17:88:00:02:15", "bridgeid": "001788FFFE000215",
    "factorynew": False, "replacesbridgeid": None, "modelid": "BSB002", "starterkitid": "",
}  # fmt: skip
HUE_PAGE = "<html><head><title>hue personal wireless lighting</title></head><body></body></html>"
# A bridge in software that tells everybody its keys, and was never set up.
EMULATED = HUE | {
    "factorynew": True,
    "linkbutton": True,
    "whitelist": {"f2ab00000000000000000000": {"name": "my app#phone"}},
}
AIRPLAY = {
    "deviceID": "AC:BC:32:00:02:17", "features": 0x4A7FDFD5, "model": "AppleTV6,2",
    "name": "Cinema", "sourceVersion": "366.0", "pk": bytes(range(32)),
}  # fmt: skip
RECEIVER = "urn:x-cast:com.google.cast.receiver"
CAST_STATUS = {
    "requestId": 1,
    "type": "RECEIVER_STATUS",
    "status": {
        "applications": [{"appId": "CC32E753", "displayName": "Spotify"}],
        "volume": {"level": 0.5},
    },
}
