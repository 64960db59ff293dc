"""Llama's names, row order and hyperparameters, in both directions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from export.architectures.architecture import interleave_rows, separate_rows
from export.architectures.llama import Llama
from export.architectures.registry import of_config, of_gguf
from languages.errors import CoderError

CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "max_position_embeddings": 128,
    "rms_norm_eps": 1e-5,
    "vocab_size": 100,
    "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0},
    "tie_word_embeddings": True,
}


def test_rows_of_two_heads_of_four_by_hand() -> None:
    rows = np.arange(8).reshape(8, 1)
    assert interleave_rows(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_separating_undoes_interleaving_for_matrices_and_biases() -> None:
    for shape in ((24, 5), (24,)):
        array = np.random.default_rng(0).normal(size=shape)
        np.testing.assert_array_equal(separate_rows(interleave_rows(array, 3), 3), array)


def test_the_config_survives_the_way_to_gguf_and_back() -> None:
    llama = Llama()
    back = llama.config(llama.hyperparameters(CONFIG), tied=True)
    assert {key: back[key] for key in CONFIG} == CONFIG


def test_tied_models_have_no_output_matrix() -> None:
    tied = [name.gguf for name in Llama().tensors(CONFIG)]
    untied = [name.gguf for name in Llama().tensors(CONFIG | {"tie_word_embeddings": False})]
    assert untied == [*tied, "output.weight"]
    assert len(tied) == 11


def test_only_q_and_k_are_permuted() -> None:
    rotary = {name.gguf: name.rotary_heads for name in Llama().tensors(CONFIG) if name.rotary_heads}
    assert rotary == {"blk.0.attn_q.weight": 4, "blk.0.attn_k.weight": 2}


def test_biases_are_named_when_there_are_any() -> None:
    names = [name.hugging_face for name in Llama().tensors(CONFIG | {"attention_bias": True})]
    assert "model.layers.0.self_attn.o_proj.bias" in names
    assert "model.layers.0.mlp.up_proj.bias" not in names


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_theta": 7.0},
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 7.0}},
    ],
)
def test_linear_rope_scaling_of_either_spelling(rope: dict[str, Any]) -> None:
    config = {key: value for key, value in CONFIG.items() if key != "rope_parameters"} | rope
    values = Llama().hyperparameters(config)
    assert (values["rope.freq_base"], values["rope.scaling.type"], values["rope.scaling.factor"]) == (
        7.0,
        "linear",
        2.0,
    )


def test_what_gguf_cannot_say_is_refused() -> None:
    with pytest.raises(CoderError, match='rope scaling "yarn" is not supported'):
        Llama().hyperparameters(CONFIG | {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1.0, "factor": 2.0}})
    with pytest.raises(CoderError, match="silu alone"):
        Llama().hyperparameters(CONFIG | {"hidden_act": "gelu"})


def test_other_architectures_are_refused_with_the_ones_there_are() -> None:
    with pytest.raises(
        CoderError, match="MambaForCausalLM is not supported; take a model with one of: LlamaForCausalLM"
    ):
        of_config({"architectures": ["MambaForCausalLM"]})
    with pytest.raises(CoderError, match="architecture qwen2 is not supported; take a model with one of: llama"):
        of_gguf("qwen2")
