from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from inference.engine.scripted import ScriptedEngine
from server.app import Access, create_app
from server.security import host_name, is_loopback, origin_allowed
from tests.server.harness import error_of


def client_of(access: Access) -> TestClient:
    return TestClient(create_app(ScriptedEngine("ok", "ok"), access=access), base_url="http://127.0.0.1")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8777", "[::1]:8777", "LOCALHOST:1"])
def test_known_hosts(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8777", "127.0.0.1.evil.example", "192.168.0.9", "", "["]
)
def test_unknown_hosts(client: TestClient, host: str) -> None:
    response = client.get("/v1/models", headers={"host": host})
    assert response.status_code == 403
    assert error_of(response)["code"] == "host_not_allowed"


def test_bound_to_every_interface_any_address_will_do_but_no_foreign_name() -> None:
    with client_of(Access(host="0.0.0.0")) as client:
        assert client.get("/health", headers={"host": "192.168.0.9:8777"}).status_code == 200
        assert client.get("/health", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:8777", True),
        ("http://localhost:3000", True),
        ("https://[::1]", True),
        ("vscode-webview://1c2d", True),
        ("http://coder.lan:8777", True),
        ("http://coder.lan", False),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("null", False),
        ("file://", False),
        ("", False),
    ],
)
def test_origins(origin: str, allowed: bool) -> None:
    assert origin_allowed(origin, "coder.lan:8777") is allowed


def test_a_foreign_page_cannot_post(client: TestClient, engine: ScriptedEngine) -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    response = client.post("/v1/chat/completions", json=body, headers={"origin": "https://evil.example"})
    assert response.status_code == 403
    assert error_of(response)["code"] == "origin_not_allowed"
    assert "access-control-allow-origin" not in response.headers
    assert engine.requests == []


def test_an_editors_web_view_may_read_answers(client: TestClient) -> None:
    origin = {"origin": "vscode-webview://1c2d"}
    preflight = {**origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    assert client.options("/v1/chat/completions", headers=preflight).status_code == 200
    assert client.get("/v1/models", headers=origin).headers["access-control-allow-origin"] == origin["origin"]


def test_keys() -> None:
    with client_of(Access(keys=("one", "two"))) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/web/app.js").status_code == 200
        for header in ({}, {"authorization": "Bearer three"}, {"authorization": "one"}, {"authorization": "Basic one"}):
            refused = client.get("/v1/models", headers=header)
            assert refused.status_code == 401
            assert error_of(refused)["code"] == "invalid_api_key"
        for key in ("one", "two"):
            assert client.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_a_large_body_is_refused_announced_or_not() -> None:
    with client_of(Access(max_body_bytes=1000)) as client:
        headers = {"content-type": "application/json"}
        announced = client.post("/v1/completions", content=b"x" * 1001, headers=headers)
        chunked = client.post("/v1/completions", content=iter([b"x" * 600, b"x" * 600]), headers=headers)
        at_the_limit = client.post("/v1/completions", content=b" " * 1000, headers=headers)
    assert (announced.status_code, chunked.status_code, at_the_limit.status_code) == (413, 413, 400)
    assert error_of(announced) == error_of(chunked)


def test_every_answer_has_the_policy(client: TestClient) -> None:
    for path in ("/", "/web/app.js", "/v1/models", "/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_host_names() -> None:
    assert host_name("[::1]:8777") == "::1"
    assert host_name("Localhost:80") == "localhost"
    assert host_name("[") == ""


def test_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost", "127.9.9.9")))
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.0.1", "example.org")))
