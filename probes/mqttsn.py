"""MQTT-SN gateways: one search, and that one answers is all the proof. Nothing connects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iotscan.errors import Malformed
from iotscan.model import Impact, Kind, Observation, Proof, Transcript
from iotscan.probe_api import Beginning, Greeted, Opening
from iotscan.protocols.mqtt.sn import SEARCH, GatewayInfo, decode_gateway_info

GATEWAY = Kind(
    "mqttsn.gateway",
    {"gateway": int, "cleartext": bool},
    "An MQTT-SN gateway answered a search; the protocol itself has no encryption.",
)


class MqttSn(Greeted):
    name = "mqttsn"
    # 1883 as for MQTT, 10000 in the examples of Eclipse's gateway, 1884 and 2442 in others.
    openings: Sequence[Opening] = (Opening("search", "udp", (1883, 10_000, 1884, 2442), SEARCH),)
    impact = Impact.GREET
    emits = (GATEWAY,)
    begins = (Beginning("udp", tuple(bytes([byte]) for byte in SEARCH)),)

    def recognises(self, heard: bytes) -> bool:
        """A GWINFO that is as long as it says."""
        return _answer(heard) is not None

    def read(self, talk: Transcript) -> Iterator[Observation]:
        """The gateway's answer to the search before it, in our own talk or a captured one."""
        endpoint = talk.service.endpoint
        asked = False
        for index, turn in enumerate(talk.turns):
            if turn.sender == "client":
                asked = turn.data == SEARCH
            elif asked and endpoint.transport == "udp" and (info := _answer(turn.data)):
                facts = {"gateway": info.gateway, "cleartext": True}
                proof = Proof(talk.id, (index - 1, index))
                yield Observation(GATEWAY.name, facts, endpoint.address, endpoint, (proof,))
                return


def _answer(datagram: bytes) -> GatewayInfo | None:
    try:
        return decode_gateway_info(datagram)
    except Malformed:
        return None


PROBE = MqttSn()
