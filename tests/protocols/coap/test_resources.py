"""What links mean: which are read, which look writable, what the device is."""

from __future__ import annotations

import pytest

from iotscan.protocols.coap import resources as coap_resources
from iotscan.protocols.coap.linkformat import Link, parse


@pytest.mark.parametrize(
    "path",
    [
        "/reset",
        "/device/Reboot",
        "/factoryReset",
        "/factoryreset",
        "/door/unlock",
        "/doorUnlock2",
        "/light/toggle",
        "/a?cmd=on",
        "/3/0/reboot",
        "/%72eset",
        "/ndm/ci",
        "/OTA",
        "/set_pin",
        "/valve/open",
    ],
)
def test_what_sounds_like_an_action_is_not_read(path: str) -> None:
    assert coap_resources.action(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/temperature",
        "/sensors/pressure",
        "/time",
        "/setpoint",
        "/info",
        "/version",
        "/closet/humidity",
        "/3/0/1",
        "/example_data",
    ],
)
def test_plain_readings_are_read(path: str) -> None:
    assert coap_resources.action(path) == ""


def test_the_reason_names_the_word() -> None:
    assert coap_resources.action("/door/unlock") == "moves or switches something: unlock"


@pytest.mark.parametrize(
    ("attributes", "because"),
    [
        ("if=core.a", "if=core.a (actuator)"),
        ('if="core.s core.p"', "if=core.p (parameter)"),
        ("if=oic.if.rw", "if=oic.if.rw (read and write)"),
        ("rt=core.rd", "rt=core.rd (resource directory)"),
        ("if=core.rp", ""),
        ("if=core.s", ""),
        ("if=core.ll", ""),
        ("if=sensor;rt=actuator", ""),
        ("", ""),
    ],
)
def test_writable_is_what_a_specification_says_is(attributes: str, because: str) -> None:
    (link,) = parse(f"</x>;{attributes}".rstrip(";").encode())
    assert coap_resources.writable(link) == because


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/wifi/ssid", "network"),
        ("/user/name", "person"),
        ("/gps", "place"),
        ("/room/motion", "presence"),
        ("/config/adminPassword", "secret"),
        ("/temperature", ""),
        ("/", ""),
    ],
)
def test_names_tell_what_is_personal(path: str, kind: str) -> None:
    assert coap_resources.personal(path) == kind


def test_types_and_titles_tell_too() -> None:
    assert coap_resources.personal("/3", Link("/3", (("title", "Heart rate"),))) == "body"
    assert coap_resources.personal("/3", Link("/3", (("rt", "gps"),))) == "place"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (b'</>;rt="oma.lwm2m",</1/0>', "LwM2M"),
        (b"</1/0>,</3/0>,</4/0>", "LwM2M"),
        (b"</3/0>,</3303/0>", ""),
        (b'</oic/d>;rt="oic.wk.d"', "OCF"),
        (b"</cit/d>,</cit/s>", "Shelly CoIoT"),
        (b"</15001/65536>;ct=0;obs", "IKEA Trådfri gateway"),
        (b"</ndm/login>,</ndm/ci>", "ZyXEL Keenetic router (NDM)"),
        (b"</qlink/ack>", "QLink home gateway"),
        (b'</>;title="General Info",</time>;if="clock"', ""),
    ],
)
def test_lists_tell_the_platform(document: bytes, name: str) -> None:
    assert coap_resources.platform(parse(document))[0] == name


def test_object_security_is_read_from_the_list() -> None:
    assert coap_resources.oscore(parse(b"</a>,</b>;osc"))
    assert not coap_resources.oscore(parse(b"</osc>"))
    assert coap_resources.edhoc(parse(b"</.well-known/edhoc>;rt=core.edhoc"))
    assert coap_resources.edhoc(parse(b"</e>;rt=core.edhoc"))
    assert not coap_resources.edhoc(parse(b"</edhoc>"))
