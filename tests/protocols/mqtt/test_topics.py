"""Signatures of products and secrets: each matches its example, and nothing it should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from iotscan.protocols.mqtt.topics import Catalogue, catalogue, products, secret_kinds

DATA = Path(__file__).resolve().parents[3] / "probes" / "mqtt_topics.yaml"
TREE: dict[str, Any] = yaml.safe_load(DATA.read_text("utf-8"))
KNOWN: Catalogue = catalogue(TREE)
SIGNED = [(kind, entry) for kind in ("brokers", "ecosystems") for entry in TREE[kind]]
SECRETS = [
    (entry["kind"], example)
    for section in ("secret_names", "secret_values")
    for entry in TREE[section]
    for example in entry["examples"]
]


@pytest.mark.parametrize(("kind", "entry"), SIGNED, ids=lambda value: str(value)[:40])
def test_a_signature_matches_its_example_and_no_other_does(
    kind: str, entry: dict[str, Any]
) -> None:
    example = entry["example"]
    topic, payload = example["topic"], str(example["payload"]).encode()
    found = {
        product for brokers in (True, False) for product in products(KNOWN, brokers, topic, payload)
    }
    expected = {(entry["product"], str(example.get("version", "")))}
    if "also" in example:
        expected.add((example["also"], ""))
    assert found == expected


@pytest.mark.parametrize(("kind", "example"), SECRETS)
def test_a_secret_is_known_by_its_example(kind: str, example: dict[str, str]) -> None:
    assert secret_kinds(KNOWN, example["topic"], example["payload"].encode()) == (kind,)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("cam/1", '{"password":"****"}'),
        ("cam/1", '{"password":""}'),
        ("cam/1", '{"password":null}'),
        ("cam/1", '{"password":"<redacted>"}'),
        ("cam/1", '{"password":true}'),
        ("cam/1", '{"password_required":"always so"}'),
        ("home/wifi/password", "unknown"),
        ("home/wifi/password/changed", "yesterday evening"),
        ("relay", '{"pin":12}'),
        ("sensor", '{"temperature":21.5,"linkquality":120}'),
        ("sensor", '{"monkey":"bananas, a whole bunch of them"}'),
        ("robot", '{"lat":0,"lon":0}'),
        ("robot", '{"lat":"n/a","lon":"n/a"}'),
        ("robot", '{"latency":12,"long":4}'),
        ("a", "online"),
        ("token", "short"),
        ("x", "http://user@host/path"),
        ("x", "rtsp://viewer:****@192.0.2.9/live"),
        ("cert", "-----BEGIN CERTIFICATE-----"),
    ],
)
def test_what_only_resembles_a_secret_is_none(topic: str, payload: str) -> None:
    assert secret_kinds(KNOWN, topic, payload.encode()) == ()


@pytest.mark.parametrize(
    ("payload", "kinds"),
    [
        ('{"_type":"location","lat":52.1,"lon":4.2}', ("location",)),
        ('{"gps":{"latitude":-33.9,"longitude":151.2}}', ("location",)),
        ('{"lat":-90,"lon":180}', ("location",)),
        ('{"lat":90.5,"lon":4.2}', ()),
        ('{"lat":52.1,"lon":-180.5}', ()),
        ('{"lat":0,"lon":0}', ()),
        ('{"a":[{"b":{"accessToken":"0123456789abcdef"}}]}', ("token",)),
        ('{"WiFiPassword":"correct horse","user_password":"battery"}', ("password", "wifi key")),
        ('[{"password":"hunter22"},{"password":"****"}]', ("password",)),
    ],
)
def test_messages_in_json_are_searched_inside(payload: str, kinds: tuple[str, ...]) -> None:
    assert secret_kinds(KNOWN, "any/topic", payload.encode()) == kinds


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe\x00" * 50,
        b"[" * 60_000,
        b'{"a":' * 30_000,
        b'{"password":' + b"1" * 60_000 + b"}",
        b"[" + b'{"k":"v"},' * 6_000 + b"{}]",
        b"://" * 20_000,
        b"a:" * 30_000 + b"@",
    ],
)
def test_hostile_messages_are_searched_within_bounds(payload: bytes) -> None:
    assert secret_kinds(KNOWN, "a/b", payload) == ()
    assert list(products(KNOWN, False, "a/b", payload)) == []


def test_only_the_beginning_of_a_name_is_compared() -> None:
    """Or one long name above many fields costs seconds."""
    assert secret_kinds(KNOWN, "a", f'{{"{"x" * 50}_password":"hunter22"}}'.encode()) != ()
    assert secret_kinds(KNOWN, "a", f'{{"{"x" * 60}_password":"hunter22"}}'.encode()) == ()


def test_a_faulty_data_file_is_an_error() -> None:
    with pytest.raises(KeyError):
        catalogue({"brokers": []})
