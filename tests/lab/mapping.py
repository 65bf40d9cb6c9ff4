"""Asks a UPnP gateway for a port mapping, as a camera would: ``mapping.py URL HOST``."""

from __future__ import annotations

import sys
import urllib.request

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
BODY = """<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>
<u:AddPortMapping xmlns:u="{service}"><NewRemoteHost></NewRemoteHost>
<NewExternalPort>8554</NewExternalPort><NewProtocol>TCP</NewProtocol>
<NewInternalPort>8554</NewInternalPort><NewInternalClient>{host}</NewInternalClient>
<NewEnabled>1</NewEnabled><NewPortMappingDescription>camera</NewPortMappingDescription>
<NewLeaseDuration>0</NewLeaseDuration></u:AddPortMapping></s:Body></s:Envelope>"""


def main(url: str, host: str) -> None:
    request = urllib.request.Request(
        url,
        BODY.format(service=SERVICE, host=host).encode(),
        {"Content-Type": "text/xml", "SOAPAction": f'"{SERVICE}#AddPortMapping"'},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        print(answer.status)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
