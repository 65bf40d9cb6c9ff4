"""Doors that others asked a router for by UPnP, as captures show them.

WANIPConnection:1 section 2.4.16 (AddPortMapping), WANIPConnection:2 section 2.5.18
(AddAnyPortMapping).
"""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind, Observation, Proof, Sender, Transcript
from iotscan.protocols.http.codec import Request, Response
from iotscan.protocols.http.talk import exchanges
from iotscan.protocols.upnp import codec as upnp
from iotscan.protocols.upnp import igd as upnp_igd
from iotscan.text import clean

OVERHEARD = Kind(
    "upnp.overheard",
    {
        "peer": str,
        "action": str,
        "outside_port": int,
        "inside": str,
        "inside_port": int,
        "transport": str,
        "description": str,
        "lease": int,
        "outcome": str,
    },
    "Somebody asked the router for a door to the internet. lease: seconds, 0 for ever; outcome:"
    " accepted, refused or unknown, from the answer.",
)
_ACTIONS = (upnp_igd.ADD, "AddAnyPortMapping")
# Words that stand in every such request, so that other conversations are not parsed for nothing.
_MARKS = tuple(action.encode() for action in _ACTIONS)


def read_overheard(talk: Transcript) -> Iterator[Observation]:
    """Each door once. A service description that only names the action is none."""
    if talk.client is None or talk.service.endpoint.transport != "tcp":
        return
    asking: Sender
    for asking in ("client", "server"):
        said = talk.said_by(asking)
        if any(mark in said for mark in _MARKS):
            yield from _asked(talk, asking)


def _asked(talk: Transcript, asking: Sender) -> Iterator[Observation]:
    assert talk.client is not None
    ends = (talk.service.endpoint, talk.client)
    gateway, asker = ends if asking == "client" else ends[::-1]
    turns = ((i, turn.sender == asking, turn.data) for i, turn in enumerate(talk.turns))
    told: list[dict[str, Fact]] = []
    for one in exchanges(turns):
        found = _mapping(one.request) if one.request else None
        if found is None:
            continue
        facts = found | {"peer": str(asker.address), "outcome": _outcome(one.response)}
        if facts not in told:
            told.append(facts)
            proof = Proof(talk.id, one.asked)
            yield Observation(OVERHEARD.name, facts, gateway.address, gateway, (proof,))


def _mapping(request: Request) -> dict[str, Fact] | None:
    """The door that a request asks for; None for other requests."""
    call = upnp_igd.called(request)
    if call is None or call[1] not in _ACTIONS:
        return None
    facts: dict[str, Fact] = {"action": call[1]}
    try:
        asked = upnp.parse_soap(request.body)
    except Malformed:
        return facts
    said = asked.values if isinstance(asked, upnp.Reply) else {}
    for word, name in (
        ("outside_port", "NewExternalPort"),
        ("inside_port", "NewInternalPort"),
        ("lease", "NewLeaseDuration"),
    ):
        text = said.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 10:
            facts[word] = int(text)
    for word, name in (
        ("inside", "NewInternalClient"),
        ("description", "NewPortMappingDescription"),
    ):
        if text := clean(said.get(name, "")):
            facts[word] = text
    if (transport := said.get("NewProtocol", "").lower()) in ("tcp", "udp"):
        facts["transport"] = transport
    return facts


def _outcome(response: Response | None) -> str:
    if response is None:
        return "unknown"
    return "accepted" if response.status == 200 else "refused"
