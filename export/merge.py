"""A checkpoint -> one whole float32 model: an adapter is merged into its base, a full fine-tune is loaded.

LoRA: Hu et al. 2021, W' = W + (alpha / r) B A. Rows of the embeddings that were trained (PEFT's trainable tokens) are
merged too and stay tied to the output matrix. It does not know GGUF.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from export.base import resolve_base
from export.checkpoint import BaseInfo, Checkpoint
from export.model import TorchModel, in_memory, load_model, require_torch
from languages.errors import CoderError


def merge(checkpoint: Checkpoint) -> TorchModel:
    """The checkpoint's model, whole.

    Raises `CoderError` when its base model is gone or is not the one it was trained on.
    """
    require_torch()
    if not checkpoint.is_adapter:
        return load_model(checkpoint.directory)
    base = base_directory(checkpoint.info.base)
    return _merge_adapter(checkpoint.directory, base)


def base_directory(wanted: BaseInfo) -> Path:
    """The Hugging Face directory of the base model that a checkpoint names."""
    base = resolve_base(wanted.name)
    if base.sha256 != wanted.sha256:
        found, trained = base.sha256[:16], wanted.sha256[:16]
        raise CoderError(
            f"The base model {wanted.name} is another one now (sha256 {found}..., trained on {trained}...); "
            "bring the old one back or train again."
        )
    return base.directory


def _merge_adapter(adapter: Path, base: Path) -> TorchModel:
    from peft import PeftModel

    loaded = load_model(base)
    try:
        with warnings.catch_warnings():
            # peft reads a property that transformers has renamed.
            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
            merged = PeftModel.from_pretrained(loaded.model, str(adapter)).merge_and_unload()
    except (ValueError, RuntimeError, KeyError) as error:
        raise CoderError(f"The adapter in {adapter} does not fit its base model ({_first_line(error)}).") from error
    tokenizer = adapter if (adapter / "tokenizer.json").is_file() else base
    return in_memory(merged, base, tokenizer)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0]
