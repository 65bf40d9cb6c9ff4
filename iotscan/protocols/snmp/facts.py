"""What single SNMP messages say of an agent."""

from __future__ import annotations

from iotscan.model import Fact
from iotscan.protocols.common.identifiers import holds_mac
from iotscan.protocols.snmp.codec import UNKNOWN_ENGINE, Message, Pdu
from iotscan.text import clean

# The system group, which every agent has: RFC 3418 section 2.
DESCRIPTION, OBJECT_ID, UPTIME, CONTACT, NAME, LOCATION = (
    f"1.3.6.1.2.1.1.{number}.0" for number in range(1, 7)
)
SYSTEM_GROUP = (DESCRIPTION, OBJECT_ID, UPTIME, CONTACT, NAME, LOCATION)
_TEXTS = {
    DESCRIPTION: "description",
    CONTACT: "contact",
    NAME: "name",
    LOCATION: "location",
}
_ENTERPRISES = "1.3.6.1.4.1."
# The fifth byte of an engine id says what follows: RFC 3411 section 5, SnmpEngineID.
_FORMS = {1: "ipv4", 2: "ipv6", 3: "mac", 4: "text", 5: "octets"}
_TICKS = 100  # sysUpTime counts hundredths of a second


def holds_values(pdu: Pdu) -> bool:
    """Whether a response gives at least one value that was asked for."""
    return pdu.error == 0 and any(isinstance(value, int | bytes | str) for _, value in pdu.values)


def tells_engine(message: Message) -> bool:
    """Whether this is the report that answers a discovery."""
    pdu = message.pdu
    return bool(
        pdu is not None
        and pdu.kind == "report"
        and message.engine_id
        and any(name == UNKNOWN_ENGINE for name, _ in pdu.values)
    )


def engine_facts(message: Message) -> dict[str, Fact]:
    """The engine's id taken apart, and its clock."""
    identity = message.engine_id
    facts: dict[str, Fact] = {
        "engine_id": identity.hex(),
        "boots": message.boots,
        "time": message.time,
        "holds_mac": False,
    }
    if len(identity) < 5:
        return facts
    facts["enterprise"] = int.from_bytes(identity[:4], "big") & 0x7FFF_FFFF
    if not identity[0] & 0x80:
        return facts  # the older form, whose rest is the maker's own
    facts["form"] = _FORMS.get(identity[4], "own")
    if facts["form"] == "mac" and len(identity) == 11:
        facts["holds_mac"] = holds_mac([identity[5:].hex(":")])
    return facts


def system_facts(pdu: Pdu) -> dict[str, Fact]:
    """The system group as far as it was given."""
    facts: dict[str, Fact] = {}
    for name, value in pdu.values:
        if name in _TEXTS and isinstance(value, bytes) and (text := clean(value)):
            facts[_TEXTS[name]] = text
        elif name == OBJECT_ID and isinstance(value, str):
            facts["object_id"] = value
            if (number := _enterprise(value)) is not None:
                facts["enterprise"] = number
        elif name == UPTIME and isinstance(value, int):
            facts["uptime"] = value // _TICKS
    return facts


def _enterprise(object_id: str) -> int | None:
    number = object_id.removeprefix(_ENTERPRISES).partition(".")[0]
    return int(number) if object_id.startswith(_ENTERPRISES) and number.isdigit() else None
