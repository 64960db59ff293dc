"""What the training tests build: a tiny base model, records, a recipe, and a whole `Training` over them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from export.base import resolve_base
from tasks.record import Record
from tasks.tokens import RESERVED_PIECES
from training.evaluation.completion import held_out_examples
from training.examples import MixedSource, TextSource, labelled_windows
from training.loop import Training
from training.losses import positive_weights
from training.metrics import MetricsLog
from training.model import load_model
from training.recipe import Checkpoints, Complete, Evaluation, Lora, Optimisation, Quality, Recipe, Stage
from training.run_directory import RunDirectory
from training.sampling import richness
from training.saving import CheckpointWriter
from training.tokens import NEW, CodeTokenizer

LABELS = ("bandit:B101", "ruff:T201")
CODE = """import os


def add(left, right):
    assert left is not None
    print(left, right)
    return left + right


class Box:
    def __init__(self, value):
        self.value = value  # keep it

    def show(self):
        print(self.value)
        return str(self.value)
"""


def write_tiny_base(directory: Path) -> None:
    """A random Llama of two layers with its own tokenizer, saved as training expects it."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(piece, special=True) for piece in (*RESERVED_PIECES.values(), "<|im_end|>")]
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CODE] * 4, trainer)
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(directory)


def records(split: str, count: int = 4) -> list[Record]:
    """Files that differ by a comment, with the labels that their lines deserve."""
    return [_record(f"{split}/{number}.py", f"# {split} {number}\n{CODE}") for number in range(count)]


def _record(path: str, content: str) -> Record:
    marks = {"assert ": "bandit:B101", "print(": "ruff:T201"}
    labels = {
        line: tuple(sorted(label for mark, label in marks.items() if mark in text))
        for line, text in enumerate(content.splitlines())
        if any(mark in text for mark in marks)
    }
    fields: dict[str, Any] = {"source": "test", "license": "Apache-2.0", "url": "", "language": "python"}
    return Record(id=path, task="quality", content=content, labels=labels, **fields)


def recipe(steps: int = 6, **optimisation: Any) -> Recipe:
    """A recipe of a few small steps."""
    settings: dict[str, Any] = {"tokens_per_step": 400, "micro_batch_tokens": 200, "precision": "float32"}
    return Recipe(
        name="tiny",
        seed=5,
        complete=Complete(context_characters=120, middle_characters=30),
        quality=Quality(window_tokens=96, fit_window_tokens=48, min_support=1, min_files=1),
        lora=Lora(rank=2, dropout=0.1),
        optimisation=Optimisation(**(settings | optimisation)),
        stages={"all": Stage(steps=steps, mix={"complete": 0.5, "quality": 0.5})},
        evaluation=Evaluation(every_steps=3, dev_examples=2, test_examples=4),
        checkpoints=Checkpoints(every_steps=3, keep=2),
    )


def training(base: Path, path: Path, chosen: Recipe) -> Training:
    """A `Training` over the tiny base in the run directory `path`."""
    (path / "checkpoints").mkdir(parents=True, exist_ok=True)
    tokenizer = CodeTokenizer(base)
    new = [tokenizer.id_of(control) for control in NEW]
    model = load_model(base, chosen.lora, {"quality": len(LABELS)}, new, torch.float32, chosen.seed)
    windows = labelled_windows(records("train"), LABELS, tokenizer, chosen.quality.fit_window_tokens)
    source = MixedSource(chosen, TextSource(records("train"), tokenizer, chosen.complete), windows, richness(windows))
    return Training(
        recipe=chosen,
        model=model,
        source=source,
        dev_examples=held_out_examples(TextSource(records("dev"), tokenizer, chosen.complete), 2, "dev"),
        positive_weight=positive_weights(torch.tensor([4.0, 8.0]), 72),
        run=RunDirectory(path),
        writer=CheckpointWriter(chosen, resolve_base(str(base)), LABELS, tokenizer),
        accelerator=Accelerator(cpu=True),
        log=MetricsLog(None, show=False),
    )


def weights(run: Training) -> dict[str, torch.Tensor]:
    """A copy of everything that is trained."""
    return {name: parameter.detach().clone() for name, parameter in run.model.trainable()}
