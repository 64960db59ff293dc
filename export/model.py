"""`TorchModel`: a whole float32 Hugging Face model in memory, as export and its verification need it.

The checks' reference and the source of the tensors are the same object, so nothing can differ between the two. It does
not know checkpoints (`export/merge.py`) or GGUF.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from languages.errors import CoderError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class TorchModel:
    """The model, its config.json (with `tie_word_embeddings` as it really is) and the directory of its tokenizer."""

    model: PreTrainedModel
    config: dict[str, Any]
    tokenizer_directory: Path

    def tensor(self, name: str) -> Floats:
        """One float32 tensor by its Hugging Face name; `CoderError` when there is none."""
        import torch

        try:
            found: torch.Tensor = self.model.get_parameter(name)
        except AttributeError as error:
            raise CoderError(f"The model has no tensor {name}; is it complete?") from error
        array: Floats = found.detach().to("cpu", torch.float32).numpy()
        return array

    def logits_and_hidden_states(self, tokens: Sequence[int]) -> tuple[Floats, Floats]:
        """Next-token logits (T, V) and final-norm hidden states (T, H) of `tokens`."""
        import torch

        with torch.inference_mode():
            ids = torch.tensor([list(tokens)])
            hidden: torch.Tensor = self.model.base_model(ids, use_cache=False).last_hidden_state[0]
            logits: torch.Tensor = self.model.get_output_embeddings()(hidden)
        return logits.numpy(), hidden.numpy()


def require_torch() -> None:
    """`CoderError` when the packages of the `train` extra are not installed."""
    import importlib.util

    needed = ("torch", "transformers", "peft", "safetensors", "gguf")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        wanted = ", ".join(missing)
        raise CoderError(
            f"Export needs {wanted}; run `make train`, or pip install 'coder-local[train]'.", code="not_installed"
        )


def load_model(directory: Path, *, tokenizer_directory: Path | None = None) -> TorchModel:
    """Load a Hugging Face directory as float32, without dropout."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, local_files_only=True)
    return in_memory(model, directory, tokenizer_directory or directory)


def in_memory(model: PreTrainedModel, config_directory: Path, tokenizer_directory: Path) -> TorchModel:
    """Wrap a loaded model; config.json comes from `config_directory`."""
    config = json.loads((config_directory / "config.json").read_text("utf-8"))
    config["vocab_size"] = model.get_input_embeddings().weight.shape[0]
    config["tie_word_embeddings"] = _is_tied(model)
    return TorchModel(model.eval(), config, tokenizer_directory)


def _is_tied(model: PreTrainedModel) -> bool:
    """True when the output matrix equals the input embeddings, whatever config.json says."""
    import torch

    given, produced = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    return given is produced or torch.equal(given, produced)
