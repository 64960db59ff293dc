from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from server.site import WEB
from tests.server.harness import error_of


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_ask_for_nothing_from_elsewhere(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    wanted = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert wanted
    assert all(target.startswith("/") for target in wanted)
    assert all(client.get(target).status_code == 200 for target in wanted)


def test_the_pages_files_name_no_other_host() -> None:
    for file in WEB.iterdir():
        assert not re.search(r"https?://(?!www\.w3\.org)\w", file.read_text("utf-8")), file.name


def test_the_reference_lists_every_endpoint(client: TestClient) -> None:
    docs = client.get("/docs").text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in docs
    assert "temperature" in docs


def test_rendering(client: TestClient) -> None:
    assert client.post("/v1/coder/render", json={"text": "**a**"}).json() == {"html": "<p><strong>a</strong></p>\n"}


@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": "x" * 400_001}])
def test_rendering_refuses(client: TestClient, body: dict[str, object]) -> None:
    response = client.post("/v1/coder/render", json=body)
    assert response.status_code == 400
    assert error_of(response)["param"] == "text"
