"""What became of the mutants of one file. Statuses are those of the Stryker mutation-testing report schema."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from languages.mutation.mutant import Mutant, diff

Status = Literal["Killed", "Survived", "NoCoverage", "CompileError", "RuntimeError", "Timeout", "Ignored"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One mutant: `killed_by` is the first test that failed, `covered_by` the tests that were to run."""

    id: int
    mutant: Mutant
    status: Status
    covered_by: tuple[str, ...] = ()
    killed_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MutationRun:
    """The mutants of one file, in order of place; `generated` counts those that the sample left out, too."""

    path: str
    language: str
    text: str
    generated: int
    outcomes: tuple[Outcome, ...]

    def count(self, *statuses: Status) -> int:
        """How many mutants ended as one of `statuses`."""
        return sum(outcome.status in statuses for outcome in self.outcomes)

    @property
    def score(self) -> float | None:
        """Detected / (detected + undetected), in [0, 1]; mutants that do not compile do not count. None without any."""
        detected = self.count("Killed", "Timeout")
        valid = detected + self.count("Survived", "NoCoverage")
        return detected / valid if valid else None

    @property
    def survivors(self) -> Sequence[Outcome]:
        """The mutants that tests ran and did not notice."""
        return [outcome for outcome in self.outcomes if outcome.status == "Survived"]

    def survivor_diffs(self) -> list[str]:
        """A unified diff for each survivor."""
        return [diff(self.path, self.text, outcome.mutant) for outcome in self.survivors]

    def to_json(self) -> dict[str, Any]:
        """Everything; `from_json` gives the run back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> MutationRun:
        """The run that `to_json` wrote; raises `KeyError` or `TypeError` for anything else."""
        return cls(**{**data, "outcomes": tuple(_outcome(outcome) for outcome in data["outcomes"])})


def _outcome(data: dict[str, Any]) -> Outcome:
    mutant = Mutant(**{**data["mutant"], "lines": tuple(data["mutant"]["lines"])})
    return Outcome(**{**data, "mutant": mutant, "covered_by": tuple(data["covered_by"])})
