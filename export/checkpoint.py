"""The checkpoint: what training writes and export reads.

A directory with a Hugging Face model (PEFT: `adapter_config.json` and `adapter_model.safetensors`; full fine-tune:
`config.json` and `model.safetensors`), its tokenizer, `coder.json` (`export/info.py`), `heads.safetensors`
("<task>.weight" (L, H) and "<task>.bias" (L,), float32), optional `trainer/` files, and `manifest.json`, without which
it does not exist.
This file does not know how the model is trained or what becomes of it. It imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.info import BaseInfo, CheckpointInfo, HeadInfo, read_info, write_info
from export.manifest import verify_directory, write_directory
from inference.heads import Head
from languages.errors import CoderError

__all__ = [
    "BaseInfo",
    "Checkpoint",
    "CheckpointInfo",
    "HeadInfo",
    "open_checkpoint",
    "write_checkpoint",
    "write_heads",
    "write_info",
]

HEADS = "heads.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
MODEL_CONFIG = "config.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint directory."""

    directory: Path
    info: CheckpointInfo

    @property
    def is_adapter(self) -> bool:
        """True for a PEFT adapter, which needs its base model; false for a whole model."""
        return (self.directory / ADAPTER_CONFIG).is_file()

    def heads(self) -> dict[str, Head]:
        """The trained heads by task; `CoderError` when tensors and labels do not fit each other."""
        if not self.info.heads:
            return {}
        from safetensors.numpy import load_file

        path = self.directory / HEADS
        if not path.is_file():
            raise CoderError(f"{path} is missing although coder.json names heads; use another checkpoint.")
        tensors = load_file(path)
        try:
            return {task: _head(task, info, tensors) for task, info in self.info.heads.items()}
        except (KeyError, ValueError) as error:
            raise CoderError(f"{path} does not fit coder.json ({error}); use another checkpoint.") from error


def write_checkpoint(directory: Path, fill: Callable[[Path], None]) -> None:
    """Write a checkpoint that is whole or not there: `fill` gets a temporary directory to write all files into.

    Killed at any moment, this leaves at `directory` what was there before, or nothing.
    """
    write_directory(directory, fill)


def write_heads(directory: Path, heads: Mapping[str, Head]) -> dict[str, HeadInfo]:
    """Write `heads.safetensors` into `directory` (inside `fill`); returns what `CheckpointInfo.heads` needs."""
    from safetensors.numpy import save_file

    tensors: dict[str, np.ndarray] = {}
    for task, head in heads.items():
        tensors[f"{task}.weight"] = np.ascontiguousarray(head.weight, dtype=np.float32)
        tensors[f"{task}.bias"] = np.ascontiguousarray(head.bias, dtype=np.float32)
    save_file(tensors, directory / HEADS)
    return {task: HeadInfo.of(head) for task, head in heads.items()}


def open_checkpoint(directory: Path) -> Checkpoint:
    """Verify and open a checkpoint (links such as `checkpoints/best` are followed).

    Raises `CoderError` when it is missing, unfinished, damaged (the file is named) or of a newer format.
    """
    if not directory.is_dir():
        raise CoderError(_missing(directory), code="not_found")
    resolved = directory.resolve()
    verify_directory(resolved)
    checkpoint = Checkpoint(resolved, read_info(resolved))
    if not checkpoint.is_adapter and not (resolved / MODEL_CONFIG).is_file():
        raise CoderError(f"{resolved} holds neither {ADAPTER_CONFIG} nor {MODEL_CONFIG}, so there is no model in it.")
    return checkpoint


def _missing(directory: Path) -> str:
    if directory.is_file():
        return f"{directory} is a file; give the checkpoint's directory, for example runs/NAME/checkpoints/best."
    if (directory.parent / "checkpoints").is_dir():
        return f"There is no checkpoint {directory}; look into {directory.parent / 'checkpoints'}."
    return f"There is no checkpoint {directory}; give the path of one, for example runs/NAME/checkpoints/best."


def _head(task: str, info: HeadInfo, tensors: Mapping[str, np.ndarray]) -> Head:
    return Head(
        task=task,
        labels=info.labels,
        weight=tensors[f"{task}.weight"].astype(np.float32),
        bias=tensors[f"{task}.bias"].astype(np.float32),
        temperature=np.asarray(info.temperature, dtype=np.float32),
        threshold=np.asarray(info.threshold, dtype=np.float32),
    )
