"""The network storage: a web page, a media server, and a name that says whose it is."""

from __future__ import annotations

from iotscan.demo import announce, web
from iotscan.demo.device import about, as_whole
from iotscan.demo.host import Host

_UDN = "0b7a6d18-52f4-4f0d-8c0c-3b8d9a7f5507"
_KIND = "urn:schemas-upnp-org:device:MediaServer:1"


class Storage:
    name = "network storage"
    number = 8
    what = "A storage box with a media server. Its name tells strangers whose it is."
    truth = (
        about(8080, *web.ANY_SITE)
        | about(1900, "ssdp-amplification", transport="udp")
        | as_whole("device-name-reveals-person", "version-disclosed")
    )
    unseen = ""

    async def start(self, host: Host) -> None:
        described = web.description(_KIND, "Anna's photo box", "Boxwell", "BW-2", _UDN)
        pages: dict[str, web.Served] = {
            "/": web.Page("<title>BW-2</title>"),
            "/description.xml": described,
        }
        await host.tcp(8080, web.website(pages, "Boxwell/2"))
        location = f"http://{host.address}:8080/description.xml"
        answer = announce.ssdp(location, "Linux UPnP/1.0 Boxwell/2.4.1", _UDN, [_KIND])
        await host.udp(announce.SSDP_PORT, answer)


DEVICES = (Storage,)
