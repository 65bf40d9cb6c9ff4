"""Reports made by hand: a home with everything a report can say, and one of hostile texts."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

from iotscan.model import (
    Acceptance,
    Confidence,
    ConversationNote,
    Device,
    Ending,
    Endpoint,
    Finding,
    Gap,
    Identity,
    Impact,
    Observation,
    PolicyNote,
    Posture,
    Proof,
    Relation,
    Report,
    Scope,
    Service,
    Severity,
    Sighting,
    Standing,
    Verdict,
)

CAMERA, HUB, PRINTER, LAMP, LOCK = "02:00:5e:00:00:20", "hub", "printer", "lamp", "lock"
RIGHT = "looks met for what was tested: Every TLS endpoint found accepts only TLS 1.2 or 1.3"
HOSTILE = (
    "[bold red]x[/bold red][/nonsense]",
    "[link=https://example.org]click[/link]",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "safe\u202egnp.exe\u2066\u2069\u200f",
    "A" * 10_240,
    "名前" * 200,
    "e\u0301\u200d👩‍👩‍👧‍👦" * 20,
    "one\ntwo\r\nthree\u2028four\x00five\x85six",
    "=1+1|' {% raw %} <script>alert(1)</script> & \" \\",
    ":smile: %s {0} \t",
)


def endpoint(address: str, port: int, transport: str = "tcp") -> Endpoint:
    return Endpoint(ip_address(address), "udp" if transport == "udp" else "tcp", port)


def default_login(device: str, address: str, number: int) -> Finding:
    return Finding(
        rule="default-credentials-telnet",
        title="Well-known default login accepted on Telnet",
        principle="unique-credentials",
        severity=Severity.CRITICAL,
        confidence=Confidence.CONFIRMED,
        relation=Relation.CONTRADICTS,
        device=device,
        address=ip_address(address),
        endpoint=endpoint(address, 23),
        detail="The user “root” got in with a password from a public list.",
        plain="This device lets people in with a password that is listed on the internet. "
        "Anyone on your network, and malware, can take it over.",
        remedy="Set a long password of your own now, and update the device.",
        does_not_prove="Shows that this pair works today on this unit, not who chose it.",
        crosswalk={"etsi-en-303-645": ("5.1-1", "5.5-1"), "eu-cra": ("I-2d",)},
        cwe=("CWE-1392", "CWE-1393"),
        proofs=(Proof(f"c{number}", (3, 4, 7)), Proof(f"c{number}", (9,), "home.pcapng", (12, 13))),
        fingerprint=f"f{number:04x}",
        login="mirai-12",
    )


def finding(
    rule: str, title: str, severity: Severity, device: str, where: Endpoint, number: int
) -> Finding:
    return replace(
        default_login(device, str(where.address), number),
        rule=rule,
        title=title,
        severity=severity,
        confidence=Confidence.LIKELY,
        relation=Relation.SUGGESTS,
        endpoint=where,
        detail=f"Seen at port {where.port}.",
        plain=f"Why it matters that: {title.lower()}.",
        remedy=f"What to do about: {title.lower()}.",
        does_not_prove="Seen once, from one place.",
        proofs=(Proof(f"c{number}"),),
        login="",
    )


def posture(device: str, grade: str, incomplete: bool, findings: tuple[str, ...] = ()) -> Posture:
    violated = (Verdict("5.1-1", Standing.VIOLATED, "a default login works", findings),)
    return Posture(
        device=device,
        framework="etsi-en-303-645",
        grade=grade,
        incomplete=incomplete,
        assessed=6,
        observable=21,
        total=68,
        verdicts=(
            *(violated if findings else ()),
            Verdict("5.5-1", Standing.MET, RIGHT),
            Verdict("5.5-2", Standing.MET, RIGHT),
            Verdict("5.3-1", Standing.NOT_ASSESSED, "cannot be observed from the network"),
        ),
    )


def devices() -> tuple[Device, ...]:
    return (
        Device(
            LAMP,
            (ip_address("192.168.1.40"),),
            names=("Küchenlampe 名前",),
            identity=Identity(vendor="Lumen", kind="light"),
        ),
        Device(
            CAMERA,
            (ip_address("192.168.1.20"), ip_address("fe80::5eff:fe00:20")),
            mac=CAMERA,
            randomised=True,
            names=("Hallway",),
            identity=Identity("Acme", "CX-1", "1.0.2", "camera", ("SSDP SERVER line",)),
            services=(
                Service(endpoint("192.168.1.20", 23), "telnet"),
                Service(endpoint("192.168.1.20", 5683, "udp"), "coap", hint="well-known"),
            ),
            sightings=(
                Sighting(
                    "ssdp",
                    (ip_address("192.168.1.20"),),
                    names=("Hallway",),
                    traits={"vendor": "Acme", "model": "CX-1"},
                    leads=(Service(endpoint("192.168.1.20", 80), None, hint="/desc.xml"),),
                    proof=Proof("p5"),
                ),
            ),
        ),
        Device(HUB, (ip_address("192.168.1.30"),), identity=Identity(kind="hub")),
        Device(PRINTER, (ip_address("192.168.1.9"),)),
        Device(LOCK, (ip_address("2001:db8::7"),), names=("Front door",)),
    )


def findings() -> tuple[Finding, ...]:
    hub_mqtt = endpoint("192.168.1.30", 1883)
    return (
        finding("mdns-model-disclosed", "Model told to all", Severity.INFO, PRINTER,
                endpoint("192.168.1.9", 5353, "udp"), 9),
        default_login(CAMERA, "192.168.1.20", 17),
        finding("coap-open-resource", "Reads without a login", Severity.HIGH, CAMERA,
                endpoint("192.168.1.20", 5683, "udp"), 18),
        default_login(HUB, "192.168.1.30", 21),
        finding("mqtt-cleartext", "Messages travel unprotected", Severity.MEDIUM, HUB,
                hub_mqtt, 22),
        finding("mqtt-sys-readable", "Status topics readable", Severity.LOW, HUB, hub_mqtt, 22),
        finding("mqtt-cleartext", "Messages travel unprotected", Severity.MEDIUM, LAMP,
                endpoint("192.168.1.40", 1883), 30),
    )  # fmt: skip


def home() -> Report:
    """Five devices: two with the same critical finding, one with nothing, gaps and blind spots."""
    lock = endpoint("2001:db8::7", 8883)
    return Report(
        format=1,
        version="0.1.0",
        rules="builtin sha256:0123456789ab",
        started="2026-11-21T10:27:04Z",
        duration=43.25,
        source="scan",
        scope=Scope(
            (ip_network("192.168.1.0/24"), ip_network("2001:db8::/64")),
            (ip_network("192.168.1.77/32"),),
            ("eth7",),
            Impact.LOGIN,
        ),
        complete=False,
        devices=devices(),
        observations=(
            Observation(
                "telnet.login",
                {"accepted": True, "tries": 2, "seconds": 1.5, "user": "root", "ways": ("a", "b")},
                ip_address("192.168.1.20"),
                endpoint("192.168.1.20", 23),
                (Proof("c17", (3,)),),
            ),
        ),
        findings=findings(),
        postures=(
            posture(CAMERA, "F", False, ("f0011",)),
            posture(HUB, "F", True, ("f0015",)),
            posture(LOCK, "A", True),
        replace(posture(PRINTER, "A", False), assessed=0, verdicts=()),
        replace(posture(CAMERA, "F", False, ("f0011",)), framework="eu-cra", assessed=4,
                observable=9, total=24),
        replace(posture(CAMERA, "F", True, ("f0011",)), framework="uk-psti", assessed=0,
                observable=2, total=4),
        ),
        gaps=(
            Gap(str(lock), "the MQTT check", Ending.TIMEOUT, "", "Wake the device.", LOCK),
            Gap("192.168.1.30:1884/tcp", "the MQTT check", Ending.TIMEOUT, "", "Wake the device.",
                HUB),
            Gap("eth7", "devices that stay silent", Ending.OUT_OF_SCOPE,
                "raw frames need more rights", "Run iotscan doctor."),
        ),
        blind_spots=("Wireless guests may be kept apart from this machine by the access point.",),
        conversations=(
            ConversationNote("c17", "telnet", endpoint("192.168.1.20", 23), Ending.COMPLETE, 9),
            ConversationNote("c31", "mqtt", lock, Ending.TIMEOUT, 1, "no answer in time (read)"),
        ),
    )  # fmt: skip


def accepted() -> Report:
    """The home, where every risk of the hub and one of the camera was accepted."""
    risk = Acceptance("telnet-*", "hub", "It is behind a lock.", "Jane Doe", "2027-01-31")
    base = home()
    lived_with = (base.findings[1], *(item for item in base.findings if item.device == HUB))
    return replace(
        base,
        findings=tuple(
            replace(item, accepted=risk) if item in lived_with else item for item in base.findings
        ),
        policy=PolicyNote("home", "What matters at home", "0123"),
        outside=base.findings[:1],
        expired=(risk,),
    )


def secure() -> Report:
    """One device, nothing to fix, complete."""
    return replace(
        home(), complete=True, devices=(devices()[4],), findings=(), gaps=(), blind_spots=(),
        postures=(posture(LOCK, "A", False),),
    )  # fmt: skip


def empty() -> Report:
    """A scan that met nobody."""
    return replace(
        secure(), devices=(), postures=(), conversations=(), observations=(), duration=0.42
    )


def hostile(text: str) -> Report:
    """The home, with ``text`` wherever a device or a rule file can put words."""
    base = home()
    identity = Identity(text, text, text, text, (text,))
    return replace(
        base,
        version=text,
        rules=text,
        started=text,
        devices=tuple(
            replace(device, names=(text,), identity=identity, mac=text) for device in base.devices
        ),
        findings=tuple(
            replace(item, title=text, detail=text, plain=text, remedy=text, does_not_prove=text,
                    rule=text, proofs=(Proof(text, (1,), text, (2,)),))
            for item in base.findings
        ),
        postures=tuple(
            replace(item, framework=text, verdicts=(Verdict(text, Standing.MET, text),))
            for item in base.postures
        ),
        gaps=tuple(
            replace(gap, subject=text, what=text, reason=text, advice=text) for gap in base.gaps
        ),
        blind_spots=(text,),
    )  # fmt: skip


def crowd(number: int) -> Report:
    """``number`` devices with two findings, a posture and a gap each."""
    base = home()
    addresses = [f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(1, number + 1)]
    return replace(
        base,
        devices=tuple(
            Device(f"d{i}", (ip_address(text),), names=(f"device {i}",))
            for i, text in enumerate(addresses)
        ),
        findings=tuple(
            item
            for i, text in enumerate(addresses)
            for item in (
                default_login(f"d{i}", text, i),
                finding(f"rule-{i}", f"Matter {i}", Severity.LOW, f"d{i}", endpoint(text, 80), i),
            )
        ),
        postures=tuple(posture(f"d{i}", "F", True, ("f1",)) for i in range(number)),
        gaps=tuple(
            Gap(text, "the check", Ending.TIMEOUT, "", "", f"d{i}")
            for i, text in enumerate(addresses)
        ),
    )
