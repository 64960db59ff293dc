"""What a run would do, said before it does it: data, steps, parameters, memory, time.

Nothing is trained and no weights are loaded; the time comes from a short measurement of this machine's arithmetic.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from export.base import resolve_base
from training.corpus.store import prepare, summarise
from training.precision import resolve
from training.recipe import Recipe
from training.tokens import NEW
from training.vocabulary import label_vocabulary

#: Measured: the share of a large matrix product's speed that forward passes of a small model reach on a CPU.
_EFFICIENCY = 0.7
#: Forward, then gradients of activations (frozen weights need none of their own), then the adapters: three forwards.
_TRAINING_FORWARDS = 3.0
#: Rough bytes kept for the backward pass, a token, layer and hidden unit (measured, with LoRA).
_ACTIVATION_BYTES = 120
#: Measured: the libraries, the records and their windows.
_PROGRAM_BYTES = 800 * 2**20
_BYTES_A_TOKEN = 3.8


@dataclass(frozen=True, slots=True)
class Plan:
    """Lines to print, and whether the run fits this machine's memory."""

    lines: tuple[tuple[str, str], ...]
    fits: bool

    def text(self) -> str:
        """The plan as aligned lines."""
        return "\n".join(f"{name:<12} {value}" for name, value in self.lines)


def make_plan(recipe: Recipe) -> Plan:
    """Prepare the data (they are needed to count), read the base model's shape, and estimate."""
    splits = prepare(recipe.corpus, recipe.name, recipe.seed)
    labels = label_vocabulary(splits["train"], recipe.quality)
    base = resolve_base(recipe.base)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = resolve(recipe.optimisation.precision, device)
    shape = model_shape(base.directory, recipe, len(labels))
    memory = memory_bytes(shape, recipe, dtype)
    available = torch.cuda.mem_get_info()[0] if device.type == "cuda" else psutil.virtual_memory().available
    counts = [summarise(splits[split]) for split in ("train", "dev", "test")]
    files = " / ".join(f"{count.files} files" for count in counts)
    million = counts[0].bytes / _BYTES_A_TOKEN / 1e6
    steps = recipe.total_steps
    seen = steps * recipe.optimisation.tokens_per_step
    minutes = _minutes(recipe, shape, seen, _speed(device, dtype))
    limit = recipe.optimisation.time_limit_minutes
    fits = memory < available
    lines = (
        ("recipe", f"{recipe.name}: {recipe.description}".rstrip(": ")),
        ("base", f"{recipe.base} ({shape.parameters / 1e6:.0f} M parameters, {base.sha256[:12]})"),
        ("data", f"train / dev / test: {files}; train is about {million:.1f} M tokens"),
        ("labels", f"{len(labels)}: {', '.join(labels)}"),
        (
            "stages",
            "; ".join(f"{name}: {stage.steps} steps, {_mix(stage.mix)}" for name, stage in recipe.stages.items()),
        ),
        ("tokens", f"{seen:,} in {steps} steps of {recipe.optimisation.tokens_per_step:,}"),
        (
            "trainable",
            f"{shape.trainable:,} parameters (LoRA rank {recipe.lora.rank}, {len(NEW)} control tokens, the head)",
        ),
        ("computes", f"{str(dtype).removeprefix('torch.')} on {device.type}, {torch.get_num_threads()} threads"),
        ("memory", f"about {memory / 2**30:.1f} GiB of {available / 2**30:.1f} GiB that are free"),
        (
            "time",
            f"about {minutes:.0f} minutes on this machine as busy as it is now"
            + (f"; training stops after {limit:g}" if limit else ""),
        ),
        ("fits", "yes" if fits else "no: lower optimisation.micro_batch_tokens or take a smaller base"),
    )
    return Plan(lines, fits)


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes that memory and time follow from."""

    parameters: int
    trainable: int
    hidden: int
    layers: int
    vocabulary: int


def model_shape(directory: Path, recipe: Recipe, labels: int) -> ModelShape:
    """Count parameters on a model without memory (the "meta" device)."""
    from transformers import AutoConfig, AutoModelForCausalLM

    config: Any = AutoConfig.from_pretrained(str(directory), local_files_only=True)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    adapted = [
        module
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.rpartition(".")[2] in recipe.lora.targets
    ]
    trainable = sum((module.in_features + module.out_features) * recipe.lora.rank for module in adapted)
    trainable += len(NEW) * config.hidden_size + labels * (config.hidden_size + 1)
    total = sum(parameter.numel() for parameter in model.parameters())
    return ModelShape(total, trainable, config.hidden_size, config.num_hidden_layers, config.vocab_size)


def memory_bytes(shape: ModelShape, recipe: Recipe, dtype: torch.dtype) -> int:
    """The program, weights, adapters with gradients and moments, activations and logits of one micro-batch."""
    tokens = recipe.optimisation.micro_batch_tokens
    activations = tokens * shape.hidden * shape.layers * _ACTIVATION_BYTES
    logits = tokens // 4 * shape.vocabulary * 4 * 3
    weights = shape.parameters * (4 if dtype == torch.float32 else 2)
    return _PROGRAM_BYTES + weights + shape.trainable * 16 + activations + logits


def _minutes(recipe: Recipe, shape: ModelShape, seen: int, speed: float) -> float:
    quality, measured = recipe.quality, recipe.evaluation
    example = recipe.complete.context_characters / _BYTES_A_TOKEN
    evaluations = recipe.total_steps // measured.every_steps
    forward = quality.fit_tokens + quality.calibration_tokens + measured.quality_tokens
    forward += int(example * (3 * measured.test_examples + evaluations * measured.dev_examples))
    a_token = 2 * shape.parameters / (speed * _EFFICIENCY) / 60
    training, limit = _TRAINING_FORWARDS * seen * a_token, recipe.optimisation.time_limit_minutes
    reading = forward * a_token
    return (min(training, limit) if limit else training) + reading


def _speed(device: torch.device, dtype: torch.dtype) -> float:
    """Multiply-adds counted as two, a second, of a product as large as a model's layers."""
    left, right = (torch.randn(1024, 1024, device=device, dtype=dtype) for _ in range(2))
    float((left @ right).float().sum())
    started, rounds = time.perf_counter(), 20
    for _ in range(rounds):
        product = left @ right
    float(product.float().sum())
    return rounds * 2 * 1024**3 / (time.perf_counter() - started)


def _mix(mix: Any) -> str:
    total = sum(mix.values())
    return ", ".join(f"{task} {share / total:.0%}" for task, share in mix.items())
