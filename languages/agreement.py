"""How far two judges agree on the same files: precision, recall and F1 for each check.

A judgement is (file, 1-based line, check). The first judge is measured against the second, which counts as the truth.
It does not know who the judges are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: File, 1-based line, check.
Judgement = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often one check was found by both judges, only by the measured one, and only by the true one."""

    check: str
    both: int
    only_measured: int
    only_true: int

    @property
    def precision(self) -> float | None:
        """both / (both + only_measured); None when the measured judge found nothing."""
        return _share(self.both, self.both + self.only_measured)

    @property
    def recall(self) -> float | None:
        """both / (both + only_true); None when there was nothing to find."""
        return _share(self.both, self.both + self.only_true)

    @property
    def f1(self) -> float | None:
        """2 both / (2 both + only_measured + only_true); None when neither found anything."""
        return _share(2 * self.both, 2 * self.both + self.only_measured + self.only_true)


def agreements(measured: Iterable[Judgement], true: Iterable[Judgement], checks: Iterable[str]) -> list[Agreement]:
    """The agreement on each of `checks`, sorted by name. Judgements given twice count once."""
    found, known = set(measured), set(true)
    both = Counter(check for _, _, check in found & known)
    only_measured = Counter(check for _, _, check in found - known)
    only_true = Counter(check for _, _, check in known - found)
    return [Agreement(check, both[check], only_measured[check], only_true[check]) for check in sorted(set(checks))]


def macro_f1(rows: Sequence[Agreement]) -> float | None:
    """The mean F1 of the checks that either judge found at all; None when there is none."""
    scores = [row.f1 for row in rows if row.f1 is not None]
    return sum(scores) / len(scores) if scores else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
