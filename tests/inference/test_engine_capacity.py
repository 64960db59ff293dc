"""What a model gets of a machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from inference.engine.capacity import plan_capacity
from inference.model_file import ModelFile
from languages.errors import CoderError
from tasks.tokens import ControlIds

GB = 1_000_000_000


@dataclass
class Memory:
    available: int


def model(size: int = GB, parameters: int = GB, context_length: int = 32768, kv_bytes: int = 50_000) -> ModelFile:
    return ModelFile(
        path=Path("m.gguf"),
        size=size,
        name="m",
        architecture="llama",
        parameters=parameters,
        quantisation="Q8_0",
        context_length=context_length,
        hidden_size=8,
        vocabulary_size=100,
        kv_bytes=kv_bytes,
        chat_template=None,
        bos_token="",
        eos_token="",
        bos_id=None,
        controls=ControlIds({}),
        heads={},
    )


def free(monkeypatch: pytest.MonkeyPatch, available: float) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: Memory(int(available)))


def test_with_room_the_window_is_8192_and_cells_are_two_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 16 * GB)
    capacity = plan_capacity(model())
    assert (capacity.window, capacity.cells) == (8192, 16384)


def test_a_model_trained_on_less_serves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 16 * GB)
    assert plan_capacity(model(context_length=2048)).window == 2048


def test_short_memory_halves_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 1.2 * GB + 3000 * 50_000)
    capacity = plan_capacity(model())
    assert (capacity.window, capacity.cells) == (2048, 3000)


def test_a_model_that_does_not_fit_is_a_sentence_with_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 0.5 * GB)
    with pytest.raises(CoderError, match=r"m\.gguf needs about 1\.3 GB .* 0\.5 GB are free") as caught:
        plan_capacity(model())
    assert caught.value.code == "model_too_big"


def test_an_asked_window_is_given_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 16 * GB)
    assert plan_capacity(model(), 32768).window == 32768
    with pytest.raises(CoderError, match="1 to 32768"):
        plan_capacity(model(), 40000)
    free(monkeypatch, 1.3 * GB)
    with pytest.raises(CoderError, match="ask for a shorter context"):
        plan_capacity(model(), 32768)


def test_larger_models_take_smaller_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 64 * GB)
    sizes = [plan_capacity(model(parameters=count)).batch_size for count in (GB // 10, 2 * GB, 8 * GB)]
    assert sizes == [256, 128, 64]
