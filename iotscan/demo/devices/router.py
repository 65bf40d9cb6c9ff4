"""The router: UPnP port control that tells everybody what it forwards."""

from __future__ import annotations

import re

from iotscan.demo import announce, web
from iotscan.demo.device import about, as_whole, neighbour
from iotscan.demo.host import Host

_WAN = "urn:schemas-upnp-org:service:WANIPConnection:1"
_UDN = "6d1a0c52-31d7-4be5-9a4e-0a6f2c94b101"
_NO_SUCH_ENTRY = 713


class Router:
    name = "router"
    number = 1
    what = (
        "A router whose UPnP port control answers everybody in the home. It lists a port mapping "
        "that makes the Telnet login of the front camera reachable from the internet."
    )
    truth = (
        about(8080, "upnp-igd-mapping-open", "upnp-port-mapping-present", *web.ANY_SITE)
        | about(1900, "ssdp-amplification", transport="udp")
        | as_whole("discovery-leaks-identifiers", "version-disclosed")
    )
    unseen = ""

    async def start(self, host: Host) -> None:
        camera = neighbour(host, 2)
        igd = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
        service = (
            "<serviceList><service>"
            f"<serviceType>{_WAN}</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1"
            "</serviceId><SCPDURL>/wan.xml</SCPDURL><controlURL>/control</controlURL>"
            "<eventSubURL>/events</eventSubURL></service></serviceList>"
        )
        pages: dict[str, web.Served] = {
            "/": web.Page("<title>Router</title><h1>Router</h1>"),
            "/root.xml": web.description(
                igd, "Home router", "Netbarn", "NB-300", _UDN, serial="NB30012874651", more=service
            ),
            "/wan.xml": _scpd(),
            "/control": lambda body: _control(body, str(camera)),
        }
        await host.tcp(8080, web.website(pages, "Netbarn/3.1 UPnP/1.0 MiniUPnPd/1.8"))
        location = f"http://{host.address}:8080/root.xml"
        server = "Netbarn/3.1 UPnP/1.0 MiniUPnPd/1.8"
        await host.udp(announce.SSDP_PORT, announce.ssdp(location, server, _UDN, [igd, _WAN]))


def _scpd() -> web.Page:
    names = ("GetExternalIPAddress", "GetGenericPortMappingEntry", "AddPortMapping")
    actions = "".join(f"<action><name>{name}</name></action>" for name in names)
    return web.Page(
        f'<?xml version="1.0"?><scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList>{actions}'
        "</actionList></scpd>",
        type="text/xml",
    )


def _control(body: str, camera: str) -> web.Page:
    """Answer a SOAP call; anything that would change the router is a fault of the demo's test."""
    if "GetExternalIPAddress" in body:
        return _soap("GetExternalIPAddress", {"NewExternalIPAddress": "198.51.100.7"})
    index = re.search(r"<NewPortMappingIndex>(\d+)<", body)
    if "GetGenericPortMappingEntry" in body and index is not None and index[1] == "0":
        return _soap(
            "GetGenericPortMappingEntry",
            {
                "NewRemoteHost": "",
                "NewExternalPort": "2323",
                "NewProtocol": "TCP",
                "NewInternalPort": "2323",
                "NewInternalClient": camera,
                "NewEnabled": "1",
                "NewPortMappingDescription": "camera",
                "NewLeaseDuration": "0",
            },
        )
    return web.Page(
        _envelope(
            "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
            '<UPnPError xmlns="urn:schemas-upnp-org:control-1-0">'
            f"<errorCode>{_NO_SUCH_ENTRY}</errorCode>"
            "<errorDescription>SpecifiedArrayIndexInvalid</errorDescription>"
            "</UPnPError></detail></s:Fault>"
        ),
        500,
        "text/xml",
    )


def _soap(action: str, values: dict[str, str]) -> web.Page:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    answer = f'<u:{action}Response xmlns:u="{_WAN}">{inner}</u:{action}Response>'
    return web.Page(_envelope(answer), type="text/xml")


def _envelope(body: str) -> str:
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


DEVICES = (Router,)
