"""A mutation run as a report in the Stryker schema (https://github.com/stryker-mutator/mutation-testing-elements).

Times are left out, so that the same run gives the same report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from languages.finding import Position
from languages.mutation.results import MutationRun, Outcome
from languages.positions import TextLines

_SCHEMA = "https://git.io/mutation-testing-schema"


def stryker_report(runs: Sequence[MutationRun], *, low: int = 60, high: int = 80) -> dict[str, Any]:
    """The report of several files; `low` and `high` are the percentages between which a score is so-so."""
    names = sorted({name for run in runs for outcome in run.outcomes for name in outcome.covered_by})
    return {
        "$schema": _SCHEMA,
        "schemaVersion": "2.0",
        "thresholds": {"low": low, "high": high},
        "framework": {"name": "coder"},
        "files": {run.path: _file(run) for run in runs},
        "testFiles": _test_files(names),
    }


def _file(run: MutationRun) -> dict[str, Any]:
    lines = TextLines(run.text)
    return {
        "language": run.language,
        "source": run.text,
        "mutants": [_mutant(outcome, lines) for outcome in run.outcomes],
    }


def _mutant(outcome: Outcome, lines: TextLines) -> dict[str, Any]:
    mutant = outcome.mutant
    entry: dict[str, Any] = {
        "id": str(outcome.id),
        "mutatorName": mutant.operator,
        "replacement": mutant.replacement,
        "location": {"start": _place(lines.at_byte(mutant.start)), "end": _place(lines.at_byte(mutant.end))},
        "status": outcome.status,
        "coveredBy": list(outcome.covered_by),
        "killedBy": [] if outcome.killed_by is None else [outcome.killed_by],
    }
    return entry if outcome.reason is None else {**entry, "statusReason": outcome.reason}


def _place(position: Position) -> dict[str, int]:
    return {"line": position.line + 1, "column": position.character + 1}


def _test_files(names: Sequence[str]) -> dict[str, Any]:
    files: dict[str, Any] = {}
    for name in names:
        path, _, test = name.partition("::")
        files.setdefault(path, {"tests": []})["tests"].append({"id": name, "name": test or name})
    return files
