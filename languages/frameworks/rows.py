"""From the rows that the scripts inside a test process write, one JSON object a line, to `TestResult`s.

Both the ExUnit formatter and the unittest runner write such rows; this file knows ExUnit's. Rows that a killed process
cut short are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from languages.frameworks.framework import LineCoverage, Outcome, TestResult

_OUTCOMES: Mapping[str, Outcome] = {
    "passed": "passed",
    "failed": "failed",
    "invalid": "error",
    "skipped": "skipped",
    "excluded": "skipped",
}


def json_rows(text: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in `text`, one a line; other lines are skipped."""
    for line in text.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def ex_unit_results(rows: Iterable[Mapping[str, Any]]) -> tuple[TestResult, ...]:
    """The tests among the rows of the ExUnit formatter; those whose `setup_all` failed say why."""
    rows = tuple(rows)
    setups = {row["module"]: row["message"] for row in rows if row.get("event") == "module"}
    return tuple(_result(row, setups) for row in rows if row.get("event") == "test")


def ex_unit_coverage(rows: Iterable[Mapping[str, Any]]) -> dict[str, LineCoverage]:
    """Coverage by file, from the rows that hold counts of lines."""
    found = (row for row in rows if row.get("event") == "coverage")
    return {row["file"]: line_coverage(dict(row["lines"])) for row in found}


def line_coverage(counts: Mapping[int, int]) -> LineCoverage:
    """Counts by 1-based line as covered and missed 0-based lines."""
    covered = frozenset(line - 1 for line, count in counts.items() if count > 0)
    return LineCoverage(covered, frozenset(line - 1 for line in counts) - covered)


def _result(row: Mapping[str, Any], setups: Mapping[str, str]) -> TestResult:
    line = row.get("failure_line") or row["line"]
    message = row["message"]
    if row["state"] == "invalid":
        message = f"{message}: {setups.get(row['module'], 'no reason was given')}"
    return TestResult(
        name=f"{row['module']} {row['name']}",
        outcome=_OUTCOMES.get(row["state"], "error"),
        seconds=row["time_us"] / 1e6,
        message=message,
        file=row["file"],
        line=line - 1 if line else None,
    )
