"""The GGUF file: every key that we and other programs read, and files that are whole or not there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.gguf import Contents, write_gguf
from export.model import TorchModel
from export.verification.runner import LlamaCpp
from inference.heads import Head
from inference.model_file import read_model_file
from languages.errors import CoderError
from tasks.tokens import ControlIds


@pytest.fixture(scope="module")
def written(tiny: TorchModel, contents: Contents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(path, tiny, contents, file_type="F32")
    return path


@pytest.fixture(scope="module")
def fields(written: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    return {name: field.contents() for name, field in GGUFReader(written).fields.items() if len(field.data) < 1000}


def test_the_standard_keys(fields: dict[str, Any]) -> None:
    wanted = {
        "general.architecture": "llama",
        "general.name": "Tiny",
        "general.license": "apache-2.0",
        "general.file_type": 0,
        "llama.block_count": 2,
        "llama.context_length": 1024,
        "llama.attention.head_count_kv": 2,
        "llama.attention.key_length": 32,
        "llama.rope.dimension_count": 32,
        "llama.rope.freq_base": 50000.0,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.eot_token_id": 2,
        "tokenizer.ggml.padding_token_id": 2,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.ggml.fim_pre_token_id": 7,
        "tokenizer.ggml.fim_suf_token_id": 8,
        "tokenizer.ggml.fim_mid_token_id": 9,
        "tokenizer.ggml.fim_sep_token_id": 5,
    }
    assert {key: fields.get(key) for key in wanted} == wanted
    assert "<|im_start|>" in fields["tokenizer.chat_template"]


def test_our_keys(fields: dict[str, Any], controls: ControlIds) -> None:
    assert fields["coder.format"] == 1
    assert fields["coder.window_tokens"] == 128
    assert fields["coder.tasks"] == ["complete", "quality"]
    for control, token in controls.ids.items():
        assert fields[f"coder.control.{control.value}"] == token


def test_serving_reads_back_heads_and_controls(written: Path, head: Head, controls: ControlIds) -> None:
    read = read_model_file(written)
    assert read.controls == controls
    assert read.heads["quality"].labels == head.labels
    for name in ("weight", "bias", "temperature", "threshold"):
        np.testing.assert_array_equal(getattr(read.heads["quality"], name), getattr(head, name))


def test_llama_cpp_knows_the_fim_tokens(written: Path) -> None:
    import llama_cpp

    with LlamaCpp(written, window=32) as model:
        vocabulary = model._vocabulary
        assert llama_cpp.llama_vocab_fim_pre(vocabulary) == 7
        assert llama_cpp.llama_vocab_fim_suf(vocabulary) == 8
        assert llama_cpp.llama_vocab_fim_mid(vocabulary) == 9


def test_an_untied_model_keeps_its_output_matrix(make_base: Any, contents: Contents, tmp_path: Path) -> None:
    from gguf import GGUFReader

    from export.model import load_model

    model = load_model(make_base(tie_word_embeddings=False, attention_bias=True))
    write_gguf(tmp_path / "untied.gguf", model, contents, file_type="F32")
    names = {tensor.name for tensor in GGUFReader(tmp_path / "untied.gguf").tensors}
    assert {"output.weight", "blk.1.attn_q.bias"} <= names
    tokens = list(range(100, 160))
    wanted, _ = model.logits_and_hidden_states(tokens)
    with LlamaCpp(tmp_path / "untied.gguf", window=64) as candidate:
        np.testing.assert_allclose(candidate.logits_and_hidden_states(tokens)[0], wanted, atol=1e-3)


@pytest.mark.parametrize("file_type", ["F16", "BF16", "Q8_0"])
def test_smaller_types_are_what_they_say(tiny: TorchModel, contents: Contents, tmp_path: Path, file_type: str) -> None:
    from gguf import GGUFReader

    write_gguf(tmp_path / "small.gguf", tiny, contents, file_type=file_type)
    kinds = {tensor.name: tensor.tensor_type.name for tensor in GGUFReader(tmp_path / "small.gguf").tensors}
    assert kinds["token_embd.weight"] == kinds["blk.0.ffn_down.weight"] == file_type
    assert kinds["output_norm.weight"] == "F32"
    assert read_model_file(tmp_path / "small.gguf").quantisation == file_type


def test_a_head_of_another_width_or_not_finite_is_refused(
    tiny: TorchModel, contents: Contents, head: Head, tmp_path: Path
) -> None:
    narrow = replace(head, weight=head.weight[:, :-1].copy())
    broken = replace(head, bias=np.full_like(head.bias, np.nan))
    for bad, sentence in ((narrow, "reads 63 numbers and the model gives 64"), (broken, "not finite")):
        with pytest.raises(CoderError, match=sentence):
            write_gguf(tmp_path / "bad.gguf", tiny, replace(contents, heads={"quality": bad}))
    assert os.listdir(tmp_path) == []


def test_a_failure_leaves_the_old_file_alone(tiny: TorchModel, contents: Contents, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_text("old")
    broken = replace(tiny, config=tiny.config | {"num_hidden_layers": 3})
    with pytest.raises(CoderError, match=r"no tensor model\.layers\.2"):
        write_gguf(tmp_path / "m.gguf", broken, contents)
    assert (tmp_path / "m.gguf").read_text() == "old"
    assert os.listdir(tmp_path) == ["m.gguf"]


def test_a_missing_directory_is_a_sentence(tiny: TorchModel, contents: Contents, tmp_path: Path) -> None:
    with pytest.raises(CoderError, match="does not exist; create it first"):
        write_gguf(tmp_path / "nowhere" / "m.gguf", tiny, contents)
