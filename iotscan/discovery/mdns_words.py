"""What DNS-SD service types and TXT keys mean: data for the mDNS reader.

Sources: the service-name registry of IANA; the HomeKit Accessory Protocol and Matter Core
specifications; Bonjour Printing 1.2.1; records of common products.
"""

from __future__ import annotations

from collections.abc import Mapping

# Asked for in the first query, to save a round: types that home devices use, common ones first.
COMMON_TYPES = (
    "_hap._tcp",
    "_matter._tcp",
    "_matterc._udp",
    "_meshcop._udp",
    "_meshcop-e._udp",
    "_mqtt._tcp",
    "_secure-mqtt._tcp",
    "_coap._udp",
    "_http._tcp",
    "_https._tcp",
    "_telnet._tcp",
    "_ssh._tcp",
    "_ipp._tcp",
    "_printer._tcp",
    "_googlecast._tcp",
    "_airplay._tcp",
    "_hue._tcp",
    "_esphomelib._tcp",
    "_shelly._tcp",
    "_rtsp._tcp",
    "_workstation._tcp",
    "_device-info._tcp",
)

# The protocol that a type promises, by the names that services carry here. Only bytes decide in
# the end; this says what to try first.
PROTOCOLS: Mapping[str, str] = {
    "_mqtt._tcp": "mqtt",
    "_secure-mqtt._tcp": "mqtt",
    "_coap._udp": "coap",
    "_coaps._udp": "coap",
    "_coap._tcp": "coap",
    "_telnet._tcp": "telnet",
    "_esphomelib._tcp": "esphome",
    "_googlecast._tcp": "cast",
    "_airplay._tcp": "airplay",
}
TLS_TYPES = frozenset(
    {"_secure-mqtt._tcp", "_https._tcp", "_ipps._tcp", "_coaps._tcp", "_googlecast._tcp"}
)

# TXT keys under which products say what they are; the first that is there counts.
TRAITS: Mapping[str, tuple[str, ...]] = {
    "vendor": ("manufacturer", "vendor", "usb_mfg", "mfg", "vn"),
    "model": ("model", "md", "modelid", "modelname", "usb_mdl", "ty", "product", "mn", "am"),
    "firmware": ("fv", "fw", "firmware", "firmwareversion", "fw_version", "swversion"),
    "serial": ("serialnumber", "serial", "sn"),
    "friendly_name": ("fn", "friendly_name"),
    "os": ("osxvers",),
}
# Keys that mean it only in one type.
TRAITS_OF_TYPE: Mapping[tuple[str, str], str] = {
    ("_esphomelib._tcp", "version"): "firmware",
    ("_esphomelib._tcp", "board"): "model",
    ("_shelly._tcp", "ver"): "firmware",
    ("_shelly._tcp", "app"): "model",
    ("_octoprint._tcp", "version"): "firmware",
    ("_matterc._udp", "dn"): "friendly_name",
    ("_amzn-wplay._tcp", "n"): "friendly_name",
}
# Instance names of these types are identifiers, not names for people.
NAMELESS_TYPES = frozenset(
    {
        "_matter._tcp",
        "_matterc._udp",
        "_matterd._udp",
        "_googlecast._tcp",
        "_sleep-proxy._udp",
        "_trel._udp",
        "_srpl-tls._tcp",
        "_dacp._tcp",
        "_homekit._tcp",
        "_apple-mobdev2._tcp",
        "_remotepairing._tcp",
        "_spotify-connect._tcp",
        "_amzn-wplay._tcp",
        "_amzn-alexa._tcp",
    }
)
# In these a number, mostly a MAC, stands before the name and "@".
NUMBERED_TYPES = frozenset({"_raop._tcp"})

# Announced to tell of the host, with a port where nothing is served.
PORTLESS_TYPES = frozenset({"_workstation._tcp", "_device-info._tcp"})

# "ci" of a HomeKit accessory: HomeKit Accessory Protocol, accessory categories.
HOMEKIT_CATEGORIES: Mapping[int, str] = {
    2: "bridge",
    3: "fan",
    4: "garage door opener",
    5: "light",
    6: "door lock",
    7: "outlet",
    8: "switch",
    9: "thermostat",
    10: "sensor",
    11: "security system",
    12: "door",
    13: "window",
    14: "window covering",
    15: "programmable switch",
    17: "camera",
    18: "doorbell",
    19: "air purifier",
    20: "heater",
    21: "air conditioner",
    22: "humidifier",
    23: "dehumidifier",
    26: "speaker",
    28: "sprinkler",
    29: "faucet",
    30: "shower",
    31: "television",
    32: "remote control",
    33: "router",
}
