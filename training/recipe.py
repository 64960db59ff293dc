"""`Recipe`: everything that decides what a training run does, as typed frozen dataclasses.

A recipe file holds only what differs from the defaults here. The bounds in `metadata` are checked when a file is read
(`training/recipe_file.py`), which also knows about lines, scales and `--set`. This file knows neither files nor torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.quality import WINDOW_TOKENS


def bounded(default: Any, minimum: float | None = None, maximum: float | None = None) -> Any:
    """A field with a default and inclusive bounds."""
    return field(default=default, metadata={"minimum": minimum, "maximum": maximum})


def one_of(default: str, *choices: str) -> Any:
    """A string field that may only be one of `choices`."""
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Which text is learned from. `files` 0 means all; `dev` and `test` are shares of files."""

    files: int = bounded(0, 0)
    max_file_bytes: int = bounded(200_000, 1_000)
    dev: float = bounded(0.1, 0.01, 0.4)
    test: float = bounded(0.1, 0.01, 0.4)
    ruff: tuple[str, ...] = ("E", "F", "W", "B")
    ruff_ignore: tuple[str, ...] = ()
    bandit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """How examples of ghost text are cut: characters around a cursor, and at most so many between."""

    context_characters: int = bounded(600, 32)
    middle_characters: int = bounded(120, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """The line head: its vocabulary, and how it is fitted to hidden states once the backbone is trained.

    `window_tokens` is what serving judges at once; fitting takes shorter windows, which hold more findings for their
    tokens. A label is kept when it holds on at least `min_support` lines of at least `min_files` training files.
    `min_precision`: a label whose best threshold on the dev files stays below it never fires. `time_limit_minutes`
    (0: none) bounds the reading of hidden states for fitting, calibration and test together.
    """

    window_tokens: int = bounded(WINDOW_TOKENS, 16)
    fit_window_tokens: int = bounded(128, 16)
    max_labels: int = bounded(32, 1)
    min_support: int = bounded(60, 1)
    min_files: int = bounded(20, 1)
    fit_tokens: int = bounded(60_000, 64)
    calibration_tokens: int = bounded(20_000, 64)
    ridge: float = bounded(1e-3, 0.0)
    min_precision: float = bounded(0.5, 0.0, 1.0)
    time_limit_minutes: float = bounded(0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """Low-rank adaptation (Hu et al. 2021, "LoRA"): rank, scale, dropout and which linear layers."""

    rank: int = bounded(8, 1)
    alpha: float = bounded(16.0, 0.0)
    dropout: float = bounded(0.0, 0.0, 0.9)
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimisation:
    """AdamW (Loshchilov and Hutter 2019) with linear warm-up and a cosine to `final_rate` of the peak.

    A step sees about `tokens_per_step` tokens in micro-batches of at most `micro_batch_tokens`. `time_limit_minutes`
    0 means none; when it is reached, training ends as if its last step were done.
    """

    learning_rate: float = bounded(1e-3, 0.0)
    head_learning_rate: float = bounded(3e-3, 0.0)
    weight_decay: float = bounded(0.0, 0.0)
    beta1: float = bounded(0.9, 0.0, 0.9999)
    beta2: float = bounded(0.95, 0.0, 0.9999)
    warmup: float = bounded(0.1, 0.0, 1.0)
    final_rate: float = bounded(0.05, 0.0, 1.0)
    clip_norm: float = bounded(1.0, 0.0)
    tokens_per_step: int = bounded(2048, 8)
    micro_batch_tokens: int = bounded(2048, 8)
    precision: str = one_of("auto", "auto", "float32", "bfloat16")
    time_limit_minutes: float = bounded(0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Some steps with one task mix: `mix` gives each task's share of a step's tokens and of its loss."""

    steps: int = bounded(100, 1)
    mix: Mapping[str, float] = field(default_factory=lambda: {"complete": 0.7, "quality": 0.3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How much is measured: every so many steps on dev files, and at the end on test files."""

    every_steps: int = bounded(20, 1)
    dev_examples: int = bounded(32, 1)
    test_examples: int = bounded(96, 1)
    quality_tokens: int = bounded(24_000, 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """How often a checkpoint is written, and how many of the last ones are kept beside the best."""

    every_steps: int = bounded(20, 1)
    keep: int = bounded(2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One training run, complete. `stages` run in the order they are written."""

    name: str
    description: str = ""
    base: str = "default"
    seed: int = bounded(1, 0)
    corpus: Corpus = field(default_factory=Corpus)
    complete: Complete = field(default_factory=Complete)
    quality: Quality = field(default_factory=Quality)
    lora: Lora = field(default_factory=Lora)
    optimisation: Optimisation = field(default_factory=Optimisation)
    stages: Mapping[str, Stage] = field(default_factory=lambda: {"all": Stage()})
    evaluation: Evaluation = field(default_factory=Evaluation)
    checkpoints: Checkpoints = field(default_factory=Checkpoints)

    @property
    def total_steps(self) -> int:
        """Optimiser steps over all stages."""
        return sum(stage.steps for stage in self.stages.values())

    def stage_at(self, step: int) -> Stage:
        """The stage that 0-based `step` belongs to; the last one for a step beyond the end."""
        for stage in self.stages.values():
            if step < stage.steps:
                return stage
            step -= stage.steps
        return list(self.stages.values())[-1]
