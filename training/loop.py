"""The training loop: steps, evaluation on dev files, checkpoints, and going on exactly where it stopped.

Every process (see `accelerate`) knows a whole step's examples and computes its share of the micro-batches; losses are
divided by counts of the whole step and gradients are summed, so neither accumulation nor the number of processes
changes a loss. The loop does not know where text comes from or how a run is reported.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from languages.errors import CoderError
from tasks.tokens import Control
from training.batches import COMPLETE, collate, loss_sum
from training.evaluation.completion import completion_loss
from training.examples import MixedSource, TextExample, micro_batches
from training.interrupt import StopRequest
from training.metrics import MetricsLog
from training.model import TrainingModel
from training.recipe import Recipe
from training.run_directory import RunDirectory
from training.saving import CheckpointWriter, load_weights
from training.schedule import rate_factor
from training.state import Progress, load_state, save_state


class StoppedError(Exception):
    """Training stopped because it was asked to; the checkpoint is written. The message says how to go on."""


@dataclass(slots=True, kw_only=True)
class Training:
    """One run's training. `accelerator` gives device, processes and sums over processes."""

    recipe: Recipe
    model: TrainingModel
    source: MixedSource
    dev_examples: Sequence[TextExample]
    positive_weight: torch.Tensor
    run: RunDirectory
    writer: CheckpointWriter
    accelerator: Any
    log: MetricsLog
    progress: Progress = field(default_factory=Progress)
    optimizer: torch.optim.AdamW = field(init=False)

    def __post_init__(self) -> None:
        settings = self.recipe.optimisation
        heads = [parameter for name, parameter in self.model.trainable() if name.startswith("heads.")]
        others = [parameter for name, parameter in self.model.trainable() if not name.startswith("heads.")]
        groups = [
            {"params": others, "lr": settings.learning_rate, "peak": settings.learning_rate},
            {"params": heads, "lr": settings.head_learning_rate, "peak": settings.head_learning_rate},
        ]
        betas = (settings.beta1, settings.beta2)
        self.optimizer = torch.optim.AdamW(groups, betas=betas, weight_decay=settings.weight_decay)

    def resume(self) -> None:
        """Continue from the latest checkpoint; without one, from the start."""
        if self.run.latest.exists():
            load_weights(self.run.latest, self.model)
            self.progress = load_state(self.run.latest, self.optimizer)
        self.run.drop_metrics_after(self.progress.step)

    def train(self) -> Progress:
        """Run all steps that are left. Raises `StoppedError` after Ctrl-C, `CoderError` when it cannot go on."""
        total = self.recipe.total_steps
        with StopRequest() as stop, self.log.open(total, self.progress.step):
            while self.progress.step < total and not self._out_of_time():
                self._step()
                if self._is_due(self.recipe.evaluation.every_steps) or self._is_due(
                    self.recipe.checkpoints.every_steps
                ):
                    self._evaluate_and_save()
                if stop.requested and self.progress.step < total:
                    self._save(improved=False)
                    raise StoppedError(f"Stopped after step {self.progress.step}; the checkpoint is {self.run.latest}.")
        if not self.run.latest.exists() or self.run.latest.resolve().name != f"step-{self.progress.step}":
            self._evaluate_and_save()
        return self.progress

    def _step(self) -> None:
        started = time.monotonic()
        step = self.progress.step
        examples = self.source.step(step)
        factor = self._set_rates(step)
        losses = self._backward(examples)
        norm = self._clip()
        if not math.isfinite(norm) or not all(math.isfinite(loss) for loss in losses.values()):
            raise CoderError(self._diverged(step + 1), code="diverged")
        self.optimizer.step()
        tokens = sum(len(example.tokens) for example in examples)
        seconds = time.monotonic() - started
        self.progress.step += 1
        self.progress.tokens += tokens
        self.progress.seconds += seconds
        rate = factor * self.recipe.optimisation.learning_rate
        line = {"step": step + 1, "losses": losses, "learning_rate": rate, "gradient_norm": norm}
        self._record(line | {"tokens": self.progress.tokens, "tokens_per_second": tokens / seconds})

    def _backward(self, examples: Sequence[Any]) -> dict[str, float]:
        """Sum the gradients of a whole step; returns each task's mean loss over the whole step."""
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        device = self.accelerator.device
        mix = self.recipe.stage_at(self.progress.step).mix
        batches = [
            collate(micro, len(self.positive_weight))
            for micro in micro_batches(examples, self.recipe.optimisation.micro_batch_tokens)
        ]
        counts: dict[str, int] = {}
        for batch in batches:
            counts[batch.task] = counts.get(batch.task, 0) + len(batch.targets)
        sums = {task: torch.zeros((), device=device) for task in counts}
        for batch in batches[self.accelerator.process_index :: self.accelerator.num_processes]:
            loss = self._loss(batch.to(device)) / counts[batch.task]
            (loss * mix[batch.task] / sum(mix.values())).backward()  # type: ignore[no-untyped-call]
            sums[batch.task] += loss.detach()
        self._sum_gradients()
        return {task: float(self.accelerator.reduce(value, "sum")) for task, value in sums.items()}

    def _loss(self, batch: Any) -> torch.Tensor:
        try:
            return loss_sum(self.model, batch, self.positive_weight.to(batch.tokens.device))
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            half = max(8, self.recipe.optimisation.micro_batch_tokens // 2)
            raise CoderError(
                f"Out of memory in a micro-batch of {batch.tokens.numel()} tokens; "
                f"try --set optimisation.micro_batch_tokens={half} (the loss stays the same).",
                code="out_of_memory",
            ) from error

    def _sum_gradients(self) -> None:
        if self.accelerator.num_processes == 1:
            return
        for _, parameter in self.model.trainable():
            gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            parameter.grad = self.accelerator.reduce(gradient, "sum")

    def _clip(self) -> float:
        limit = self.recipe.optimisation.clip_norm or float("inf")
        parameters = [parameter for _, parameter in self.model.trainable()]
        return float(torch.nn.utils.clip_grad_norm_(parameters, limit))

    def _set_rates(self, step: int) -> float:
        settings = self.recipe.optimisation
        factor = rate_factor(step, self.recipe.total_steps, warmup=settings.warmup, final=settings.final_rate)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        return factor

    def _evaluate_and_save(self) -> None:
        loss = completion_loss(self.model, self.dev_examples, self._end, self.accelerator.device).all
        improved = loss < self.progress.best_loss
        if improved:
            self.progress.best_loss, self.progress.best_step = loss, self.progress.step
        self._record({"step": self.progress.step, "dev": {COMPLETE: loss}})
        self._save(improved)

    def _save(self, improved: bool) -> None:
        if not self.accelerator.is_main_process:
            return
        directory = self.run.step(self.progress.step)
        self.writer.write(
            directory, self.model, extra=lambda partial: save_state(partial, self.progress, self.optimizer)
        )
        self.run.point("latest", directory)
        if improved:
            self.run.point("best", directory)
        self.run.keep_last(self.recipe.checkpoints.keep)

    def _record(self, line: dict[str, Any]) -> None:
        if self.accelerator.is_main_process:
            self.run.append_metrics(line)
            self.log.write(line)

    @property
    def _end(self) -> int:
        return self.writer.tokenizer.id_of(Control.END)

    def _is_due(self, every: int) -> bool:
        return self.progress.step % every == 0

    def _out_of_time(self) -> bool:
        limit = self.recipe.optimisation.time_limit_minutes * 60
        return bool(limit) and self.progress.seconds >= limit and self.progress.step > 0

    def _diverged(self, step: int) -> str:
        kept = (
            f"the last good checkpoint is {self.run.latest}"
            if self.run.latest.exists()
            else "no checkpoint was written yet"
        )
        rate = self.recipe.optimisation.learning_rate / 3
        return (
            f"The loss is not a number at step {step}, so training stopped; {kept}. "
            f"Try a lower rate: --set optimisation.learning_rate={rate:.1g}"
        )
