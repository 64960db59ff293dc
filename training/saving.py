"""A checkpoint of the training model: what goes into the directory that `export/checkpoint.py` makes whole."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from export.base import Base
from export.checkpoint import BaseInfo, CheckpointInfo, open_checkpoint, write_checkpoint, write_heads, write_info
from inference.heads import Head
from languages.errors import CoderError
from training.batches import COMPLETE, QUALITY
from training.model import TrainingModel
from training.recipe import Recipe
from training.tokens import FILES, CodeTokenizer


@dataclass(frozen=True, slots=True)
class CheckpointWriter:
    """Writes checkpoints of one run: base, labels and tokenizer are the same in all of them."""

    recipe: Recipe
    base: Base
    labels: tuple[str, ...]
    tokenizer: CodeTokenizer

    def write(
        self,
        directory: Path,
        model: TrainingModel,
        head: Head | None = None,
        extra: Callable[[Path], None] | None = None,
    ) -> None:
        """Write `directory`; `head` replaces the half-trained one, `extra` adds files. `CoderError` for a full disk."""

        def fill(partial: Path) -> None:
            model.save_adapter(partial, self.base.name)
            for name in FILES:
                if (self.tokenizer.directory / name).is_file():
                    shutil.copyfile(self.tokenizer.directory / name, partial / name)
            heads = write_heads(partial, {QUALITY: head or self.rough_head(model)})
            info = CheckpointInfo(
                base=BaseInfo(name=self.base.name, sha256=self.base.sha256),
                tasks=(COMPLETE, QUALITY),
                controls={control.value: number for control, number in self.tokenizer.controls.ids.items()},
                window_tokens=self.recipe.quality.window_tokens,
                heads=heads,
                recipe=self.recipe.name,
                datasets=("Python standard library (PSF-2.0)",),
            )
            write_info(partial, info)
            if extra:
                extra(partial)

        try:
            write_checkpoint(directory, fill)
        except Exception as error:
            if _is_full(error):
                raise CoderError(
                    f"The disk is full, so {directory} was not written; free some space and go on with --resume.",
                    code="disk_full",
                ) from error
            raise

    def rough_head(self, model: TrainingModel) -> Head:
        """The head as gradient steps left it, not calibrated."""
        layer = model.head(QUALITY)
        count = len(self.labels)
        return Head(
            task=QUALITY,
            labels=self.labels,
            weight=_array(layer.weight),
            bias=_array(layer.bias),
            temperature=np.ones(count, np.float32),
            threshold=np.full(count, 0.5, np.float32),
        )


def load_weights(directory: Path, model: TrainingModel) -> None:
    """Put the adapters and heads of a verified checkpoint into `model`, exactly."""
    checkpoint = open_checkpoint(directory)
    model.load_adapter(checkpoint.directory)
    head = checkpoint.heads()[QUALITY]
    layer = model.head(QUALITY)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(head.weight))
        layer.bias.copy_(torch.from_numpy(head.bias))


def _array(values: torch.Tensor) -> np.ndarray:
    array: np.ndarray = values.detach().float().cpu().numpy().copy()
    return array


def _is_full(error: BaseException) -> bool:
    """Disk full, as Python, safetensors and torch say it."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)
