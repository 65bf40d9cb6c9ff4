"""ONVIF: what does a camera tell and show to those who have no login, and is its login a known one?

Follows the addresses that the device announced by WS-Discovery, on the same host. Only calls that
read are made; of a picture the first bytes are fetched, to see that it is one, and a stream that
the device names is asked to be described, beside one of a name that no device has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from iotscan.errors import ConnectionLost, Malformed, Refused, TimedOut, TlsFailed
from iotscan.model import Impact, Observation, Outcome, Service, Transcript
from iotscan.probe_api import Login, Network, Opening, Stream, hear, try_logins
from iotscan.protocols.encodings.xmltree import LARGEST
from iotscan.protocols.http.auth import (
    Challenge,
    basic,
    best_challenge,
    digest,
    parse_challenges,
)
from iotscan.protocols.http.codec import Response, build_request, host_field, parse_response
from iotscan.protocols.http.facts import values
from iotscan.protocols.http.page import names_a_doing
from iotscan.protocols.http.questions import AGENT
from iotscan.protocols.onvif import codec as onvif
from iotscan.protocols.onvif.reading import (
    KINDS,
    answer_of,
    is_refusal,
    login_outcome,
    read_transcript,
)
from iotscan.protocols.rtsp import codec as rtsp
from iotscan.protocols.rtsp.reading import NOWHERE
from iotscan.protocols.upnp.ssdp import parse_url

# Enough of a picture to see that it is one; a camera's head is below this together with it.
_PICTURE_PART, _PICTURE_HEAD = 512, 4096
_SDP = "application/sdp"
_LOGIN_CALLS = (onvif.INFORMATION, onvif.USERS, onvif.PROFILES)


class Onvif:
    name = "onvif"
    openings: Sequence[Opening] = ()
    impact = Impact.GREET
    emits = KINDS
    begins = ()  # of others' conversations it reads none

    def recognises(self, heard: bytes) -> bool:
        """It is HTTP, and only known by what was announced."""
        return False

    def handles(self, service: Service) -> bool:
        return service.name == self.name and service.endpoint.transport == "tcp"

    async def converse(self, service: Service, net: Network, logins: Sequence[Login]) -> None:
        path = service.hint if service.hint.startswith("/") else onvif.DEVICE_SERVICE
        visit = _Visit(replace(service, hint=path), net)
        refused = await visit.look_around()
        if refused is not None and logins and net.impact >= Impact.LOGIN:
            await try_logins(net, logins, lambda login: visit.attempt(refused, login))

    def read(self, talk: Transcript) -> Iterator[Observation]:
        yield from read_transcript(talk)


@dataclass
class _Visit:
    """The calls made to one camera. ``utc`` is its own clock."""

    device: Service
    net: Network
    utc: str = ""
    challenges: dict[str, Challenge] = field(default_factory=dict)
    places: dict[str, Service] = field(default_factory=dict)
    tries: int = 0

    async def look_around(self) -> onvif.Call | None:
        """Make every call without a login; one that is refused, to try logins on."""
        clock = await self._ask(onvif.CLOCK, self.device)
        said = answer_of(clock)
        if clock is not None and said is None and not is_refusal(clock):
            raise Malformed("what it says is not ONVIF")
        self.utc = said.utc if said is not None else ""
        said = answer_of(await self._ask(onvif.CAPABILITIES, self.device))
        media = self._place(said.media if said is not None else "") or self.device
        refused = [
            call
            for call in (onvif.INFORMATION, onvif.USERS)
            if await self._is_refused(call, self.device)
        ]
        answer = await self._ask(onvif.PROFILES, media)
        said = answer_of(answer)
        if said is not None and said.profile:
            await self._look_at_picture(media, said.profile)
            await self._look_at_stream(media, said.profile)
        elif answer is not None and is_refusal(answer):
            refused.append(onvif.PROFILES)
        return next((call for call in _LOGIN_CALLS if call in refused and self._can(call)), None)

    async def _is_refused(self, call: onvif.Call, place: Service) -> bool:
        answer = await self._ask(call, place)
        return answer is not None and is_refusal(answer)

    async def _look_at_picture(self, media: Service, profile: str) -> None:
        said = answer_of(await self._ask(onvif.SNAPSHOT, media, profile))
        place = self._place(said.uri if said is not None else "")
        if place is None or names_a_doing(place.hint):
            return
        async with self.net.tcp(place) as stream:
            headers = [("User-Agent", AGENT), ("Accept", "image/*")]
            await stream.write(build_request("GET", place.hint, _host(place), headers))
            heard = b""
            while len(heard) < _PICTURE_HEAD and (part := await stream.read(_PICTURE_PART)):
                heard += part
                if len(heard.partition(b"\r\n\r\n")[2]) >= 4:
                    return

    async def _look_at_stream(self, media: Service, profile: str) -> None:
        """Ask for a description of the stream, and of one that cannot be there."""
        said = answer_of(await self._ask(onvif.STREAM, media, profile))
        try:
            found = rtsp.parse_url(said.uri if said is not None else "")
        except Malformed:
            return
        if not self._is_own(found.host):
            return
        endpoint = replace(self.device.endpoint, port=found.port)
        place = replace(self.device, endpoint=endpoint, name="rtsp", tls=found.secure)
        # What the stream's own port does not say is no reason to leave the rest unasked.
        with suppress(ConnectionLost, Refused, TimedOut, TlsFailed, Malformed):
            for path in (NOWHERE, found.path):
                url = rtsp.url(endpoint.address, found.port, path, found.secure)
                async with self.net.tcp(place) as stream:
                    await stream.write(rtsp.build("DESCRIBE", url, 1, [("Accept", _SDP)]))
                    await hear(stream, rtsp.parse_message, most=LARGEST)

    async def attempt(self, call: onvif.Call, login: Login) -> Outcome:
        """Make a refused call with a login, in the way that the device asked for it."""
        place = self.places[call.name]
        challenge = self.challenges.get(call.name)
        self.tries += 1
        async with self.net.tcp(place, login=login) as stream:
            extra: list[tuple[str, str]] = []
            security = ""
            if challenge is None:
                nonce = f"iotscan-{login.id}-{self.tries}".encode()
                security, secret = onvif.token(login.username, stream.secret, self.utc, nonce)
            elif challenge.scheme == "basic":
                text, secret = basic(login.username, stream.secret)
                extra = [("Authorization", text)]
            else:
                text, secret = digest(
                    challenge, login.username, stream.secret, "POST", place.hint, self.tries
                )
                extra = [("Authorization", text)]
            headers, body = onvif.request(call, security)
            await stream.write(_post(place, [*headers, *extra], body), hide=secret)
            answer = await _hear(stream)
        self._remember(call, place, answer)
        return login_outcome(call, answer)

    async def _ask(self, call: onvif.Call, place: Service, profile: str = "") -> Response | None:
        """One call without a login; None when the device closed without a word."""
        headers, body = onvif.request(call, profile=profile)
        try:
            async with self.net.tcp(place) as stream:
                await stream.write(_post(place, headers, body))
                answer = await _hear(stream)
        except ConnectionLost:
            if call is onvif.CLOCK:
                raise
            return None
        self._remember(call, place, answer)
        return answer

    def _remember(self, call: onvif.Call, place: Service, answer: Response | None) -> None:
        self.places[call.name] = place
        if answer is not None and answer.status == 401:
            offered = parse_challenges(values(answer.headers, "www-authenticate"))
            best = best_challenge(offered)
            if best is not None:
                new = self.challenges.get(call.name) != best
                self.challenges[call.name] = best
                self.tries = 0 if new else self.tries

    def _can(self, call: onvif.Call) -> bool:
        """Whether a login can be made: by HTTP, or by WS-Security, which takes the clock."""
        return call.name in self.challenges or bool(self.utc)

    def _is_own(self, host: str) -> bool:
        return host == str(self.device.endpoint.address).partition("%")[0]

    def _place(self, url: str) -> Service | None:
        """Where an address that the device gave leads; None if not to the same host."""
        try:
            found = parse_url(url)
        except Malformed:
            return None
        if not self._is_own(str(found.host)):
            return None
        endpoint = replace(self.device.endpoint, port=found.port)
        return replace(self.device, endpoint=endpoint, tls=found.tls, hint=found.path)


def _host(place: Service) -> str:
    return host_field(place.endpoint.address, place.endpoint.port, 443 if place.tls else 80)


def _post(place: Service, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    return build_request("POST", place.hint, _host(place), [("User-Agent", AGENT), *headers], body)


async def _hear(stream: Stream) -> Response | None:
    """The answer, None when there was none. Raises Malformed for what is not HTTP."""
    whole = partial(parse_response, limit=LARGEST)
    return await hear(stream, whole, at_end=partial(whole, closed=True))


PROBE = Onvif()
