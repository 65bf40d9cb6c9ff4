"""The nouns as JSON and back: one codec for recordings, reports and schemas.

Addresses and networks are text, bytes are base64, enumerations are their words. Unknown fields are
refused on the way in, so that a file from another version is never half understood.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from iotscan.model import Kind

_T = TypeVar("_T")
_TEXTUAL = (IPv4Address, IPv6Address, IPv4Network, IPv6Network)


def encode(noun: object) -> bytes:
    """JSON on one line, fields in the order of their declaration, mappings sorted by key."""
    return msgspec.json.encode(noun, enc_hook=_to_json, order="deterministic")


def decode(data: bytes | str, noun: type[_T], *, own: bool = False) -> _T:
    """The noun that ``encode`` wrote. Raises ValueError with a path to what does not fit.

    ``own``: it comes from where only this program writes, so that unknown fields need not be
    looked for; a large report is read four times as fast.
    """
    try:
        if own:
            return msgspec.json.decode(data, type=noun, dec_hook=_from_json)
        tree = msgspec.json.decode(data)
        return convert(tree, noun)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def convert(tree: object, noun: type[_T]) -> _T:
    """A noun from decoded JSON. Raises ValueError."""
    _refuse_unknown(tree, noun, "$")
    try:
        return msgspec.convert(tree, noun, dec_hook=_from_json)
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(str(error)) from error


def schema(noun: type) -> dict[str, Any]:
    """The JSON Schema of a noun (draft 2020-12)."""
    return msgspec.json.schema(noun, schema_hook=_schema_of)


def _to_json(value: object) -> object:
    if isinstance(value, _TEXTUAL):
        return str(value)
    raise NotImplementedError(f"{type(value)} has no JSON form")


def _from_json(noun: type, value: object) -> object:
    # By name: mypy sees these two as unions, which no class can be.
    if noun.__name__ == "Address" and isinstance(value, str):
        return ip_address(value)
    if noun.__name__ == "Subnet" and isinstance(value, str):
        return ip_network(value)
    raise ValueError(f"{value!r} is no {noun.__name__}")


def _schema_of(noun: type) -> dict[str, Any]:
    if noun.__name__ in ("Address", "Subnet"):
        return {"type": "string", "description": f"IPv4 or IPv6 {noun.__name__.lower()}"}
    raise NotImplementedError(f"{noun} has no schema")


@cache
def _hints(noun: type) -> dict[str, Any]:
    return get_type_hints(noun)


def _refuse_unknown(tree: object, noun: Any, path: str) -> None:
    """msgspec passes over unknown fields of dataclasses; a recording must not be half read."""
    if (
        isinstance(noun, type)
        and is_dataclass(noun)
        and isinstance(tree, dict)
        and noun is not Kind
    ):
        names = {field.name for field in fields(noun)}
        if unknown := sorted(set(tree) - names):
            raise ValueError(f"unknown field {unknown[0]!r} at {path}")
        for name in names & set(tree):
            _refuse_unknown(tree[name], _hints(noun)[name], f"{path}.{name}")
        return
    inner = next((arg for arg in get_args(noun) if is_dataclass(arg)), None)
    if inner is not None:
        for index, item in enumerate(tree if isinstance(tree, list) else [tree]):
            _refuse_unknown(item, inner, f"{path}[{index}]")
