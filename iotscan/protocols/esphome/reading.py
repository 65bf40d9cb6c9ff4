"""What a session of ESPHome's native API shows: our own, or one that was overheard."""

from __future__ import annotations

from collections.abc import Iterator

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind, Observation, Sender, Transcript
from iotscan.protocols.common.overheard import beginning, framed, observe, turned
from iotscan.protocols.esphome import codec
from iotscan.text import clean

_PRODUCT = "ESPHome"
DEVICE = Kind(
    "esphome.device",
    {
        "encrypted": bool,
        "password": bool,
        "encryption_supported": bool,
        "product": str,
        "name": str,
        "friendly_name": str,
        "firmware": str,
        "model": str,
        "project": str,
        "api": str,
    },
    "A device answered our hello by ESPHome's native API. encrypted: it refused to talk in clear;"
    " password: it asks for one before it is controlled; model: the board; project: the product.",
)
OVERHEARD = Kind(
    "esphome.overheard",
    {
        "cleartext": bool,
        "name": str,
        "client": str,
        "password_seen": bool,
        "outcome": str,
        "peer": str,
    },
    "Somebody else's session of ESPHome's native API was overheard. password_seen: a login that is"
    " not empty; outcome: accepted, refused or unknown.",
)


def read_transcript(talk: Transcript) -> Iterator[Observation]:
    """The observations of one conversation. Pure, never raises."""
    if talk.service.endpoint.transport != "tcp":
        return
    if talk.client is None:
        yield from _own(talk)
    else:
        yield from _captured(talk)


def _own(talk: Transcript) -> Iterator[Observation]:
    """What the device said on each connection, put together."""
    for number in sorted({turn.channel for turn in talk.turns}):
        facts: dict[str, Fact] = {}
        cited: list[int] = []
        for index, sender, frame in framed(talk.turns_of(number), codec.take, codec.LARGEST):
            said = _facts(frame) if sender == "server" else {}
            facts |= said
            cited += [index] if said else []
        if facts:
            yield observe(talk, DEVICE.name, facts, cited)


def _facts(frame: codec.Frame) -> dict[str, Fact]:
    if codec.refuses_clear(frame):
        return {"product": _PRODUCT, "encrypted": True}
    try:
        if frame.type == codec.HELLO_ANSWER:
            hello = codec.parse_hello(frame)
            said = _texts(name=hello.name, api=f"{hello.major}.{hello.minor}")
            return {"product": _PRODUCT, "encrypted": False, **said}
        if frame.type == codec.DEVICE_ANSWER:
            return _device_facts(codec.parse_device(frame))
    except Malformed:
        pass  # what cannot be read proves nothing
    return {}


def _device_facts(device: codec.Device) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"product": _PRODUCT, "encrypted": False, "password": device.password}
    if device.encryption is not None:
        facts["encryption_supported"] = device.encryption
    return facts | _texts(
        name=device.name,
        friendly_name=device.friendly_name,
        firmware=device.version,
        model=device.model,
        project=f"{device.project} {device.project_version}",
    )


def _texts(**said: str) -> dict[str, Fact]:
    return {word: text for word, raw in said.items() if (text := clean(raw, 120))}


def _captured(talk: Transcript) -> Iterator[Observation]:
    """A session of others: known by a client's hello in clear, or by a device's hello of Noise."""
    for one in (talk, turned(talk)):
        if _is_session(one):
            yield from _session(one)
            return


def _is_session(talk: Transcript) -> bool:
    try:
        asked = codec.take(beginning(talk, "client"))
        if asked is None:
            return False
        if not asked[0].noise:
            return bool(codec.parse_greeting(asked[0]))
        answered = codec.take(beginning(talk, "server"))
        # A client's hello of Noise is empty: three bytes that prove nothing alone.
        named = answered is not None and codec.parse_noise_hello(answered[0])
        return not asked[0].data and bool(named)
    except Malformed:
        return False


def _session(talk: Transcript) -> Iterator[Observation]:
    facts: dict[str, Fact] = {}
    cited: list[int] = []
    for index, sender, frame in framed(enumerate(talk.turns), codec.take, codec.LARGEST):
        try:
            said = _overheard(sender, frame)
        except Malformed:
            continue
        facts |= said
        cited += [index] if said else []
        if frame.noise and sender == "server":
            break
    if facts:
        yield observe(talk, OVERHEARD.name, facts, cited)


def _overheard(sender: Sender, frame: codec.Frame) -> dict[str, Fact]:
    """What one frame of others shows; their passwords are not kept. Raises Malformed."""
    match sender, frame.type:
        case "server", 0:
            if codec.refuses_clear(frame):
                return {"cleartext": False}
            return {"cleartext": False, **_texts(name=codec.parse_noise_hello(frame)[0])}
        case "client", codec.HELLO:
            return _texts(client=codec.parse_greeting(frame))
        case "server", codec.HELLO_ANSWER:
            return {"cleartext": True, **_texts(name=codec.parse_hello(frame).name)}
        case "client", codec.LOGIN:
            seen = bool(codec.parse_login(frame))
            return {"password_seen": seen, "outcome": "unknown"} if seen else {}
        case "server", codec.LOGIN_ANSWER:
            return {"outcome": "accepted" if codec.parse_login_answer(frame) else "refused"}
    return {}
