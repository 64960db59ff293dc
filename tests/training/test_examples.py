"""Examples: special tokens in text stay text, windows are the ones of serving, sampling is fair."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tasks.tokens import Control
from tests.training.tiny import CODE, LABELS, recipe, records
from training.evaluation.completion import held_out_examples, prefix_only
from training.examples import LabelledWindow, MixedSource, TextExample, TextSource, labelled_windows, micro_batches
from training.recipe import Complete
from training.sampling import richness, sample
from training.tokens import CodeTokenizer


@pytest.fixture
def tokenizer(tiny_base: Path) -> CodeTokenizer:
    return CodeTokenizer(tiny_base)


def test_special_tokens_in_code_are_text(tokenizer: CodeTokenizer) -> None:
    text = 'stop = "<|im_end|><gh_stars>é"\n'
    ids = tokenizer.encode(text)
    assert not {tokenizer.id_of(control) for control in tokenizer.controls.ids} & set(ids)
    assert sum(tokenizer.lengths(ids)) == len(text.encode())
    assert tokenizer.encode_all([text, "x"]) == [ids, tokenizer.encode("x")]


def test_a_text_example_is_prompt_then_middle_then_end(tokenizer: CodeTokenizer) -> None:
    source = TextSource(records("train"), tokenizer, Complete(context_characters=100, middle_characters=20))
    example = source.draw(random.Random(1))
    assert example == source.draw(random.Random(1))
    assert example.tokens[0] == tokenizer.id_of(Control.FIM_PREFIX)
    assert example.tokens[example.target - 1] == tokenizer.id_of(Control.FIM_MIDDLE)
    assert example.tokens[-1] == tokenizer.id_of(Control.END)
    assert len(example.tokens) - example.target >= 2


def test_prefix_only_examples_have_the_same_targets_without_the_end(tokenizer: CodeTokenizer) -> None:
    source = TextSource(records("train"), tokenizer, Complete(context_characters=100, middle_characters=20))
    for fim, plain in zip(held_out_examples(source, 5, "s"), prefix_only(source, 5, "s"), strict=True):
        assert plain.tokens[plain.target :] == fim.tokens[fim.target : -1]


def test_windows_carry_the_labels_of_their_lines(tokenizer: CodeTokenizer) -> None:
    windows = labelled_windows(records("train", 1), LABELS, tokenizer, 40)
    lines = [labels for window in windows for labels in window.labels]
    wanted = [
        frozenset({0} if "assert " in line else {1} if "print(" in line else set())
        for line in f"# train 0\n{CODE}".splitlines()
    ]
    assert lines == wanted
    assert all(window.tokens[0] == tokenizer.id_of(Control.JUDGE) for window in windows)
    assert all(window.positions[-1] == len(window.tokens) - 1 for window in windows)


def test_a_step_is_a_function_of_seed_and_step(tokenizer: CodeTokenizer) -> None:
    chosen = recipe()
    windows = labelled_windows(records("train"), LABELS, tokenizer, 48)
    source = MixedSource(chosen, TextSource(records("train"), tokenizer, chosen.complete), windows, richness(windows))
    assert source.step(3) == source.step(3)
    assert source.step(3) != source.step(4)
    assert {type(example) for example in source.step(0)} == {TextExample, LabelledWindow}


def test_micro_batches_hold_one_kind_and_the_budget(tokenizer: CodeTokenizer) -> None:
    examples = [TextExample((1,) * size, 1) for size in (3, 9, 5, 2)] + [LabelledWindow((1,) * 4, (3,), (frozenset(),))]
    batches = micro_batches(examples, 10)
    assert sorted(len(example.tokens) for batch in batches for example in batch) == [2, 3, 4, 5, 9]
    assert all(len({type(example) for example in batch}) == 1 for batch in batches)
    assert all(len(batch) == 1 or len(batch) * len(batch[0].tokens) <= 10 for batch in batches)


def test_sampling_prefers_findings_and_weights_make_up_for_it() -> None:
    plain = LabelledWindow((1,) * 10, (9,), (frozenset(),))
    rich = LabelledWindow((2,) * 10, (9,), (frozenset({0}),))
    windows = [plain] * 900 + [rich] * 100
    chosen = [window for seed in range(20) for window in sample(windows, 2000, random.Random(seed))]
    assert sum(window.tokens[0] == 2 for window in chosen) / len(chosen) > 0.15
    weight = {kind: sum(w.weight for w in chosen if w.tokens[0] == kind) / 20 for kind in (1, 2)}
    assert weight == pytest.approx({1: 900, 2: 100}, rel=0.1)
    assert sample(windows[:5], 1000, random.Random(0)) == windows[:5]
