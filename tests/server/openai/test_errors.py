from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from server.openai.errors import param_name
from tests.server.harness import error_of

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "invalid_json"),
        (b"", "missing_parameter"),
        (b"[]", "invalid_value"),
        (b"\xff\xfe{", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b'{"messages": [], "seed": ' + b"9" * 5000 + b"}", "invalid_json"),
        (b'{"\\ud800": 1}', "invalid_value"),
    ],
)
def test_bodies_that_are_not_json_objects(client: TestClient, content: bytes, code: str) -> None:
    response = client.post("/v1/chat/completions", content=content, headers=JSON)
    assert response.status_code == 400
    assert error_of(response)["code"] == code


def test_a_missing_content_type_is_named(client: TestClient) -> None:
    response = client.post("/v1/chat/completions", content=b'{"messages": []}')
    assert response.status_code == 400
    assert "Content-Type: application/json" in str(error_of(response)["message"])


def test_unknown_routes_and_methods(client: TestClient) -> None:
    assert client.get("/v1/nothing").status_code == 404
    assert error_of(client.get("/v1/nothing{x}"))["code"] == "not_found"
    wrong = client.get("/v1/chat/completions")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert error_of(wrong)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("location", "name"),
    [
        (("messages", 0, "role"), "messages[0].role"),
        (("temperature",), "temperature"),
        ((), None),
    ],
)
def test_param_names(location: tuple[str | int, ...], name: str | None) -> None:
    assert param_name(location) == name
