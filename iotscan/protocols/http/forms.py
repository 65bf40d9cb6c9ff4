"""Logins on web pages, as data: what is sent, and by what an acceptance and a refusal are known.

The list is ``http_forms.yaml`` beside the probes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import quote_plus

import yaml

from iotscan.model import Outcome
from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.said import Pages, head_and_body, said

_FIELDS = {"id", "product", "page", "path", "type", "body", "accepted", "refused", "locked",
           "challenge", "source"}  # fmt: skip
_TYPES = {"form": "application/x-www-form-urlencoded", "json": "application/json"}
_PLACE = re.compile(r"\{(username|password)(:base64)?\}")
_LOCKED = re.compile(r"\block(?:ed)?\b|too many|try again (?:in|later)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sign:
    """By what an answer is known: all of it must be so."""

    status: tuple[int, ...]
    text: re.Pattern[str] | None = None

    def holds(self, response: Response) -> bool:
        """Whether an answer carries this sign."""
        if response.status not in self.status:
            return False
        return self.text is None or self.text.search(head_and_body(response)) is not None


@dataclass(frozen=True, slots=True)
class Form:
    """A way to log in. With ``challenge`` it is an address that asks for Basic or Digest."""

    id: str
    product: str
    page: re.Pattern[str]
    challenge: str = ""
    path: str = ""
    type: Literal["form", "json"] = "form"
    body: str = ""
    accepted: Sign = field(default_factory=lambda: Sign(()))
    refused: Sign = field(default_factory=lambda: Sign(()))
    locked: re.Pattern[str] = _LOCKED

    @property
    def content_type(self) -> str:
        return _TYPES[self.type]

    def fill(self, username: str, secret: bytes) -> tuple[bytes, bytes]:
        """(body, the part of it that must be kept secret)."""
        password = secret.decode("utf-8", "surrogateescape")
        hidden = ""

        def write(place: re.Match[str]) -> str:
            nonlocal hidden
            text = username if place[1] == "username" else password
            if place[2]:
                raw = text.encode("utf-8", "surrogateescape")
                text = base64.b64encode(raw).decode()
            # RFC 3986 and RFC 8259: json.dumps brings the quotes along.
            text = (
                json.dumps(text)
                if self.type == "json"
                else quote_plus(text.encode("utf-8", "surrogateescape"))
            )
            if place[1] == "password":
                hidden = text[1:-1] if self.type == "json" else text
            return text

        return _PLACE.sub(write, self.body).encode(), hidden.encode()

    def outcome(self, response: Response | None) -> Outcome:
        """How the server answered a login."""
        if response is None:
            return Outcome.UNCLEAR
        # RFC 6585 section 4 and RFC 4918 section 11.3: too many requests, locked.
        if response.status in (423, 429) or "retry-after" in dict(response.headers):
            return Outcome.LOCKED
        if self.accepted.holds(response):
            return Outcome.ACCEPTED
        if self.locked.search(head_and_body(response, 2048)):
            return Outcome.LOCKED
        return Outcome.REFUSED if self.refused.holds(response) else Outcome.UNCLEAR


@cache
def catalogue() -> tuple[Form, ...]:
    """Every entry. Raises ValueError that names a faulty one."""
    text = files("iotscan.probes").joinpath("http_forms.yaml").read_text("utf-8")
    return tuple(_form(entry) for entry in yaml.safe_load(text)["forms"])


def suiting(pages: Pages) -> Form | None:
    """The way to log in to the product that these pages are of; None if none is known."""
    text = said(pages)
    return next((form for form in catalogue() if form.page.search(text)), None)


def _form(entry: Mapping[str, Any]) -> Form:
    needed = (
        {"challenge"} if "challenge" in entry else {"path", "type", "body", "accepted", "refused"}
    )
    wrong = (set(entry) - _FIELDS) | (({"id", "product", "page", "source"} | needed) - set(entry))
    if wrong:
        raise ValueError(f"form {entry.get('id', '?')}: check {sorted(wrong)}")
    plain: dict[str, Any] = {
        name: entry[name]
        for name in ("id", "product", "challenge", "path", "type", "body")
        if name in entry
    }
    signs: dict[str, Any] = {
        name: _sign(entry[name]) for name in ("accepted", "refused") if name in entry
    }
    locked = _pattern(entry["locked"]) if "locked" in entry else _LOCKED
    return Form(page=_pattern(entry["page"]), locked=locked, **plain, **signs)


def _sign(entry: Mapping[str, Any]) -> Sign:
    return Sign(tuple(entry["status"]), _pattern(entry["text"]) if "text" in entry else None)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
