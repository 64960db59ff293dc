"""`coder-train run`, start to end: data, base model, measurement before, training, head, measurement after, report."""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import torch

from export.base import Base, resolve_base
from tasks.record import Record
from tasks.tokens import Control
from training.batches import COMPLETE, QUALITY
from training.corpus import stdlib
from training.corpus.labels import tool_versions
from training.corpus.store import prepare, summarise
from training.evaluation.completion import CompletionLoss, completion_loss, held_out_examples, prefix_only
from training.examples import MixedSource, TextExample, TextSource, labelled_windows
from training.judging import Judgement, judge
from training.loop import Training
from training.losses import positive_weights
from training.metrics import MetricsLog
from training.model import TrainingModel, load_model
from training.precision import resolve
from training.recipe import Recipe
from training.run_directory import CONFIG, RunDirectory
from training.sampling import richness
from training.saving import CheckpointWriter, load_weights
from training.tokens import NEW, CodeTokenizer
from training.vocabulary import label_vocabulary

RESULTS = "results.json"
Splits = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that a run is made of before its first step."""

    recipe: Recipe
    run: RunDirectory
    splits: Splits
    base: Base
    tokenizer: CodeTokenizer
    labels: tuple[str, ...]
    model: TrainingModel
    accelerator: Any


def start(recipe: Recipe, run: RunDirectory, *, scale: str | None, resume: bool = False) -> None:
    """Do a whole run, or what is left of it, in `run`."""
    started = time.monotonic()
    setup = _set_up(recipe, run)
    if setup.accelerator.is_main_process and not resume:
        run.write_json(CONFIG, _config(setup, scale))
    test = _text(setup, "test")
    before = _before(setup, test) if not (run.path / "before.json").is_file() else run.read_json("before.json")
    if setup.accelerator.is_main_process:
        run.write_json("before.json", before)
    training = _training(setup)
    if resume:
        training.resume()
    progress = training.train()
    setup.accelerator.wait_for_everyone()
    if not setup.accelerator.is_main_process:
        return
    load_weights(run.best, setup.model)
    _say("Measuring on held-out files ...")
    after = _loss(setup, held_out_examples(test, _count(recipe), _seed(recipe)))
    judgement = judge(setup.model, setup.splits, setup.labels, recipe, setup.tokenizer, setup.accelerator.device)
    _finish(setup, judgement)
    seconds = {"training": progress.seconds, "this_command": time.monotonic() - started}
    run.write_json(RESULTS, _results(setup, before, after, judgement, asdict(progress), seconds))


def _set_up(recipe: Recipe, run: RunDirectory) -> Setup:
    from accelerate import Accelerator

    accelerator = Accelerator()
    with accelerator.main_process_first():
        _say("Preparing data ...")
        splits = prepare(recipe.corpus, recipe.name, recipe.seed)
        base = resolve_base(recipe.base)
    tokenizer = CodeTokenizer(base.directory)
    labels = label_vocabulary(splits["train"], recipe.quality)
    dtype = resolve(recipe.optimisation.precision, accelerator.device)
    new_tokens = [tokenizer.id_of(control) for control in NEW]
    model = load_model(base.directory, recipe.lora, {QUALITY: len(labels)}, new_tokens, dtype, recipe.seed)
    model.to(accelerator.device)
    return Setup(
        recipe=recipe,
        run=run,
        splits=splits,
        base=base,
        tokenizer=tokenizer,
        labels=labels,
        model=model,
        accelerator=accelerator,
    )


def _training(setup: Setup) -> Training:
    recipe = setup.recipe
    windows = labelled_windows(setup.splits["train"], setup.labels, setup.tokenizer, recipe.quality.fit_window_tokens)
    source = MixedSource(recipe, _text(setup, "train"), windows, richness(windows))
    support = torch.zeros(len(setup.labels))
    for window in windows:
        for found in window.labels:
            support[sorted(found)] += 1
    lines = sum(len(window.positions) for window in windows)
    setup.model.start_head(QUALITY, support / lines)
    board = setup.run.path / "tensorboard" if setup.accelerator.is_main_process else None
    return Training(
        recipe=recipe,
        model=setup.model,
        source=source,
        dev_examples=held_out_examples(_text(setup, "dev"), recipe.evaluation.dev_examples, f"{recipe.seed}/dev"),
        positive_weight=positive_weights(support, lines),
        run=setup.run,
        writer=CheckpointWriter(recipe, setup.base, setup.labels, setup.tokenizer),
        accelerator=setup.accelerator,
        log=MetricsLog(board, show=setup.accelerator.is_main_process),
    )


def _before(setup: Setup, test: TextSource) -> dict[str, float]:
    """The base model on the test examples: with the FIM prompt, which it does not know, and with the prefix alone."""
    _say("Measuring the base model on held-out files ...")
    count, seed = _count(setup.recipe), _seed(setup.recipe)
    fim = _loss(setup, held_out_examples(test, count, seed))
    prefix = _loss(setup, prefix_only(test, count, seed))
    return {"fim": fim.all, "fim_text": fim.text, "prefix_only_text": prefix.text}


def _loss(setup: Setup, examples: Sequence[TextExample]) -> CompletionLoss:
    return completion_loss(setup.model, examples, setup.tokenizer.id_of(Control.END), setup.accelerator.device)


def _finish(setup: Setup, judgement: Judgement) -> None:
    """Write the checkpoint to export: the best weights with the fitted, calibrated head."""
    directory = setup.run.checkpoints / "calibrated"
    writer = CheckpointWriter(setup.recipe, setup.base, setup.labels, setup.tokenizer)
    writer.write(directory, setup.model, head=judgement.head)
    setup.run.point("best", directory)


def _results(
    setup: Setup,
    before: Mapping[str, float],
    after: CompletionLoss,
    judgement: Judgement,
    progress: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    data = {split: asdict(summarise(records)) for split, records in setup.splits.items()}
    trained = sum(parameter.numel() for _, parameter in setup.model.trainable())
    finite = {name: value for name, value in progress.items() if math.isfinite(value)}
    return {
        "data": data,
        "completion": {**before, "after": after.all, "after_text": after.text},
        "checks": [asdict(found) for found in judgement.scores],
        "judged_lines": dict(judgement.lines),
        "progress": finite,
        "seconds": dict(seconds),
        "trainable_parameters": trained,
    }


def _config(setup: Setup, scale: str | None) -> dict[str, Any]:
    names = ("torch", "transformers", "peft", "accelerate", "tokenizers")
    return {
        "recipe": asdict(setup.recipe),
        "scale": scale,
        "base": {"name": setup.base.name, "sha256": setup.base.sha256},
        "labels": list(setup.labels),
        "corpus": {"python": stdlib.version(), **tool_versions()},
        "versions": {name: version(name) for name in names},
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "device": str(setup.accelerator.device),
            "threads": torch.get_num_threads(),
            "processes": setup.accelerator.num_processes,
            "precision": str(setup.model.dtype).removeprefix("torch."),
        },
    }


def _text(setup: Setup, split: str) -> TextSource:
    return TextSource(setup.splits[split], setup.tokenizer, setup.recipe.complete)


def _count(recipe: Recipe) -> int:
    return recipe.evaluation.test_examples


def _seed(recipe: Recipe) -> str:
    return f"{recipe.seed}/{COMPLETE}/test"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
