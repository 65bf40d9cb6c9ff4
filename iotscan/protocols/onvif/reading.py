"""What a conversation over ONVIF shows: each call a verdict of its own, pictures, logins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from iotscan.errors import Malformed
from iotscan.model import Fact, Kind, Observation, Outcome, Transcript
from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.heard import Heard, all_heard, seen
from iotscan.protocols.http.questions import is_ours
from iotscan.protocols.logins.tries import Tries
from iotscan.protocols.onvif import codec as onvif
from iotscan.protocols.rtsp.kinds import KINDS as RTSP
from iotscan.protocols.rtsp.reading import read_transcript as read_rtsp
from iotscan.text import clean

_STREAMS = ("rtsp.service", "rtsp.stream")
CALL = Kind(
    "onvif.call",
    {"call": str, "answered": bool, "refused": bool, "public": bool, "encrypted": bool},
    "For every call we made without a login. public: the specification lets everybody make it;"
    " refused: the device wants a login for it.",
)
DEVICE = Kind(
    "onvif.device",
    {"manufacturer": str, "model": str, "firmware": str, "serial": bool, "users": int},
    "What a camera said of itself to whoever asked. users: how many accounts it listed.",
)
PICTURE = Kind(
    "onvif.picture",
    {"path": str, "open": bool, "status": int, "content_type": str, "encrypted": bool},
    "For the address of a picture that the camera named. open: it came without a login; only its"
    " first bytes were read.",
)
LOGIN = Kind(
    "onvif.login",
    {
        "accepted": bool,
        "login": str,
        "scheme": str,
        "call": str,
        "control_accepted": bool,
        "accepts_anything": bool,
        "attempts": int,
        "refused": int,
        "locked_out": bool,
        "encrypted": bool,
    },
    "We tried publicly known logins. accepted: a call was answered that is refused without a login;"
    " control_accepted: it was with a random pair too.",
)
# The stream that a camera names is judged in the words of RTSP, which it speaks.
KINDS = (CALL, DEVICE, PICTURE, LOGIN, *(kind for kind in RTSP if kind.name in _STREAMS))

_NO_SERIAL = ("", "0", "none", "unknown", "n/a")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")


def answer_of(response: Response | None) -> onvif.Answer | None:
    """The SOAP answer in a response; None where there is none."""
    try:
        return onvif.parse(response.body) if response is not None else None
    except Malformed:
        return None


def is_refusal(response: Response) -> bool:
    """Whether the device wants a login: by HTTP, or by a SOAP fault."""
    said = answer_of(response)
    return response.status == 401 or (said is not None and said.refused)


def login_outcome(call: onvif.Call, response: Response | None) -> Outcome:
    """How a device answered a call with a login: only the call's own answer is a success."""
    if response is None:
        return Outcome.UNCLEAR
    said = answer_of(response)
    if response.status in (423, 429) or (said is not None and said.locked):
        return Outcome.LOCKED
    if said is not None and said.call == call.name and response.status == 200:
        return Outcome.ACCEPTED
    if is_refusal(response):
        return Outcome.REFUSED
    # Cameras that lock an address forbid everything to it.
    return Outcome.LOCKED if response.status == 403 else Outcome.UNCLEAR


def is_picture(response: Response) -> bool:
    """Whether these are the first bytes of a picture."""
    return response.status == 200 and response.body.startswith(_PICTURES)


def read_transcript(talk: Transcript) -> Iterator[Observation]:
    """The observations of one conversation of ours. Pure, never raises."""
    if talk.client is not None or talk.service.endpoint.transport != "tcp":
        return
    heard = [
        one
        for one in all_heard(talk)
        if one.exchange.response is not None
        and one.exchange.request is not None
        and is_ours(one.exchange.request)
    ]
    calls = [(call, one) for one in heard if (call := _call(one)) is not None]
    plain = [(call, one) for call, one in calls if not one.login]
    for call, one in plain:
        yield from _verdict(talk, call, one)
    yield from _device(talk, plain)
    if calls:
        for one in heard:
            if _call(one) is None and one.exchange.request is not None and not one.login:
                yield seen(talk, PICTURE.name, _picture(one), [one])
    yield from _streams(talk)
    yield from _logins(talk, calls, {call.name for call, one in plain if is_refusal(one.answer())})


def _streams(talk: Transcript) -> Iterator[Observation]:
    """What was said over RTSP, booked on the port where that was."""
    for number, channel in enumerate(talk.channels):
        if talk.said_by("client", number).startswith(b"DESCRIBE "):
            service = replace(talk.service, endpoint=channel.endpoint, tls=channel.tls is not None)
            yield from read_rtsp(replace(talk, service=service))
            return


def _call(one: Heard) -> onvif.Call | None:
    request = one.exchange.request
    return onvif.called(request.body) if request is not None and request.body else None


def _verdict(talk: Transcript, call: onvif.Call, one: Heard) -> Iterator[Observation]:
    said = answer_of(one.answer())
    answered = said is not None and said.call == call.name and one.answer().status == 200
    refused = is_refusal(one.answer())
    if answered or refused:
        facts: dict[str, Fact] = {
            "call": call.name,
            "answered": answered,
            "refused": refused,
            "public": call.public,
            "encrypted": one.encrypted,
        }
        yield seen(talk, CALL.name, facts, [one])


def _device(talk: Transcript, plain: Sequence[tuple[onvif.Call, Heard]]) -> Iterator[Observation]:
    facts: dict[str, Fact] = {}
    cited: list[Heard] = []
    for call, one in plain:
        said = answer_of(one.answer())
        if said is None or said.call != call.name:
            continue
        if call is onvif.INFORMATION:
            texts = (
                ("manufacturer", said.manufacturer),
                ("model", said.model),
                ("firmware", said.firmware),
            )
            facts |= {word: clean(text) for word, text in texts if clean(text)}
            facts["serial"] = said.serial.lower() not in _NO_SERIAL
            cited.append(one)
        elif call is onvif.USERS:
            facts["users"] = said.users
            cited.append(one)
    if facts:
        yield seen(talk, DEVICE.name, facts, cited)


def _picture(one: Heard) -> dict[str, Fact]:
    answer = one.answer()
    facts: dict[str, Fact] = {
        "path": clean(one.path.partition("?")[0]),
        "open": is_picture(answer),
        "status": answer.status,
        "encrypted": one.encrypted,
    }
    if kind := clean(answer.header("content-type"), 64):
        facts["content_type"] = kind
    return facts


def _logins(
    talk: Transcript, calls: Sequence[tuple[onvif.Call, Heard]], withheld: set[str]
) -> Iterator[Observation]:
    """One summary of the logins tried. A success counts where the call is refused without."""
    tries = [(call, one) for call, one in calls if one.login and call.name in withheld]
    if not tries:
        return
    fared = Tries([login_outcome(call, one.answer()) for call, one in tries])
    facts = fared.facts(talk.ending) | {"encrypted": tries[0][1].encrypted}
    facts["call"] = tries[0][0].name
    cited = [one for _, one in tries]
    if fared.won is not None:
        winner = tries[fared.won][1]
        field = winner.exchange.request.header("authorization") if winner.exchange.request else ""
        facts["login"] = clean(winner.login or "")
        facts["scheme"] = clean(field.partition(" ")[0].lower(), 16) or "ws-security"
        cited = cited[fared.won :]
    yield seen(talk, LOGIN.name, facts, cited)
