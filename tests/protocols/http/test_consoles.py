"""What the answers of home servers' consoles prove; answers are cut from real ones."""

from __future__ import annotations

import json

import pytest

from iotscan.protocols.http.codec import Response
from iotscan.protocols.http.consoles import PRODUCTS, Verdict

JUDGES = {product.name: product.judge for product in PRODUCTS}


def ok(tree: object, status: int = 200, **headers: str) -> Response:
    named = tuple((name.replace("_", "-"), value.encode()) for name, value in headers.items())
    return Response(status, "", named, json.dumps(tree).encode())


DOCKER = {"Version": "24.0.7", "ApiVersion": "1.43", "Os": "linux", "Arch": "arm64"}
NODE_RED = {"httpNodeRoot": "/", "version": "3.1.3"}
STEPS = [{"step": "user", "done": False}, {"step": "core_config", "done": False}]
ELASTIC = {"cluster_name": "home", "version": {"number": "8.11.1"}, "tagline": "You Know"}
COUCH = {"couchdb": "Welcome", "version": "3.3.2"}
PING = ok(None, 204, x_influxdb_version="1.6.7~rc0")
PING_2 = ok(None, 204, x_influxdb_version="v2.7.4")
ASKED = ok({"error": 'missing required parameter "q"'}, 400)
CHROME = {"Browser": "node.js/v18.19.0", "Protocol-Version": "1.1"}


@pytest.mark.parametrize(
    ("product", "answers", "expected"),
    [
        ("Docker", [ok(DOCKER)], Verdict("console", "24.0.7", True)),
        ("Node-RED", [ok(NODE_RED)], Verdict("console", "3.1.3", True)),
        (
            "Node-RED",
            [ok(NODE_RED | {"user": {"anonymous": True, "permissions": "read"}})],
            Verdict("console", "3.1.3", False),
        ),
        (
            "Node-RED",
            [ok(NODE_RED | {"user": {"anonymous": True, "permissions": "*"}})],
            Verdict("console", "3.1.3", True),
        ),
        ("Home Assistant", [ok(STEPS)], Verdict("setup", open=True)),
        ("Home Assistant", [ok([{"step": "user", "done": True}])], Verdict("setup", open=False)),
        ("InfluxDB", [PING], Verdict("database", "1.6.7~rc0", then="/query")),
        ("InfluxDB", [PING, ASKED], Verdict("database", "1.6.7~rc0", True)),
        ("InfluxDB", [PING, ok({}, 401)], Verdict("database", "1.6.7~rc0", False)),
        ("InfluxDB", [PING, ok({}, 500)], Verdict("database", "1.6.7~rc0")),
        ("InfluxDB", [PING_2], Verdict("setup", "2.7.4", then="/api/v2/setup")),
        ("InfluxDB", [PING_2, ok({"allowed": True})], Verdict("setup", "2.7.4", True)),
        ("InfluxDB", [PING_2, ok({"allowed": False})], Verdict("setup", "2.7.4", False)),
        ("Elasticsearch", [ok(ELASTIC)], Verdict("database", "8.11.1", True)),
        (
            "Elasticsearch",
            [ok({}, 401, www_authenticate='Basic realm="security", charset="UTF-8"')],
            Verdict("database", open=False),
        ),
        ("CouchDB", [ok(COUCH)], Verdict("database", "3.3.2", then="/_all_dbs")),
        ("CouchDB", [ok(COUCH), ok(["a", "b"])], Verdict("database", "3.3.2", True, databases=2)),
        ("CouchDB", [ok(COUCH), ok({}, 401)], Verdict("database", "3.3.2", False)),
        ("CouchDB", [ok(COUCH), ok({}, 500)], Verdict("database", "3.3.2")),
        ("script inspector", [ok(CHROME)], Verdict("debugger", "node.js/v18.19.0", True)),
    ],
)
def test_answers_are_judged(product: str, answers: list[Response], expected: Verdict) -> None:
    assert JUDGES[product](answers) == expected


@pytest.mark.parametrize("product", JUDGES)
@pytest.mark.parametrize(
    "answer",
    [
        ok({"version": "1"}),
        ok([1, 2]),
        ok([{"step": "user", "done": "no"}]),
        ok("text"),
        ok(DOCKER | NODE_RED | ELASTIC | COUCH | CHROME, 401),
        Response(200, "", (), b"<html>"),
        Response(200, "", (), b"[" * 100_000),
        Response(200, "", (), json.dumps(DOCKER | NODE_RED).encode(), complete=False),
    ],
    ids=["another", "list", "no step", "text", "refused", "page", "deep", "cut"],
)
def test_answers_of_something_else_prove_nothing(product: str, answer: Response) -> None:
    assert JUDGES[product]([answer]) is None


def test_every_product_has_a_place_and_a_plain_path() -> None:
    ports = [port for product in PRODUCTS for port in product.ports]
    assert len(ports) == len(set(ports))
    assert all("?" not in product.path for product in PRODUCTS)
