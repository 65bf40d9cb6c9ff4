"""Nothing that another web site can make a browser send gets through, and every answer is armed."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from iotscan.web.fence import LARGEST_BODY, POLICY, Fence

HOST = "127.0.0.1:8642"


async def _page(request: Request) -> Response:
    body = await request.body()
    return PlainTextResponse(f"{request.method} {len(body)}")


async def _own_policy(request: Request) -> Response:
    return PlainTextResponse("", headers={"content-security-policy": "sandbox"})


@pytest.fixture
def client() -> TestClient:
    routes = [
        Route("/", _page, methods=["GET", "POST", "DELETE"]),
        Route("/own", _own_policy),
    ]
    return TestClient(Fence(Starlette(routes=routes), [HOST]), base_url=f"http://{HOST}")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:80", "", "127.0.0.1:8642.evil.example"]
)
def test_a_name_that_was_rebound_to_us_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert HOST in answer.text
    assert answer.headers["content-security-policy"] == POLICY


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=lambda headers: next(iter(headers.values())),
)
def test_what_another_site_sends_is_refused(
    client: TestClient, method: str, headers: dict[str, str]
) -> None:
    assert client.request(method, "/", headers=headers).status_code == 403
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"origin": f"http://{HOST}"}])
def test_our_own_page_and_programs_get_through(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/", content=b"12345", headers=headers).text == "POST 5"


def test_too_long_a_body_is_refused_with_or_without_its_length(client: TestClient) -> None:
    assert client.post("/", content=b"x" * LARGEST_BODY).status_code == 200
    assert client.post("/", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert client.post("/", content=(b"x" * 1000 for _ in range(100))).status_code == 413


def test_a_page_may_have_a_stricter_policy_of_its_own(client: TestClient) -> None:
    assert client.get("/own").headers.get_list("content-security-policy") == ["sandbox"]
    headers = client.get("/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
