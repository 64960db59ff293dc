"""ExUnit, Elixir's own test framework (https://hexdocs.pm/ex_unit), with StreamData and Phoenix.LiveViewTest on top.

A Mix project runs by `mix test`, with our formatter beside it; a folder without `mix.exs` is compiled and tested in a
VM that stays alive, which takes tens of milliseconds: a confined one when the runner confines. With a runner of another
kind and no worker of its own, such a folder runs in a fresh VM, without coverage. Doctests and properties are tests
like all others.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from languages.finding import Finding
from languages.frameworks.confined import run_confined
from languages.frameworks.framework import TestReport, TestResult, TestRun, run_unconfined
from languages.frameworks.rows import ex_unit_coverage, ex_unit_results, json_rows
from languages.linters.process import ToolFailure, find_program
from languages.workers import beam
from languages.workers.beam import BeamWorker, confined_beam, shared_beam
from languages.workers.elixir_code import run_ex_unit

_CASE = re.compile(r"^\s*use\s+(?:ExUnit\.Case\b|[\w.]*(?:ConnCase|DataCase|ChannelCase|FeatureCase)\b)", re.MULTILINE)
_FORMATTER = Path(beam.__file__).with_name("formatter.exs")
_FORMATTER_MODULE = "Coder.Beam.Formatter"
_START = f"ExUnit.start(formatters: [{_FORMATTER_MODULE}])"


@dataclass(frozen=True, slots=True)
class ExUnit:
    """The adapter; `worker` runs folders that are no Mix project, `elixir` is a program to use for the others."""

    worker: BeamWorker | None = None
    elixir: Path | None = None
    name: str = "ex_unit"
    language: str = "elixir"

    def recognises(self, path: PurePath, text: str) -> bool:
        """True for a script that uses `ExUnit.Case` or one of Phoenix's cases."""
        return path.suffix == ".exs" and _CASE.search(text) is not None

    def test_path(self, source: PurePath) -> PurePath:
        """`lib/shop/cart.ex` -> `test/shop/cart_test.exs`; in an umbrella, below the same `apps/NAME`."""
        parts = list(source.parts)
        if "lib" in parts:
            parts[parts.index("lib")] = "test"
        else:
            parts.insert(0, "test")
        return PurePath(*parts).with_name(f"{source.stem}_test.exs")

    def run(self, run: TestRun) -> TestReport:
        if (run.directory / "mix.exs").is_file():
            cover = ["--cover"] if run.coverage else []
            return self._in_program(run, ["-S", "mix", "test", "--formatter", _FORMATTER_MODULE, *cover, *_named(run)])
        if self.worker is None and run.runner not in (run_unconfined, run_confined):
            tests = [part for name in _tests(run) for part in ("-r", str(name))]
            sources = ["-pr", "**/*.ex"] if _sources(run) else []
            return self._in_program(run, [*sources, "-e", _START, *tests])
        return self._in_worker(run, self.worker or (confined_beam() if run.runner is run_confined else shared_beam()))

    def _in_worker(self, run: TestRun, worker: BeamWorker) -> TestReport:
        try:
            files = {
                str(name): (run.directory / name).read_text(encoding="utf-8", errors="replace")
                for name in (*_sources(run), *_tests(run))
            }
        except OSError as error:
            reason = f"{error.filename} cannot be read ({error.strerror}); check the paths of the tests"
            return TestReport(failure=ToolFailure("missing", reason))
        ran = run_ex_unit(
            worker,
            files,
            timeout=run.timeout,
            test_timeout=run.timeout / 2,
            coverage=run.coverage,
        )
        if isinstance(ran, ToolFailure):
            return TestReport(failure=ran)
        if not ran.compiled:
            errors = (finding for finding in ran.findings if finding.severity == "error")
            return TestReport(results=tuple(map(_not_compiled, errors)), output=ran.output)
        return TestReport(results=ex_unit_results(ran.rows), coverage=ex_unit_coverage(ran.rows), output=ran.output)

    def _in_program(self, run: TestRun, options: Sequence[str]) -> TestReport:
        program = self.elixir or find_program("elixir")
        if program is None:
            return TestReport(
                failure=ToolFailure("missing", "elixir is not installed; install it from elixir-lang.org")
            )
        with tempfile.TemporaryDirectory(prefix="coder-exunit-") as folder:
            results = Path(folder, "results.jsonl")
            output = run.runner(
                [program, "-r", _FORMATTER, *options],
                directory=run.directory,
                scratch=Path(folder),
                environment={"MIX_ENV": "test", "CODER_TEST_RESULTS": str(results), "LC_ALL": "C.UTF-8"},
                timeout=run.timeout,
            )
            written = results.read_text(encoding="utf-8", errors="replace") if results.exists() else ""
        rows = [*json_rows(written)]
        found = ex_unit_results(rows)
        if isinstance(output, ToolFailure):
            return TestReport(results=found, failure=output)
        said = f"{output.stdout}{output.stderr}"
        if not found and output.exit_code != 0:
            return TestReport(failure=ToolFailure("crash", f"Elixir ran no test: {_reason(said)}"), output=said)
        return TestReport(results=found, coverage=ex_unit_coverage(rows), output=said)


def _named(run: TestRun) -> list[str]:
    return [str(name) for name in run.tests]


def _tests(run: TestRun) -> list[PurePath]:
    return [*run.tests] or sorted(path.relative_to(run.directory) for path in run.directory.rglob("*_test.exs"))


def _sources(run: TestRun) -> list[PurePath]:
    return sorted(path.relative_to(run.directory) for path in run.directory.rglob("*.ex"))


def _not_compiled(finding: Finding) -> TestResult:
    return TestResult(
        name="compile",
        outcome="error",
        message=finding.message,
        file=finding.path,
        line=finding.range.start.line,
    )


def _reason(said: str) -> str:
    """The line that begins an Elixir error, or the end of what was said."""
    banner = next((line for line in said.splitlines() if line.startswith("** (")), None)
    return banner or " ".join(said.split())[-300:] or "it printed nothing"
