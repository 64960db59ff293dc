"""What a step of training sees: cut examples of ghost text, and labelled windows. A pure function of seed and step.

Because step and seed alone decide the data, a resumed run sees exactly what an uninterrupted one would have seen.
Prompts and windows come from `tasks/`, so training sees what serving will show. This file has token ids and no
tensors.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks import complete
from tasks.quality import Window, windows
from tasks.record import Record
from tasks.task import Example, tokens_of
from tasks.tokens import Control
from training.recipe import Complete, Recipe
from training.tokens import CodeTokenizer


@dataclass(frozen=True, slots=True)
class TextExample:
    """`tokens` with the loss on those from index `target` on."""

    tokens: tuple[int, ...]
    target: int


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """What the judge sees and should say: `positions[i]` indexes `tokens` at the end of a line with labels `labels[i]`.

    `labels[i]` are indices into the vocabulary. `weight` is how many windows of the split this one stands for.
    """

    tokens: tuple[int, ...]
    positions: tuple[int, ...]
    labels: tuple[frozenset[int], ...]
    weight: float = 1.0


TrainingExample = TextExample | LabelledWindow


@dataclass(frozen=True, slots=True)
class TextSource:
    """Ghost text examples out of records: each call to `draw` cuts a new one."""

    records: Sequence[Record]
    tokenizer: CodeTokenizer
    shape: Complete

    def draw(self, rng: random.Random) -> TextExample:
        """Cut one example: some lines of a file, a middle out of them."""
        while True:
            cut = complete.example(self.excerpt(rng), rng, max_middle=self.shape.middle_characters)
            if cut is not None:
                return encode_example(cut, self.tokenizer)

    def excerpt(self, rng: random.Random) -> str:
        """About `context_characters` of a file chosen by its size, from the start of a line."""
        content = rng.choices(self.records, cum_weights=_sizes(self.records))[0].content
        start = rng.randrange(max(1, len(content) - self.shape.context_characters))
        start = content.rfind("\n", 0, start) + 1
        return content[start : start + self.shape.context_characters]


def encode_example(example: Example, tokenizer: CodeTokenizer) -> TextExample:
    """An example in vocabulary ids."""
    prompt = example.prompt.token_ids(tokenizer.encode, tokenizer.controls)
    target = tokens_of(example.target, tokenizer.encode, tokenizer.controls)
    return TextExample((*prompt, *target), len(prompt))


def labelled_windows(
    records: Sequence[Record], vocabulary: Sequence[str], tokenizer: CodeTokenizer, max_tokens: int
) -> list[LabelledWindow]:
    """All windows of all records, cut where serving cuts them."""
    numbers = {label: index for index, label in enumerate(vocabulary)}
    judge = tokenizer.id_of(Control.JUDGE)
    found = []
    for record, ids in zip(records, tokenizer.encode_all([record.content for record in records]), strict=True):
        cut = windows(ids, tokenizer.lengths(ids), record.content.encode(), max_tokens)
        found += [_labelled(window, record.labels, numbers, judge) for window in cut]
    return found


def _labelled(
    window: Window, labels: Mapping[int, Sequence[str]], numbers: Mapping[str, int], judge: int
) -> LabelledWindow:
    lines = range(window.first_line, window.first_line + len(window.positions))
    return LabelledWindow(
        tokens=(judge, *window.tokens),
        positions=tuple(position + 1 for position in window.positions),
        labels=tuple(frozenset(numbers[name] for name in labels.get(line, ()) if name in numbers) for line in lines),
    )


@dataclass(frozen=True, slots=True)
class MixedSource:
    """Both tasks: what optimiser step number `step` is made of."""

    recipe: Recipe
    text: TextSource
    windows: Sequence[LabelledWindow]
    chances: Sequence[float]

    def step(self, step: int) -> list[TrainingExample]:
        """The examples of one step, about `tokens_per_step` tokens, shared between tasks as the stage's mix says."""
        mix = self.recipe.stage_at(step).mix
        total = sum(mix.values())
        budget = self.recipe.optimisation.tokens_per_step
        examples: list[TrainingExample] = []
        for task, share in mix.items():
            rng = random.Random(f"{self.recipe.seed}/{step}/{task}")
            examples += self._fill(task, rng, budget * share / total)
        return examples

    def _fill(self, task: str, rng: random.Random, budget: float) -> Iterator[TrainingExample]:
        used = 0
        while used < budget:
            example = self.text.draw(rng) if task == "complete" else self._window(rng)
            used += len(example.tokens)
            yield example

    def _window(self, rng: random.Random) -> LabelledWindow:
        return rng.choices(self.windows, weights=self.chances)[0]


def micro_batches(examples: Sequence[TrainingExample], max_tokens: int) -> list[list[TrainingExample]]:
    """Examples of one kind each, of at most `max_tokens` tokens with padding (a single longer one stands alone)."""
    batches: list[list[TrainingExample]] = []
    for kind in (TextExample, LabelledWindow):
        batch: list[TrainingExample] = []
        for example in sorted((e for e in examples if isinstance(e, kind)), key=lambda e: -len(e.tokens)):
            if batch and (len(batch) + 1) * len(batch[0].tokens) > max_tokens:
                batches.append(batch)
                batch = []
            batch.append(example)
        batches += [batch] if batch else []
    return batches


def _sizes(records: Sequence[Record]) -> list[int]:
    total, sizes = 0, []
    for record in records:
        total += len(record.content)
        sizes.append(total)
    return sizes
