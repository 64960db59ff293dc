"""How well a model fills in held-out middles: mean loss per target token, in nats."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch

from tasks import complete
from tasks.task import Example, Prompt
from training.batches import chosen_states, collate
from training.examples import TextExample, TextSource, encode_example, micro_batches
from training.losses import causal_lm_loss_sum
from training.model import TrainingModel


def held_out_examples(source: TextSource, count: int, seed: str) -> list[TextExample]:
    """`count` examples that depend on `seed` and the records alone."""
    rng = random.Random(seed)
    return [source.draw(rng) for _ in range(count)]


@dataclass(frozen=True, slots=True)
class CompletionLoss:
    """Mean loss per target token, in nats: over `all` of them, and over the `text` without the end token."""

    all: float
    text: float


def completion_loss(
    model: TrainingModel, examples: Sequence[TextExample], end: int, device: torch.device, batch_tokens: int = 2048
) -> CompletionLoss:
    """The mean of -log p(token) over the target tokens of all examples; `end` is the id of the end token."""
    model.eval()
    total = text_total = 0.0
    count = text_count = 0
    for micro in micro_batches(examples, batch_tokens):
        batch = collate(micro, 0).to(device)
        is_text = batch.targets != end
        with torch.inference_mode():
            logits = model.token_logits(chosen_states(model, batch))
            total += float(causal_lm_loss_sum(logits, batch.targets))
            text_total += float(causal_lm_loss_sum(logits[is_text], batch.targets[is_text]))
        count += len(batch.targets)
        text_count += int(is_text.sum())
    return CompletionLoss(total / max(1, count), text_total / max(1, text_count))


def prefix_only(source: TextSource, count: int, seed: str) -> list[TextExample]:
    """The same middles without suffix and control tokens: what a model without FIM is asked. END is no target here."""
    rng = random.Random(seed)
    found: list[TextExample] = []
    while len(found) < count:
        cut = complete.example(source.excerpt(rng), rng, max_middle=source.shape.middle_characters)
        if cut is not None:
            found.append(encode_example(_without_suffix(cut), source.tokenizer))
    return found


def _without_suffix(cut: Example) -> Example:
    prefix = cast(str, cut.prompt.pieces[1])
    return Example(Prompt((prefix,)), cut.target[:1])
