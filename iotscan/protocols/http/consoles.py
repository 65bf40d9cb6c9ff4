"""Consoles and data stores over HTTP that home servers run: what to ask each, and what it proves.

Every question is a plain GET that its maker documents as reading; at most two are asked. A table,
so that another product is another entry.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from iotscan.protocols.http.codec import Response

DATABASE, CONSOLE, SETUP, DEBUGGER = "database", "console", "setup", "debugger"
# Answers to these questions are a few kilobytes, except for long lists of databases.
LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the answers prove. ``open``: to whoever asks; None while that is not decided.

    ``sort``: what it is that is open. ``then``: the path that is worth asking for next, "" for
    none. ``databases``: how many it listed.
    """

    sort: str
    version: str = ""
    open: bool | None = None
    then: str = ""
    databases: int | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product: the ports where it is asked, the first path, and the judge of the answers so far,
    who says None where they are of something else.
    """

    name: str
    ports: tuple[int, ...]
    path: str
    judge: Callable[[Sequence[Response]], Verdict | None]


def _tree(response: Response) -> Any:
    """The JSON of a successful answer, None where there is none."""
    if not 200 <= response.status < 300 or not response.complete:
        return None
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def _fields(response: Response) -> dict[str, Any]:
    tree = _tree(response)
    return tree if isinstance(tree, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _docker(answers: Sequence[Response]) -> Verdict | None:
    """Docker Engine API, GET /version. Whoever reads it may start containers as root."""
    said = _fields(answers[0])
    if not (said.keys() >= {"ApiVersion", "Version"} and said.keys() & {"Os", "Platform"}):
        return None
    return Verdict(CONSOLE, _text(said["Version"]), True)


def _node_red(answers: Sequence[Response]) -> Verdict | None:
    """Node-RED admin API, GET /settings: refused where a login is asked for, unless the login has
    a default user, whose rights it then tells.
    """
    said = _fields(answers[0])
    if not said.keys() >= {"httpNodeRoot", "version"}:
        return None
    user = said.get("user")
    limited = isinstance(user, dict) and user.get("permissions") != "*"
    return Verdict(CONSOLE, _text(said["version"]), not limited)


def _home_assistant(answers: Sequence[Response]) -> Verdict | None:
    """Home Assistant, GET /api/onboarding: the steps of its first set-up."""
    steps = _tree(answers[0])
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return None
    done = {step.get("step"): step.get("done") for step in steps}
    return Verdict(SETUP, open=not done["user"]) if isinstance(done.get("user"), bool) else None


def _influxdb(answers: Sequence[Response]) -> Verdict | None:
    """InfluxDB, GET /ping, then a query without a question (1.x: refused before it is read where a
    login is asked for) or the state of the set-up (2.x).
    """
    version = answers[0].header("x-influxdb-version").removeprefix("v")
    if not version:
        return None
    modern = not version.startswith(("0.", "1."))
    if len(answers) == 1:
        then = "/api/v2/setup" if modern else "/query"
        return Verdict(SETUP if modern else DATABASE, version, then=then)
    if modern:
        allowed = _fields(answers[1]).get("allowed")
        return Verdict(SETUP, version, allowed if isinstance(allowed, bool) else None)
    asked = answers[1].status == 400 and b"missing required parameter" in answers[1].body
    refused = answers[1].status in (401, 403)
    return Verdict(DATABASE, version, asked if asked or refused else None)


def _elasticsearch(answers: Sequence[Response]) -> Verdict | None:
    """Elasticsearch and OpenSearch, GET /: refused where a login is asked for."""
    first = answers[0]
    if first.status == 401 and 'realm="security"' in first.header("www-authenticate"):
        return Verdict(DATABASE, open=False)
    said = _fields(first)
    version = said.get("version")
    if not said.keys() >= {"cluster_name", "tagline"} or not isinstance(version, dict):
        return None
    return Verdict(DATABASE, _text(version.get("number")), True)


def _couchdb(answers: Sequence[Response]) -> Verdict | None:
    """CouchDB, GET /, which greets everybody, then GET /_all_dbs, which asks for a right."""
    said = _fields(answers[0])
    if "couchdb" not in said:
        return None
    version = _text(said.get("version"))
    if len(answers) == 1:
        return Verdict(DATABASE, version, then="/_all_dbs")
    if answers[1].status in (401, 403):
        return Verdict(DATABASE, version, False)
    names = _tree(answers[1])
    if not isinstance(names, list):
        return Verdict(DATABASE, version)
    return Verdict(DATABASE, version, True, databases=len(names))


def _inspector(answers: Sequence[Response]) -> Verdict | None:
    """The inspector of Node.js and of browsers built on Chromium, GET /json/version."""
    said = _fields(answers[0])
    if not said.keys() >= {"Browser", "Protocol-Version"}:
        return None
    return Verdict(DEBUGGER, _text(said["Browser"]), True)


PRODUCTS = (
    Product("Docker", (2375, 2376), "/version", _docker),
    Product("Node-RED", (1880,), "/settings", _node_red),
    Product("Home Assistant", (8123,), "/api/onboarding", _home_assistant),
    Product("InfluxDB", (8086,), "/ping", _influxdb),
    Product("Elasticsearch", (9200,), "/", _elasticsearch),
    Product("CouchDB", (5984,), "/", _couchdb),
    Product("script inspector", (9222, 9229), "/json/version", _inspector),
)
