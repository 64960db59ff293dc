"""What a GGUF file says, and what is refused before it is loaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from inference.model_file import describe, read_model_file
from languages.errors import CoderError
from tasks.tokens import Control

HIDDEN = 4
HEAD: dict[str, Any] = {
    "labels": ["ruff:F401", "bandit:B110"],
    "weight": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
    "bias": [0.0, 1.0],
    "temperature": [1.0, 2.0],
    "threshold": [0.5, 0.25],
}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a tiny GGUF with a llama's keys; keyword arguments change its head, `more` adds keys."""

    def build(more: dict[str, int] | None = None, architecture: str = "llama", **head: Any) -> Path:
        path = tmp_path / "tiny.gguf"
        writer = gguf.GGUFWriter(path, architecture)
        writer.add_name("Tiny")
        writer.add_context_length(64)
        writer.add_embedding_length(HIDDEN)
        writer.add_block_count(2)
        writer.add_head_count(2)
        writer.add_head_count_kv(1)
        writer.add_token_list(["<s>", "</s>", "a", "b"])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(1)
        writer.add_add_bos_token(True)
        for key, value in (more or {}).items():
            writer.add_uint32(key, value)
        for name, values in (HEAD | head).items():
            if values is not None:
                writer.add_array(f"coder.head.quality.{name}", values)
        writer.add_tensor("token_embd.weight", np.zeros((4, 32), dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return build


def refusal(path: Path) -> CoderError:
    with pytest.raises(CoderError) as caught:
        read_model_file(path)
    return caught.value


def test_everything_that_the_file_says_is_read(write: Write) -> None:
    model = read_model_file(write({"coder.control.judge": 2}))
    assert (model.name, model.architecture, model.context_length, model.hidden_size) == ("Tiny", "llama", 64, HIDDEN)
    assert (model.parameters, model.quantisation, model.vocabulary_size) == (128, "F32", 4)
    assert (model.bos_token, model.eos_token, model.bos_id) == ("<s>", "</s>", 0)
    assert model.kv_bytes == 2 * 2 * (2 + 2)
    assert model.controls.get(Control.JUDGE) == 2
    head = model.heads["quality"]
    assert head.labels == ("ruff:F401", "bandit:B110")
    assert head.weight.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert head.threshold.tolist() == [0.5, 0.25]


def test_fim_tokens_come_from_our_keys_or_from_llama_cpps(write: Write) -> None:
    theirs = {f"tokenizer.ggml.fim_{name}_token_id": 3 for name in ("pre", "suf", "mid")}
    model = read_model_file(write({"coder.control.fim_prefix": 2, **theirs}))
    assert model.controls.can_fill_in_the_middle
    assert model.controls.get(Control.FIM_PREFIX) == 2
    assert model.controls.get(Control.FIM_SUFFIX) == 3


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ({"labels": None, "weight": None}, None),
        ({"weight": None}, "no array weight"),
        ({"weight": [1.0, 2.0]}, "weight has 2 numbers, wanted 2 labels x 4 hidden"),
        ({"weight": ["a", "b"]}, "no array weight"),
        ({"bias": [1.0]}, "bias has shape"),
        ({"temperature": [1.0, 0.0]}, "temperature must be above 0"),
        ({"threshold": [0.5, float("nan")]}, "not finite"),
        ({"labels": ["same", "same"]}, "the same label twice"),
    ],
)
def test_a_malformed_head_is_a_sentence(write: Write, head: dict[str, Any], said: str | None) -> None:
    path = write(**head)
    if said is None:
        assert read_model_file(path).heads == {}
        return
    error = refusal(path)
    assert error.code == "malformed_head"
    assert said in error.message


def test_the_window_that_heads_were_calibrated_on_is_read(write: Write) -> None:
    assert read_model_file(write({})).window_tokens == 512
    assert read_model_file(write({"coder.window_tokens": 128})).window_tokens == 128
    assert "coder.window_tokens is 0" in refusal(write({"coder.window_tokens": 0})).message


def test_a_control_id_outside_of_the_vocabulary_is_refused(write: Write) -> None:
    assert "the vocabulary has 4 tokens" in refusal(write({"coder.control.judge": 4})).message


def test_a_missing_file_a_directory_and_a_foreign_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.gguf").code == "model_not_found"
    assert "is a directory" in refusal(tmp_path).message
    foreign = tmp_path / "notes.gguf"
    for content in (b"", b"GG", b"# notes\n"):
        foreign.write_bytes(content)
        assert refusal(foreign).code == "not_a_gguf"


def test_a_file_cut_anywhere_is_refused(write: Write) -> None:
    path = write()
    whole = path.read_bytes()
    for size in range(4, len(whole), 37):
        path.write_bytes(whole[:size])
        assert refusal(path).code in ("model_damaged", "model_truncated")
    path.write_bytes(whole[:-1])
    assert "bytes are missing" in refusal(path).message


def test_a_header_full_of_nonsense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nonsense.gguf"
    path.write_bytes(b"GGUF" + b"\xff" * 400)
    assert refusal(path).code == "model_damaged"


def test_the_embedded_model_is_described_in_a_moment(default_file: Path) -> None:
    started = time.perf_counter()
    said = describe(default_file)
    assert time.perf_counter() - started < 2
    assert said["parameters"] == 134_515_008
    assert said["quantisation"] == "Q8_0"
    assert said["chat_template"] is True
    assert said["heads"] == {}
