"""Session descriptions: which pictures and sounds a stream holds. RFC 8866."""

from __future__ import annotations

import re
from dataclasses import dataclass

from iotscan.errors import Malformed

_MOST_MEDIA = 16
_MEDIA = re.compile(
    r"m=([A-Za-z]{1,20}) (\d{1,5})(?:/\d{1,5})? ([A-Za-z/]{1,30})((?: \S{1,30}){1,32})"
)
_MAP = re.compile(r"a=rtpmap:(\d{1,3}) ([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
# A URL with a user name and a password in it: some cameras write the login of the stream there.
_LOGIN_URL = re.compile(r"rtsps?://[^/\s:@]{1,64}:[^/\s@]{1,64}@", re.IGNORECASE)
# RTP/AVP payload types that need no rtpmap, RFC 3551 section 6.
_STATIC = {"0": "PCMU", "8": "PCMA", "14": "MPA", "26": "JPEG", "32": "MPV", "34": "H263"}


@dataclass(frozen=True, slots=True)
class Media:
    """One stream: "video", "RTP/AVP", ("H264",)."""

    kind: str
    profile: str
    codecs: tuple[str, ...] = ()

    @property
    def encrypted(self) -> bool:
        """Whether the media itself is SRTP: RTP/SAVP, RTP/SAVPF."""
        return "SAVP" in self.profile.upper()


@dataclass(frozen=True, slots=True)
class Description:
    """``multicast``: it is sent to a group; ``login_inside``: a URL in it holds a password."""

    name: str
    media: tuple[Media, ...]
    multicast: bool = False
    login_inside: bool = False


def parse(body: bytes) -> Description:
    """A description with at least one stream in it. Raises Malformed; odd lines are passed over."""
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").lstrip()
    lines = text.split("\n")
    if not lines[0].startswith("v="):
        raise Malformed("not a session description")
    media: list[Media] = []
    name, multicast = "", False
    for line in (line.strip() for line in lines):
        found, mapped = _MEDIA.match(line), _MAP.match(line)
        if found and len(media) < _MOST_MEDIA:
            known = (_STATIC[one] for one in found[4].split() if one in _STATIC)
            media.append(Media(found[1].lower(), found[3], tuple(known)))
        elif mapped and media:
            last = media[-1]
            codecs = tuple(dict.fromkeys((*last.codecs, mapped[2].upper())))[:8]
            media[-1] = Media(last.kind, last.profile, codecs)
        elif line.startswith("s=") and not name:
            name = line[2:].strip()
        elif line.startswith("c="):
            multicast = multicast or _is_group(line)
    if not media:
        raise Malformed("a description without any stream")
    return Description(name, tuple(media), multicast, _LOGIN_URL.search(text) is not None)


def _is_group(line: str) -> bool:
    """Whether a connection line names a multicast group, RFC 8866 section 5.7."""
    group = re.match(r"c=IN IP4 (\d{1,3})\.|c=IN IP6 ([Ff]{2})", line)
    return group is not None and (bool(group[2]) or 224 <= int(group[1]) <= 239)
