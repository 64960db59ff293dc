"""The loop trains, resumes bit for bit, is indifferent to accumulation, and stops with sentences."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from export.checkpoint import open_checkpoint
from languages.errors import CoderError
from tests.training.tiny import recipe, training, weights
from training import loop
from training.loop import StoppedError


def test_training_lowers_the_loss(tiny_base: Path, tmp_path: Path) -> None:
    run = training(tiny_base, tmp_path, recipe(steps=60, learning_rate=5e-2, head_learning_rate=5e-2))
    run.train()
    losses = [line["losses"] for line in run.run.metrics() if "losses" in line]
    first, last = ({task: sum(line[task] for line in part) for task in part[0]} for part in (losses[:5], losses[-5:]))
    assert last["complete"] < first["complete"]
    assert last["quality"] < first["quality"] * 0.8


def test_resume_continues_bit_for_bit(tiny_base: Path, tmp_path: Path) -> None:
    whole = training(tiny_base, tmp_path / "whole", recipe())
    whole.train()
    first = training(tiny_base, tmp_path / "parts", recipe())
    _stop_after(first, 3)
    with pytest.raises(StoppedError, match="step 3"):
        first.train()
    torch.manual_seed(999)
    second = training(tiny_base, tmp_path / "parts", recipe())
    second.resume()
    assert second.progress.step == 3
    second.train()
    wanted, given = weights(whole), weights(second)
    assert wanted.keys() == given.keys()
    assert all(torch.equal(wanted[name], given[name]) for name in wanted)
    steps = [line["step"] for line in second.run.metrics() if "losses" in line]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_the_trained_parts_move_and_the_rest_does_not(tiny_base: Path, tmp_path: Path) -> None:
    run = training(tiny_base, tmp_path, recipe(steps=2))
    before, frozen = weights(run), _frozen(run)
    run.train()
    after = weights(run)
    assert all(not torch.equal(before[name], after[name]) for name in before if "lora_B" in name)
    assert any("token" in name and not torch.equal(before[name], after[name]) for name in before)
    assert all(torch.equal(frozen[name], value) for name, value in _frozen(run).items())


def test_accumulation_does_not_change_the_loss_or_the_gradient(tiny_base: Path, tmp_path: Path) -> None:
    small, small_gradients = _first_step(tiny_base, tmp_path / "small", 64)
    large, large_gradients = _first_step(tiny_base, tmp_path / "large", 100_000)
    assert small == pytest.approx(large, rel=1e-5)
    assert small_gradients.keys() == large_gradients.keys()
    for name, gradient in small_gradients.items():
        torch.testing.assert_close(gradient, large_gradients[name], rtol=1e-4, atol=1e-6)


def test_checkpoints_are_whole_and_only_the_last_ones_stay(tiny_base: Path, tmp_path: Path) -> None:
    run = training(tiny_base, tmp_path, recipe(steps=12))
    run.train()
    steps = sorted(path.name for path in run.run.checkpoints.iterdir() if not path.is_symlink())
    assert {"step-9", "step-12"} <= set(steps) <= {"step-9", "step-12", run.run.best.resolve().name}
    checkpoint = open_checkpoint(run.run.latest)
    assert checkpoint.is_adapter
    assert checkpoint.info.tasks == ("complete", "quality")
    assert checkpoint.heads()["quality"].weight.shape == (2, 64)
    adapter = json.loads((checkpoint.directory / "adapter_config.json").read_text())
    assert adapter["base_model_name_or_path"] == checkpoint.info.base.name


def test_ctrl_c_saves_and_says_how_to_go_on(tiny_base: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    run = training(tiny_base, tmp_path, recipe())
    _stop_after(run, 1)
    with pytest.raises(StoppedError, match="Stopped after step 1"):
        run.train()
    assert open_checkpoint(run.run.latest).directory.name == "step-1"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_checkpoint(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = training(tiny_base, tmp_path, recipe())
    real = loop.loss_sum
    monkeypatch.setattr(loop, "loss_sum", lambda *given: real(*given) * (math.nan if run.progress.step == 4 else 1))
    with pytest.raises(CoderError, match=r"not a number at step 5.*latest.*learning_rate=0.0003"):
        run.train()
    assert open_checkpoint(run.run.latest).directory.name == "step-3"
    assert all(value.isfinite().all() for value in weights(run).values())


def test_out_of_memory_names_the_setting(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = training(tiny_base, tmp_path, recipe())

    def fail(*given: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(loop, "loss_sum", fail)
    with pytest.raises(CoderError, match="micro_batch_tokens=100"):
        run.train()


def test_a_full_disk_is_a_sentence_and_leaves_no_half_checkpoint(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = training(tiny_base, tmp_path, recipe())

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(loop, "save_state", full)
    with pytest.raises(CoderError, match="disk is full"):
        run.train()
    assert list(run.run.checkpoints.iterdir()) == []


def test_the_time_limit_ends_training_with_a_checkpoint(tiny_base: Path, tmp_path: Path) -> None:
    run = training(tiny_base, tmp_path, recipe(steps=1000, time_limit_minutes=1e-6))
    assert run.train().step == 1
    assert open_checkpoint(run.run.best).directory.name == "step-1"


def _first_step(base: Path, path: Path, micro_batch_tokens: int) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """The losses and the gradients of a first step that is cut into micro-batches of this size, without dropout."""
    chosen = recipe(micro_batch_tokens=micro_batch_tokens)
    run = training(base, path, replace(chosen, lora=replace(chosen.lora, dropout=0.0)))
    losses = run._backward(run.source.step(0))
    return losses, {name: p.grad for name, p in run.model.trainable() if p.grad is not None}


def _stop_after(run: loop.Training, step: int) -> None:
    """Send Ctrl-C when step number `step` has been recorded."""
    write = run.log.write

    def watched(line: dict[str, object]) -> None:
        write(line)
        if line["step"] == step and "losses" in line:
            os.kill(os.getpid(), signal.SIGINT)

    run.log.write = watched  # type: ignore[method-assign,assignment]


def _frozen(run: loop.Training) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in run.model.named_parameters() if not p.requires_grad}
