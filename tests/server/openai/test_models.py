from __future__ import annotations

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from inference.engine.scripted import INFO
from server.openai.models import describe, title
from tests.server.harness import error_of


def test_the_two_models(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert [model["id"] for model in listed["data"]] == ["coder", "coder-raw"]
    assert client.get("/v1/models/coder").json() == listed["data"][0]
    assert listed["data"][0]["meta"]["name"] == "scripted"


def test_an_unknown_model(client: TestClient) -> None:
    response = client.get("/v1/models/gpt-4")
    assert response.status_code == 404
    assert error_of(response)["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("file", "quantisation"),
    [
        ("SmolLM2-135M-Instruct-Q8_0.gguf", "Q8_0"),
        ("m.Q4_K_M.gguf", "Q4_K_M"),
        ("m-f16.gguf", "F16"),
        ("IQ4_XS.gguf", "IQ4_XS"),
        ("model.gguf", None),
    ],
)
def test_the_quantisation_is_read_from_the_file_name(file: str, quantisation: str | None) -> None:
    assert describe(replace(INFO, path=f"/models/{file}"))["quantization"] == quantisation


@pytest.mark.parametrize(
    ("file", "shown"),
    [("SmolLM2-135M-Instruct.Q8_0.gguf", "SmolLM2-135M-Instruct"), ("m.gguf", "m"), ("Q8_0.gguf", "scripted")],
)
def test_people_know_a_model_by_its_file(file: str, shown: str) -> None:
    assert title(replace(INFO, path=f"/models/{file}")) == shown
