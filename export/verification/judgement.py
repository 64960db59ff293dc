"""Do the heads say the same of real lines?

Code is cut into windows and lines are read at their last token, as serving does it (`tasks/quality.py`,
`tasks/lines.py`). The heads under test are those read back from the GGUF file; the reference is the checkpoint's on
torch's hidden states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from export.progress import progress_bar
from export.verification.corpus import code_files
from export.verification.report import Row
from inference.heads import Head
from tasks import lines, quality
from tasks.tokens import ControlIds

if TYPE_CHECKING:
    from export.model import Floats, TorchModel
    from export.verification.runner import LlamaCpp

#: Where the final-norm hidden states (T, H) of tokens come from, and the heads to read them with.
Judge = tuple[Callable[[Sequence[int]], "Floats"], Mapping[str, Head]]

#: The largest difference of a raw logit and of a probability that counts as equal, at F32.
TOLERANCE = 1e-3
FILES = 4


@dataclass(frozen=True, slots=True)
class JudgedWindow:
    """A judge prompt's tokens, and for each of its lines the token that speaks for it and the line's name."""

    tokens: tuple[int, ...]
    places: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(slots=True)
class HeadError:
    """How far head outputs are apart."""

    lines: int = 0
    logit: float = 0.0
    probability: float = 0.0
    flipped: int = 0
    first: str = ""

    def add(self, window: JudgedWindow, wanted: Head, given: Head, reference: Floats, candidate: Floats) -> None:
        """Compare one head on hidden states (lines, H) of torch and of the candidate."""
        raw = np.abs(_raw(wanted, reference) - _raw(given, candidate))
        torch_probabilities, probabilities = wanted.probabilities(reference), given.probabilities(candidate)
        gap = np.abs(torch_probabilities - probabilities)
        found = (torch_probabilities >= wanted.threshold) != (probabilities >= given.threshold)
        self.lines += len(window.places)
        self.logit, self.probability = max(self.logit, float(raw.max())), max(self.probability, float(gap.max()))
        self.flipped += int(found.sum())
        wrong = np.argwhere(np.maximum(raw, gap) > TOLERANCE)
        if len(wrong) and not self.first:
            row, label = (int(index) for index in wrong[0])
            self.first = f"{window.names[row]}, {wanted.labels[label]}: logits {raw[row, label]:.1e} apart"

    def row(self, check: str, labels: int, *, judged: bool) -> Row:
        """The outcome; judged against `TOLERANCE`, or only reported."""
        passed = max(self.logit, self.probability) <= TOLERANCE if judged else None
        verdicts = f", {self.flipped} verdicts differ" if self.flipped else ""
        result = f"logits within {self.logit:.1e}, probabilities within {self.probability:.1e}{verdicts}"
        compared = f"{self.lines} lines x {labels} labels"
        return Row(
            check=check, compared=compared, result=result, passed=passed, difference="" if passed else self.first
        )


def judged_windows(candidate: LlamaCpp, controls: ControlIds, max_tokens: int) -> list[JudgedWindow]:
    """One window of each of some files of the standard library."""
    return [_window(text.name, text.content, candidate, controls, max_tokens) for text in code_files(FILES)]


def compare_heads(
    model: TorchModel,
    heads: Mapping[str, Head],
    judges: Mapping[str, Judge],
    several: Sequence[JudgedWindow],
) -> dict[tuple[str, str], HeadError]:
    """The error of each judge by (judge, task)."""
    outcome = {(name, task): HeadError() for name in judges for task in heads}
    with progress_bar("Comparing judgement with torch", len(several)) as advance:
        for window in several:
            places = list(window.places)
            reference = model.logits_and_hidden_states(window.tokens)[1][places]
            for name, (hidden_states, given) in judges.items():
                states = hidden_states(window.tokens)[places]
                for task, head in heads.items():
                    outcome[name, task].add(window, head, given[task], reference, states)
            advance(1)
    return outcome


def _raw(head: Head, hidden_states: Floats) -> Floats:
    """Logits before calibration."""
    uncalibrated: Floats = head.logits(hidden_states) * head.temperature
    return uncalibrated


def _window(name: str, code: str, candidate: LlamaCpp, controls: ControlIds, max_tokens: int) -> JudgedWindow:
    """The first window of `code`; its marks are counted by running the task's own prompt."""
    tokens = candidate.tokenize(code)
    last = lines.last_tokens([len(candidate.token_bytes(token)) for token in tokens], code.encode())
    first, end = lines.windows(last, max_tokens)[0]
    stop = min(last[end - 1] + 1, max_tokens)
    text = b"".join(candidate.token_bytes(token) for token in tokens[:stop]).decode(errors="replace")
    prompt = quality.prompt(text).token_ids(lambda _: tokens[:stop], controls)
    marks = len(prompt) - stop
    shown = [line for line in range(first, end) if last[line] < stop]
    names = tuple(f"{name}:{line + 1}" for line in shown)
    return JudgedWindow(tuple(prompt), tuple(last[line] + marks for line in shown), names)
