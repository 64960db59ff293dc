"""unittest, Python's own test framework (https://docs.python.org/3/library/unittest.html): no package is needed."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from languages.frameworks.framework import TestReport, TestResult, TestRun
from languages.frameworks.pytest import counted_lines, project_python
from languages.frameworks.rows import json_rows
from languages.linters.process import ToolFailure

_CASE = re.compile(r"^class \w+\([^)]*\b(?:TestCase|IsolatedAsyncioTestCase)\b", re.MULTILINE)
_ROWS = Path(__file__).parent / "inside" / "unittest_rows.py"
_COUNTER = Path(__file__).parent / "inside" / "line_counter.py"
_MAX_MESSAGE = 20_000


@dataclass(frozen=True, slots=True)
class Unittest:
    """The adapter; `python` is an interpreter to use instead of the project's or ours."""

    python: Path | None = None
    name: str = "unittest"
    language: str = "python"

    def recognises(self, path: PurePath, text: str) -> bool:
        """True for a Python file with a `TestCase` and without pytest."""
        return path.suffix == ".py" and _CASE.search(text) is not None and "import pytest" not in text

    def test_path(self, source: PurePath) -> PurePath:
        """`shop/cart.py` -> `tests/test_cart.py`: without packages in `tests`, discovery sees one level."""
        return PurePath("tests", f"test_{source.name}")

    def run(self, run: TestRun) -> TestReport:
        python = self.python or project_python(run.directory)
        with tempfile.TemporaryDirectory(prefix="coder-unittest-") as folder:
            rows, counts = Path(folder, "rows.jsonl"), Path(folder, "lines.json")
            counter = [_COUNTER, counts, run.directory] if run.coverage else []
            output = run.runner(
                [python, *counter, _ROWS, rows, *map(str, run.tests)],
                directory=run.directory,
                scratch=Path(folder),
                environment={"PYTHONDONTWRITEBYTECODE": "1"},
                timeout=run.timeout,
            )
            results = unittest_results(_read(rows))
            coverage = counted_lines(_read(counts))
        if isinstance(output, ToolFailure):
            return TestReport(results=results, failure=output)
        said = f"{output.stdout}{output.stderr}"
        failure = None
        if not results:
            reason = " ".join(said.split())[-300:]
            failure = ToolFailure("crash", f"unittest ran no test (exit code {output.exit_code}): {reason}")
        return TestReport(results=results, failure=failure, coverage=coverage, output=said)


def unittest_results(rows: str) -> tuple[TestResult, ...]:
    """The tests in what `unittest_rows.py` wrote."""
    return tuple(
        TestResult(**{**row, "message": row["message"] and row["message"][:_MAX_MESSAGE]}) for row in json_rows(rows)
    )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
