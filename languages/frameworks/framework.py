"""`Framework`: the protocol behind which ExUnit, `go test`, pytest and unittest differ; and what a run of tests gives.

Tests are code of others, so nothing here starts a program by itself: a `Runner` does, and a sandbox is a `Runner`.
How a run ended is a value. Lines are 0-based, as everywhere in Coder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal, Protocol

from languages.linters.process import ToolFailure, ToolOutput, run_tool

#: `error`: the test could not be run (its setup failed, or its file does not compile or import).
Outcome = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One test. `file` is relative to the folder of the run where it lies in it; `line` is where the test failed, else
    where it stands, 0-based; both are None where the framework does not say."""

    #: Not a test, whatever pytest thinks of the name.
    __test__ = False

    name: str
    outcome: Outcome
    seconds: float = 0.0
    message: str | None = None
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class LineCoverage:
    """The 0-based lines of one file that can run: those that did, and those that did not."""

    covered: frozenset[int]
    missed: frozenset[int]

    @property
    def ratio(self) -> float:
        """The part that was covered, in [0, 1]; 1 for a file in which nothing can run."""
        lines = len(self.covered) + len(self.missed)
        return len(self.covered) / lines if lines else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """A run. With a `failure` it came to no end: `results` is what is known all the same."""

    __test__ = False

    results: tuple[TestResult, ...] = ()
    failure: ToolFailure | None = None
    coverage: Mapping[str, LineCoverage] = field(default_factory=dict)
    output: str = ""

    @property
    def passed(self) -> bool:
        """At least one test ran, and none failed."""
        outcomes = {result.outcome for result in self.results}
        return self.failure is None and "passed" in outcomes and not outcomes & {"failed", "error"}


class Runner(Protocol):
    """Runs a program in `directory`, with `environment` added to its own, at most `timeout` seconds.

    `scratch` is an empty folder for the program's reports, which it must be able to write.
    """

    def __call__(
        self,
        command: Sequence[str | Path],
        *,
        directory: Path,
        scratch: Path,
        environment: Mapping[str, str],
        timeout: float,
    ) -> ToolOutput | ToolFailure: ...


def run_unconfined(
    command: Sequence[str | Path],
    *,
    directory: Path,
    scratch: Path,
    environment: Mapping[str, str],
    timeout: float,
) -> ToolOutput | ToolFailure:
    """The `Runner` for code that the user trusts, such as the user's own: no sandbox."""
    return run_tool(command, directory=directory, environment=environment, timeout=timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRun:
    """What to run: the files `tests` in the project's `directory` (none: all), at most `timeout` seconds together."""

    __test__ = False

    directory: Path
    tests: tuple[PurePath, ...] = ()
    timeout: float = 120.0
    coverage: bool = False
    runner: Runner = run_unconfined


class Framework(Protocol):
    """One test framework of one language."""

    @property
    def name(self) -> str:
        """The name that people use: "pytest"."""

    @property
    def language(self) -> str:
        """The name of the language."""

    def recognises(self, path: PurePath, text: str) -> bool:
        """True when the file holds tests of this framework."""

    def test_path(self, source: PurePath) -> PurePath:
        """Where the tests of the file `source` belong, both relative to the project."""

    def run(self, run: TestRun) -> TestReport:
        """Run the tests. Never raises for broken tests."""
