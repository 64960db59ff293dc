"""Types of a GGUF file, and what llama.cpp keeps when it makes one."""

from __future__ import annotations

import os
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from export.gguf import FILE_TYPES, Contents, write_gguf
from export.model import TorchModel
from export.quantise import LLAMA_TYPES, known_types, parse_type, quantise
from inference.model_file import read_model_file
from languages.errors import CoderError


@pytest.mark.parametrize("text", ["Q4_K_M", "q4_k_m", " q4-k-m "])
def test_a_type_however_it_is_spelled(text: str) -> None:
    assert parse_type(text) == "Q4_K_M"


def test_an_unknown_type_names_the_nearest() -> None:
    with pytest.raises(CoderError, match=r'no type "Q8"; the nearest is Q8_0\. All: F32, F16'):
        parse_type("Q8")


def test_the_numbers_are_llama_cpp_s() -> None:
    for name, number in {**LLAMA_TYPES, **FILE_TYPES}.items():
        constant = "LLAMA_FTYPE_ALL_F32" if name == "F32" else f"LLAMA_FTYPE_MOSTLY_{name}"
        assert getattr(llama_cpp, constant) == number, name
    assert len(set(known_types())) == len(known_types())


@pytest.mark.parametrize("file_type", ["Q4_K_M", "Q4_0", "Q6_K"])
def test_llama_cpp_keeps_our_metadata(tiny: TorchModel, contents: Contents, tmp_path: Path, file_type: str) -> None:
    write_gguf(tmp_path / "exact.gguf", tiny, contents, file_type="F32")
    quantise(tmp_path / "exact.gguf", tmp_path / "small.gguf", file_type)
    exact, small = (read_model_file(tmp_path / name) for name in ("exact.gguf", "small.gguf"))
    assert small.size < exact.size
    assert small.controls == exact.controls
    assert small.chat_template == exact.chat_template
    assert small.heads["quality"].labels == exact.heads["quality"].labels
    for name in ("weight", "bias", "temperature", "threshold"):
        np.testing.assert_array_equal(getattr(small.heads["quality"], name), getattr(exact.heads["quality"], name))


def test_a_source_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("not a model")
    with pytest.raises(CoderError, match=r"llama\.cpp could not make small\.gguf as Q4_K_M"):
        quantise(tmp_path / "text.gguf", tmp_path / "small.gguf", "Q4_K_M")
    assert os.listdir(tmp_path) == ["text.gguf"]
