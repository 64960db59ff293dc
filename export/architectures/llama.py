"""Llama: `LlamaForCausalLM` in Hugging Face, "llama" in GGUF (SmolLM2, Llama 2, TinyLlama, ...).

GGUF keeps the rows of Q and K in interleaved rotary order, Hugging Face in rotate-half order. Tied embeddings are
written once: GGUF then has no `output.weight`, Hugging Face no `lm_head.weight`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from export.architectures.architecture import Hyperparameters, TensorName
from languages.errors import CoderError

#: GGUF key -> config.json key, where the value is the same.
_SAME = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "vocab_size": "vocab_size",
}

#: One block's tensors: GGUF name -> Hugging Face name, weights only.
_ATTENTION = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
}
_FEED_FORWARD = {"ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
_NORMS = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}


class Llama:
    """See the module's docstring."""

    gguf_name = "llama"
    hugging_face_name = "LlamaForCausalLM"

    def hyperparameters(self, config: Mapping[str, Any]) -> Hyperparameters:
        """GGUF's hyperparameters; linear rope scaling is expressed, other kinds raise `CoderError`."""
        if config.get("hidden_act", "silu") != "silu":
            raise CoderError(f"llama.cpp runs Llama with silu alone, and this model uses {config['hidden_act']}.")
        values = {gguf: config[key] for gguf, key in _SAME.items() if config.get(key) is not None}
        values.setdefault("attention.head_count_kv", config["num_attention_heads"])
        head = _head_size(config)
        values |= {"rope.dimension_count": head, "attention.key_length": head, "attention.value_length": head}
        return values | _rope(config)

    def config(self, hyperparameters: Hyperparameters, *, tied: bool) -> dict[str, Any]:
        """config.json as transformers 5 writes it. Models with biases or scaled rope are not read from GGUF."""
        if any(key.startswith("rope.scaling") for key in hyperparameters):
            raise CoderError("This GGUF file scales its rope; start from the model's Hugging Face directory instead.")
        values = {key: hyperparameters[gguf] for gguf, key in _SAME.items() if gguf in hyperparameters}
        heads, hidden = int(hyperparameters["attention.head_count"]), int(hyperparameters["embedding_length"])
        return values | {
            "architectures": [self.hugging_face_name],
            "model_type": "llama",
            "head_dim": hyperparameters.get("rope.dimension_count", hidden // heads),
            "num_key_value_heads": hyperparameters.get("attention.head_count_kv", heads),
            "rope_parameters": {"rope_type": "default", "rope_theta": hyperparameters.get("rope.freq_base", 10000.0)},
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": tied,
        }

    def tensors(self, config: Mapping[str, Any]) -> Sequence[TensorName]:
        """Embeddings, blocks, final norm, and the output matrix unless it is tied."""
        names = [TensorName("token_embd.weight", "model.embed_tokens.weight")]
        for block in range(config["num_hidden_layers"]):
            names.extend(_block(block, config))
        names.append(TensorName("output_norm.weight", "model.norm.weight"))
        if not config.get("tie_word_embeddings", False):
            names.append(TensorName("output.weight", "lm_head.weight"))
        return names


def _block(number: int, config: Mapping[str, Any]) -> Iterator[TensorName]:
    heads = config["num_attention_heads"]
    rotary = {"attn_q": heads, "attn_k": config.get("num_key_value_heads") or heads}
    biased = [(_ATTENTION, config.get("attention_bias")), (_FEED_FORWARD, config.get("mlp_bias")), (_NORMS, False)]
    for names, has_bias in biased:
        for gguf, hugging_face in names.items():
            for kind in ("weight", "bias") if has_bias else ("weight",):
                place = f"blk.{number}.{gguf}.{kind}"
                yield TensorName(place, f"model.layers.{number}.{hugging_face}.{kind}", rotary.get(gguf, 0))


def _head_size(config: Mapping[str, Any]) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _rope(config: Mapping[str, Any]) -> dict[str, int | float | str]:
    """The rope keys, from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (before)."""
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    theta = float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0)
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return {"rope.freq_base": theta}
    if kind == "linear":
        return {"rope.freq_base": theta, "rope.scaling.type": "linear", "rope.scaling.factor": float(rope["factor"])}
    raise CoderError(f'The rope scaling "{kind}" is not supported; take a base model with default or linear rope.')
