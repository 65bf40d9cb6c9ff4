"""What single messages say of an agent: engine ids taken apart, the system group."""

from __future__ import annotations

import pytest

from iotscan.protocols.snmp import facts as snmp_facts
from iotscan.protocols.snmp.codec import Absent, Message, Pdu


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("800000090300408c112233", {"enterprise": 9, "form": "mac", "holds_mac": True}),
        ("8000000903024212345678", {"enterprise": 9, "form": "mac", "holds_mac": False}),
        ("80001f8804" + b"lamp".hex(), {"enterprise": 8072, "form": "text", "holds_mac": False}),
        ("80001f8880cf2bbd1f", {"enterprise": 8072, "form": "own", "holds_mac": False}),
        ("0000000b0000001122334455", {"enterprise": 11, "holds_mac": False}),
        ("8000", {"holds_mac": False}),
    ],
    ids=["mac", "random mac", "text", "own form", "older form", "too short"],
)
def test_an_engine_id_is_taken_apart(engine: str, expected: dict[str, object]) -> None:
    facts = snmp_facts.engine_facts(Message("3", engine_id=bytes.fromhex(engine), boots=4, time=9))
    assert facts == expected | {"engine_id": engine, "boots": 4, "time": 9}


def test_the_system_group_is_named_and_cleaned() -> None:
    pdu = Pdu(
        "response",
        values=(
            (snmp_facts.DESCRIPTION, b"Lamp\x1b[31m 2.1\n"),
            (snmp_facts.OBJECT_ID, "1.3.6.1.4.1.11.2.3.9.1"),
            (snmp_facts.UPTIME, 12_345),
            (snmp_facts.CONTACT, b""),
            (snmp_facts.LOCATION, Absent("noSuchObject")),
        ),
    )
    assert snmp_facts.system_facts(pdu) == {
        "description": "Lamp [31m 2.1",
        "object_id": "1.3.6.1.4.1.11.2.3.9.1",
        "enterprise": 11,
        "uptime": 123,
    }


def test_only_values_count_as_read() -> None:
    absent = (("1.3", Absent("endOfMibView")), ("1.4", None))
    assert not snmp_facts.holds_values(Pdu("response", values=absent))
    assert not snmp_facts.holds_values(Pdu("response", error=5, values=(("1.3", 1),)))
    assert snmp_facts.holds_values(Pdu("response", values=(*absent, ("1.5", 0))))
