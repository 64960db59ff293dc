"""pytest (https://docs.pytest.org), with Hypothesis on top; it runs unittest's cases too.

Results come from pytest's JUnit report, coverage from our own `line_counter.py`. Plugins are not loaded by themselves
(`PYTEST_DISABLE_PLUGIN_AUTOLOAD`), which more than halves the start; those that a project names with `-p` are.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from languages.frameworks.framework import LineCoverage, Outcome, TestReport, TestResult, TestRun
from languages.linters.process import ToolFailure, ToolOutput

_TEST = re.compile(r"^\s*(?:async\s+)?def test\w*\s*\(", re.MULTILINE)
_PLACE = re.compile(r"^(?P<file>[^\s:][^:\n]*\.py):(?P<line>\d+): ", re.MULTILINE)
_COUNTER = Path(__file__).parent / "inside" / "line_counter.py"
_OUTCOMES: Mapping[str, Outcome] = {"failure": "failed", "error": "error", "skipped": "skipped"}
_MAX_MESSAGE = 20_000
#: pytest's exit codes that say that there was nothing to judge.
_EXITS: Mapping[int, str] = {
    3: "pytest failed inside; look at the output",
    4: "pytest does not know one of the files; check their paths",
    5: "there is no test in these files; write one whose name begins with test",
}


@dataclass(frozen=True, slots=True)
class Pytest:
    """The adapter; `python` is an interpreter with pytest, to use instead of the project's or ours."""

    python: Path | None = None
    name: str = "pytest"
    language: str = "python"

    def recognises(self, path: PurePath, text: str) -> bool:
        """True for a `test_*.py` or `*_test.py` file with a test function or a unittest case."""
        named = path.suffix == ".py" and (path.name.startswith("test_") or path.name.endswith("_test.py"))
        return named and _TEST.search(text) is not None

    def test_path(self, source: PurePath) -> PurePath:
        """`shop/cart.py` and `src/shop/cart.py` -> `tests/shop/test_cart.py`."""
        parts = source.parts[1:] if source.parts[:1] == ("src",) else source.parts
        return PurePath("tests", *parts).with_name(f"test_{source.name}")

    def run(self, run: TestRun) -> TestReport:
        python = self.python or project_python(run.directory)
        with tempfile.TemporaryDirectory(prefix="coder-pytest-") as folder:
            report, counts = Path(folder, "report.xml"), Path(folder, "lines.json")
            counter = [_COUNTER, counts, run.directory] if run.coverage else []
            start = [python, *counter] if counter else [python, "-m"]
            options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}", "-o", "junit_family=xunit1"]
            output = run.runner(
                [*start, "pytest", *options, *map(str, run.tests)],
                directory=run.directory,
                scratch=Path(folder),
                environment={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=run.timeout,
            )
            results = junit_results(_read(report), run.directory)
            coverage = counted_lines(_read(counts))
        if isinstance(output, ToolFailure):
            return TestReport(results=results, failure=output)
        said = f"{output.stdout}{output.stderr}"
        return TestReport(results=results, failure=_no_verdict(output, results), coverage=coverage, output=said)


def project_python(directory: Path) -> Path:
    """The interpreter of the project's own environment, or ours."""
    places = (directory / folder / "bin" / "python" for folder in (".venv", "venv"))
    return next((place for place in places if place.exists()), Path(sys.executable))


def junit_results(report: str, directory: Path = Path()) -> tuple[TestResult, ...]:
    """The tests in a JUnit report as pytest writes it; () for one that a killed pytest did not finish."""
    try:
        root = ElementTree.fromstring(report)
    except ElementTree.ParseError:
        return ()
    return tuple(_result(case, directory) for case in root.iter("testcase"))


def counted_lines(report: str) -> dict[str, LineCoverage]:
    """Coverage by file, from what `line_counter.py` wrote; {} when it did not come to that."""
    try:
        files = json.loads(report)
    except ValueError:
        return {}
    return {
        file: LineCoverage(frozenset(line - 1 for line in covered), frozenset(line - 1 for line in missed))
        for file, (covered, missed) in files.items()
    }


def _result(case: ElementTree.Element, directory: Path) -> TestResult:
    problem = next((child for child in case if child.tag in _OUTCOMES), None)
    outcome: Outcome = "passed" if problem is None else _OUTCOMES[problem.tag]
    if problem is not None and problem.tag == "skipped" and problem.get("type") == "pytest.xfail":
        outcome = "passed"
    message = None if problem is None else _message(problem)
    file, line = case.get("file"), _number(case.get("line"))
    if outcome in ("failed", "error") and problem is not None:
        file, line = _failure_place(problem.text or "", file, line, directory)
    name = "::".join(filter(None, (case.get("classname"), case.get("name"))))
    seconds = float(case.get("time") or 0.0)
    return TestResult(name=name, outcome=outcome, seconds=seconds, message=message, file=file, line=line)


def _message(problem: ElementTree.Element) -> str | None:
    parts = (problem.get("message"), problem.text if problem.tag != "skipped" else None)
    return "\n".join(filter(None, parts))[:_MAX_MESSAGE] or None


def _failure_place(text: str, file: str | None, line: int | None, directory: Path) -> tuple[str | None, int | None]:
    """The innermost place of the traceback that lies in the test file, else the innermost, else the test's own."""
    places = [(_inside(match["file"], directory), int(match["line"]) - 1) for match in _PLACE.finditer(text)]
    if not places:
        return file, line
    return next((place for place in reversed(places) if place[0] == file), places[-1])


def _inside(file: str, directory: Path) -> str:
    path = Path(file)
    return str(path.relative_to(directory)) if path.is_relative_to(directory) else file


def _number(text: str | None) -> int | None:
    """JUnit's `line`, which pytest counts from 0."""
    return int(text) if text and text.isdigit() else None


def _no_verdict(output: ToolOutput, results: tuple[TestResult, ...]) -> ToolFailure | None:
    if output.exit_code in (0, 1, 2) and results:
        return None
    if "No module named pytest" in output.stderr:
        return ToolFailure(
            "missing", "pytest is not installed in the project's Python; install it with `pip install pytest`"
        )
    said = " ".join((output.stderr or output.stdout).split())[-300:]
    return ToolFailure("crash", _EXITS.get(output.exit_code, f"pytest ended with code {output.exit_code}: {said}"))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
