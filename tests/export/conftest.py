"""A Llama of two layers with the real tokenizer, LoRA, trained token rows and a head: all export handles, small."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.architectures.llama import Llama
from export.base import Base, resolve_base
from export.checkpoint import BaseInfo, CheckpointInfo, write_checkpoint, write_heads, write_info
from export.gguf import Contents
from export.model import TorchModel, load_model
from export.tokenizer import Vocabulary, write_tokenizer
from export.unpack import read_vocabulary
from inference.embedded import source_file
from inference.heads import Head
from tasks.tokens import RESERVED_PIECES, ControlIds

HIDDEN = 64
LABELS = ("ruff:F401", "ruff:E711", "bandit:B110")
#: The head size is not hidden size / heads, and there are fewer K/V heads: both must survive.
CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-5,
    "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0},
    "tie_word_embeddings": True,
    "attention_bias": False,
    "mlp_bias": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
}


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    """The embedded model's tokenizer."""
    from gguf import GGUFReader

    return read_vocabulary(GGUFReader(source_file()).fields)


@pytest.fixture(scope="session")
def controls(vocabulary: Vocabulary) -> ControlIds:
    """The control tokens at the reserved pieces' ids."""
    return ControlIds({control: vocabulary.tokens.index(piece) for control, piece in RESERVED_PIECES.items()})


MakeModel = Callable[..., Path]


@pytest.fixture(scope="session")
def make_base(vocabulary: Vocabulary, tmp_path_factory: pytest.TempPathFactory) -> MakeModel:
    """Write a random model with changes to `CONFIG` as a Hugging Face directory."""

    def make(**changes: Any) -> Path:
        from safetensors.numpy import save_file

        directory = tmp_path_factory.mktemp("base")
        config = CONFIG | {"vocab_size": len(vocabulary.tokens)} | changes
        (directory / "config.json").write_text(json.dumps(config))
        write_tokenizer(vocabulary, directory, context_length=1024)
        save_file(_random_tensors(config), directory / "model.safetensors", metadata={"format": "pt"})
        return directory

    return make


@pytest.fixture(scope="session")
def base(make_base: MakeModel) -> Base:
    """The tiny model."""
    return resolve_base(str(make_base()))


@pytest.fixture(scope="session")
def tiny(base: Base) -> TorchModel:
    """The tiny model, loaded."""
    return load_model(base.directory)


@pytest.fixture(scope="session")
def head() -> Head:
    """A head whose calibration differs label by label."""
    rng = np.random.default_rng(1)
    return Head(
        task="quality",
        labels=LABELS,
        weight=rng.normal(0, 0.1, (len(LABELS), HIDDEN)).astype(np.float32),
        bias=rng.normal(0, 0.1, len(LABELS)).astype(np.float32),
        temperature=np.array([1.0, 1.5, 0.7], dtype=np.float32),
        threshold=np.array([0.5, 0.6, 0.4], dtype=np.float32),
    )


@pytest.fixture(scope="session")
def contents(head: Head, controls: ControlIds) -> Contents:
    """What goes beside the tiny model into a file."""
    origin: dict[str, str | int | tuple[str, ...]] = {"general.name": "Tiny", "general.license": "apache-2.0"}
    tasks = ("complete", "quality")
    return Contents(heads={"quality": head}, controls=controls, tasks=tasks, window_tokens=128, provenance=origin)


@pytest.fixture(scope="session")
def info(base: Base, controls: ControlIds) -> Callable[..., CheckpointInfo]:
    """`coder.json` of a checkpoint on the tiny model, with changes."""

    def make(**changes: Any) -> CheckpointInfo:
        values: dict[str, Any] = {
            "base": BaseInfo(name=base.name, sha256=base.sha256),
            "tasks": ("complete", "quality"),
            "controls": {control.value: token for control, token in controls.ids.items()},
            "window_tokens": 128,
            "heads": {},
            "recipe": "tiny",
            "datasets": ("stdlib",),
        }
        return CheckpointInfo(**(values | changes))

    return make


@pytest.fixture(scope="session")
def adapter_checkpoint(
    base: Base,
    head: Head,
    controls: ControlIds,
    info: Callable[..., CheckpointInfo],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A LoRA checkpoint whose adapter, token rows and head are all away from zero."""
    from peft import LoraConfig, get_peft_model

    loaded = load_model(base.directory)
    settings = LoraConfig(
        r=4,
        lora_alpha=8,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        trainable_token_indices={"embed_tokens": sorted(controls.ids.values())},
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        adapted = get_peft_model(loaded.model, settings)
    _shake(adapted)

    def fill(directory: Path) -> None:
        adapted.save_pretrained(directory)
        heads = write_heads(directory, {"quality": head})
        write_info(directory, info(heads=heads))

    directory = tmp_path_factory.mktemp("run") / "checkpoints" / "step-1"
    write_checkpoint(directory, fill)
    return directory


def _random_tensors(config: dict[str, Any]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    hidden, middle = config["hidden_size"], config["intermediate_size"]
    query, value = (
        config["num_attention_heads"] * config["head_dim"],
        config["num_key_value_heads"] * config["head_dim"],
    )
    shapes = {
        "embed_tokens": (config["vocab_size"], hidden),
        "lm_head": (config["vocab_size"], hidden),
        "q_proj": (query, hidden),
        "k_proj": (value, hidden),
        "v_proj": (value, hidden),
        "o_proj": (hidden, query),
        "gate_proj": (middle, hidden),
        "up_proj": (middle, hidden),
        "down_proj": (hidden, middle),
    }
    tensors = {}
    for name in Llama().tensors(config):
        kind, part = name.hugging_face.split(".")[-1], name.hugging_face.split(".")[-2]
        shape = shapes.get(part, (hidden,))
        drawn = rng.normal(0, 0.15, shape[:1] if kind == "bias" else shape).astype(np.float32)
        tensors[name.hugging_face] = drawn + 1 if "norm" in part else drawn
    return tensors


def _shake(adapted: Any) -> None:
    """Give every trainable parameter a value, as training would."""
    import torch

    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
