"""The model in training: a frozen backbone with LoRA adapters, trained control tokens, and one head a label task.

The heads read the final-norm hidden state, which is what the serving engine gives for each token; gradients of their
losses reach the adapters. Backbone weights are kept in the computing format, everything trained in float32. This file
knows no losses and no data.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from languages.errors import CoderError
from training.recipe import Lora


class TrainingModel(nn.Module):
    """`backbone` is a PEFT causal language model; `heads[task]` maps (N, H) to (N, L)."""

    def __init__(self, backbone: Any, heads: dict[str, int], dtype: torch.dtype) -> None:
        super().__init__()
        self.backbone = backbone
        self.dtype = dtype
        self.hidden_size: int = backbone.config.hidden_size
        self.heads = nn.ModuleDict({task: nn.Linear(self.hidden_size, labels) for task, labels in heads.items()})

    def hidden_states(self, tokens: Tensor) -> Tensor:
        """Final-norm hidden states (B, T, H), float32. Padding on the right needs no mask: attention is causal."""
        with torch.autocast(tokens.device.type, self.dtype, enabled=self.dtype != torch.float32):
            hidden: Tensor = self._causal.model(input_ids=tokens, use_cache=False).last_hidden_state
        return hidden.float()

    def token_logits(self, hidden: Tensor) -> Tensor:
        """Next-token logits (N, V) of chosen hidden states, float32."""
        with torch.autocast(hidden.device.type, self.dtype, enabled=self.dtype != torch.float32):
            logits: Tensor = self._causal.lm_head(hidden.to(self.dtype))
        return logits.float()

    def head_logits(self, task: str, hidden: Tensor) -> Tensor:
        """Label logits (N, L) of chosen hidden states, float32."""
        logits: Tensor = self.head(task)(hidden)
        return logits

    def head(self, task: str) -> nn.Linear:
        """The linear layer of a label task."""
        return cast(nn.Linear, self.heads[task])

    def start_head(self, task: str, rates: Tensor) -> None:
        """Start a head at the labels' own rates: weights 0, bias logit(rate)."""
        head = self.head(task)
        with torch.no_grad():
            head.weight.zero_()
            head.bias.copy_(torch.logit(rates.clamp(1e-4, 1 - 1e-4)))

    def trainable(self) -> list[tuple[str, nn.Parameter]]:
        """All trained parameters in a fixed order."""
        return [(name, parameter) for name, parameter in self.named_parameters() if parameter.requires_grad]

    def save_adapter(self, directory: Path, base_name: str) -> None:
        """Write `adapter_config.json` (which names the base, not its place) and `adapter_model.safetensors`."""
        self.backbone.peft_config["default"].base_model_name_or_path = base_name
        self.backbone.save_pretrained(str(directory), save_embedding_layers=False)
        (directory / "README.md").unlink(missing_ok=True)

    def load_adapter(self, directory: Path) -> None:
        """Put a saved adapter's weights in place, exactly."""
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        set_peft_model_state_dict(self.backbone, load_file(directory / "adapter_model.safetensors"))

    @property
    def _causal(self) -> Any:
        return self.backbone.base_model.model


def load_model(
    directory: Path, lora: Lora, heads: dict[str, int], new_tokens: Sequence[int], dtype: torch.dtype, seed: int
) -> TrainingModel:
    """The base model in `directory` with fresh adapters and heads by `seed`, and `new_tokens` made trainable."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    _quiet()
    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(str(directory), dtype=dtype, local_files_only=True)
    _check_targets(base, lora.targets)
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        trainable_token_indices=list(new_tokens),
    )
    return TrainingModel(get_peft_model(base, config, autocast_adapter_dtype=True), heads, dtype)


def _check_targets(base: nn.Module, targets: Sequence[str]) -> None:
    layers = {name.rpartition(".")[2] for name, module in base.named_modules() if isinstance(module, nn.Linear)}
    missing = [target for target in targets if target not in layers]
    if missing:
        known = ", ".join(sorted(layers - {"lm_head"}))
        raise CoderError(f'lora.targets names "{missing[0]}", which this base model does not have; it has: {known}.')


def _quiet() -> None:
    """Keep the libraries' own bars and notes off stderr, which has our own."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("peft").setLevel(logging.ERROR)
    # peft calls a property that transformers has renamed; nothing that we or a user could change.
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)
