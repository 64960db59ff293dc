"""Is the likeliest next token the same at every position? Greedy decoding is equal when it is.

Each window is given to both as a whole (teacher-forced). At a near tie, where torch's two candidates differ by less
than `NEAR_TIE`, either is right; such positions are counted apart and shown.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from export.model import Floats, TorchModel
from export.progress import progress_bar
from export.verification.corpus import Text, code_files
from export.verification.report import Row
from export.verification.runner import LlamaCpp
from tasks import complete
from tasks.task import tokens_of
from tasks.tokens import ControlIds

NEAR_TIE = 1e-4
#: Tokens of a window, and windows of each kind.
WINDOW = 128
WINDOWS = 6


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens that both models read, and what they are."""

    name: str
    tokens: tuple[int, ...]


@dataclass(slots=True)
class Agreement:
    """Counts of positions, the largest difference of a logit, and the first place that differs."""

    equal: int = 0
    near_ties: int = 0
    different: int = 0
    largest: float = 0.0
    first: str = ""

    @property
    def positions(self) -> int:
        """All positions that were compared."""
        return self.equal + self.near_ties + self.different

    @property
    def share(self) -> float:
        """The share of positions with the same token or a near tie."""
        return (self.equal + self.near_ties) / max(self.positions, 1)

    def add(self, window: Window, reference: Floats, candidate: Floats) -> None:
        """Compare logits (T, V) of one window."""
        places = np.arange(len(reference))
        wanted, given = reference.argmax(axis=1), candidate.argmax(axis=1)
        gap = reference[places, wanted] - reference[places, given]
        same, near = wanted == given, (wanted != given) & (gap < NEAR_TIE)
        self.equal += int(same.sum())
        self.near_ties += int(near.sum())
        wrong = np.flatnonzero(~same & ~near)
        self.different += len(wrong)
        self.largest = max(self.largest, float(np.abs(reference - candidate).max()))
        if len(wrong) and not self.first:
            place = int(wrong[0])
            tokens = f"torch {wanted[place]}, GGUF {given[place]}, {gap[place]:.4f} apart"
            self.first = f"{window.name}, position {place}: {tokens}"

    def row(self, check: str, *, at_least: float | None) -> Row:
        """The outcome; passed when the share reaches `at_least`, not judged when that is None."""
        passed = None if at_least is None else self.share >= at_least
        ties = f", {self.near_ties} near ties" if self.near_ties else ""
        result = f"{self.equal} equal{ties} ({self.share:.2%}), logits within {self.largest:.1e}"
        compared = f"{self.positions} positions"
        return Row(
            check=check, compared=compared, result=result, passed=passed, difference="" if passed else self.first
        )


def windows(candidate: LlamaCpp, controls: ControlIds) -> Mapping[str, list[Window]]:
    """Windows over real code by kind: "plain", and "FIM" for a model with FIM tokens."""
    files = code_files(4 * WINDOWS)
    plain = (_plain(text, candidate) for text in files)
    kinds = {"plain": _enough(plain)}
    if controls.can_fill_in_the_middle:
        rng = random.Random(0)
        kinds["FIM"] = _enough(_fill_in(text, candidate, controls, rng) for text in files)
    return kinds


def compare_positions(
    model: TorchModel, candidates: Mapping[str, LlamaCpp], kinds: Mapping[str, Sequence[Window]]
) -> dict[tuple[str, str], Agreement]:
    """The agreement of each candidate with torch, by (candidate, kind of window)."""
    outcome = {(name, kind): Agreement() for name in candidates for kind in kinds}
    with progress_bar("Comparing next tokens with torch", sum(map(len, kinds.values()))) as advance:
        for kind, several in kinds.items():
            for window in several:
                reference, _ = model.logits_and_hidden_states(window.tokens)
                for name, candidate in candidates.items():
                    outcome[name, kind].add(window, reference, candidate.logits_and_hidden_states(window.tokens)[0])
                advance(1)
    return outcome


def _enough(found: Iterable[Window]) -> list[Window]:
    """The first `WINDOWS` windows that are long enough to say something."""
    return list(islice((window for window in found if len(window.tokens) > WINDOW // 2), WINDOWS))


def _plain(text: Text, candidate: LlamaCpp) -> Window:
    """The tokens from the middle of a file on, where code is denser than at its head."""
    tokens = candidate.tokenize(text.content[len(text.content) // 2 :])
    return Window(f"{text.name} (second half)", tuple(tokens[:WINDOW]))


def _fill_in(text: Text, candidate: LlamaCpp, controls: ControlIds, rng: random.Random) -> Window:
    """A completion example as training sees it: prefix, suffix, middle."""
    start = len(text.content) // 3
    example = complete.example(text.content[start : start + 3 * WINDOW], rng, max_middle=WINDOW)
    pieces = (*example.prompt.pieces, *example.target) if example else ()
    known = [piece for piece in pieces if isinstance(piece, str) or controls.get(piece) is not None]
    return Window(f"{text.name} (FIM)", tuple(tokens_of(known, candidate.tokenize, controls)[: 2 * WINDOW]))
