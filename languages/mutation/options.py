"""How mutants are chosen and run."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from languages.mutation.mutant import Mutant

#: From a command and the project's folder to the command that runs it confined.
Confine = Callable[[Sequence[str], Path], Sequence[str]]
#: Told after each mutant how many are done, and of how many.
Progress = Callable[[int, int], None]
#: A mutant with its number, which counts all mutants of the file from 1.
Numbered = tuple[int, Mutant]


def unconfined(command: Sequence[str], project: Path) -> Sequence[str]:
    """Run the tests with the rights of this process: for code that you trust."""
    return command


def silent(done: int, of: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationOptions:
    """`sample` mutants drawn with `seed` (None: all), `parallel` processes, and the time that tests may take.

    A mutant may run for `patience` seconds and `slowdown` times what its tests take without it. `test_timeout` is
    for all
    tests together without a mutant, in seconds, and for building. `processor_patience` is `patience` in seconds of
    processor time, for engines that count it.
    """

    sample: int | None = None
    seed: int = 0
    parallel: int = field(default_factory=lambda: os.cpu_count() or 1)
    patience: float = 2.0
    slowdown: float = 10.0
    test_timeout: float = 300.0
    processor_patience: float = 0.5
    confine: Confine = unconfined
    progress: Progress = field(default=silent, compare=False)

    def choose(self, mutants: Sequence[Mutant]) -> list[Numbered]:
        """The sample, in order of place; the same for the same seed."""
        numbered = list(enumerate(mutants, start=1))
        if self.sample is None or self.sample >= len(numbered):
            return numbered
        return sorted(random.Random(self.seed).sample(numbered, self.sample))

    def timeout(self, seconds: float) -> float:
        """How long tests that take `seconds` may take with a mutant in."""
        return self.patience + self.slowdown * seconds

    def processor_timeout(self, seconds: float) -> float:
        """How much processor time tests that take `seconds` may take with a mutant in."""
        return self.processor_patience + self.slowdown * seconds

    def identity(self) -> str:
        """What of the options may change a result."""
        return (
            f"{self.sample}/{self.seed}/{self.patience}/{self.slowdown}/{self.test_timeout}/{self.processor_patience}"
        )
