"""Go's `testing`, through the events of `go test -json` (https://pkg.go.dev/cmd/test2json).

A test with subtests is one result beside theirs. A package that does not compile is one result for each of the
compiler's errors. Nothing is fetched.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from languages.frameworks.framework import LineCoverage, Outcome, TestReport, TestResult, TestRun
from languages.frameworks.rows import json_rows
from languages.linters.go_output import OFFLINE, errors_of
from languages.linters.process import ToolFailure, find_program

_TEST = re.compile(r"^func (?:Test|Fuzz|Example|Benchmark)(?:[^a-z(]\w*)?\s*\(", re.MULTILINE)
_PLACE = re.compile(r"^\s+(?P<file>[^\s:]+\.go):(?P<line>\d+): (?P<said>.*)", re.DOTALL)
_BLOCK = re.compile(r"^(?P<file>.+):(?P<first>\d+)\.\d+,(?P<last>\d+)\.\d+ \d+ (?P<count>\d+)$")
_OUTCOMES: Mapping[str, Outcome] = {"pass": "passed", "fail": "failed", "skip": "skipped"}
_MAX_MESSAGE = 20_000


@dataclass(frozen=True, slots=True)
class GoTest:
    """The adapter; `program` is a `go` to use instead of the one that is found."""

    program: Path | None = None
    name: str = "go_test"
    language: str = "go"

    def recognises(self, path: PurePath, text: str) -> bool:
        """True for a `_test.go` file with a test, fuzz test, benchmark or example."""
        return path.name.endswith("_test.go") and _TEST.search(text) is not None

    def test_path(self, source: PurePath) -> PurePath:
        """Beside the file: `shop/cart.go` -> `shop/cart_test.go`."""
        return source.with_name(f"{source.stem}_test.go")

    def run(self, run: TestRun) -> TestReport:
        """Run the packages of `run.tests`; each with all of its tests, because Go compiles packages, not files."""
        program = self.program or find_program("go")
        if program is None:
            failure = ToolFailure("missing", "go is not installed; install Go from https://go.dev/dl")
            return TestReport(failure=failure)
        packages = sorted({f"./{path.parent.as_posix()}" for path in run.tests}) or ["./..."]
        with tempfile.TemporaryDirectory(prefix="coder-gotest-") as folder:
            profile = Path(folder, "cover.out")
            options = [f"-coverprofile={profile}", "-coverpkg=./..."] if run.coverage else []
            limit = f"-timeout={max(1, int(run.timeout * 0.9))}s"
            output = run.runner(
                [program, "test", "-json", "-count=1", limit, *options, *packages],
                directory=run.directory,
                scratch=Path(folder),
                environment={**OFFLINE, "GOFLAGS": "-mod=mod"},
                timeout=run.timeout,
            )
            counted = profile.read_text(encoding="utf-8") if profile.exists() else ""
        if isinstance(output, ToolFailure):
            return TestReport(failure=output)
        report = go_test_report(output.stdout, _module_name(run.directory))
        if not report.results and output.exit_code != 0:
            said = " ".join((output.stderr or report.output).split())[-300:]
            return TestReport(failure=ToolFailure("crash", f"go test ran no test: {said}"), output=report.output)
        coverage = go_coverage(counted, _module_name(run.directory))
        return TestReport(results=report.results, coverage=coverage, output=report.output + output.stderr)


def go_test_report(events: str, module: str = "") -> TestReport:
    """The tests in what `go test -json` printed; files are relative to the folder of the module named `module`."""
    tests: dict[tuple[str, str], _Test] = {}
    packages: dict[str, str] = {}
    builds: dict[str, str] = {}
    printed: list[str] = []
    for event in json_rows(events):
        action, said = event.get("Action"), event.get("Output", "")
        printed.append(said)
        if action == "build-output":
            builds[event["ImportPath"]] = builds.get(event["ImportPath"], "") + said
        elif event.get("Test"):
            package = event["Package"]
            tests.setdefault((package, event["Test"]), _Test(package, event["Test"])).add(event)
        elif action == "fail" and event.get("Package"):
            packages[event["Package"]] = event.get("FailedBuild", "")
    failed = {package for (package, _), test in tests.items() if test.action == "fail"}
    results = [test.result(module, package_failed=package in packages) for (package, _), test in tests.items()]
    for package, build in packages.items():
        if package not in failed and not _unfinished(tests, package):
            results.extend(_package_failure(package, builds.get(build, "")))
    return TestReport(results=tuple(results), output="".join(printed))


def go_coverage(profile: str, module: str = "") -> dict[str, LineCoverage]:
    """Coverage by file, from a cover profile: a line is covered when a block that touches it ran."""
    covered: dict[str, set[int]] = {}
    missed: dict[str, set[int]] = {}
    for match in filter(None, map(_BLOCK.match, profile.splitlines())):
        lines = range(int(match["first"]) - 1, int(match["last"]))
        side = covered if int(match["count"]) else missed
        side.setdefault(_relative(match["file"], module), set()).update(lines)
    files = covered.keys() | missed.keys()
    return {
        file: LineCoverage(
            frozenset(covered.get(file, ())), frozenset(missed.get(file, set()) - covered.get(file, set()))
        )
        for file in sorted(files)
    }


@dataclass(slots=True)
class _Test:
    """What the events say of one test so far; `action` is its last."""

    package: str
    name: str
    action: str = ""
    seconds: float = 0.0
    output: list[str] = field(default_factory=list)

    def add(self, event: Mapping[str, Any]) -> None:
        if event["Action"] == "output":
            if event.get("OutputType") != "frame" and not event["Output"].startswith(("=== ", "--- ")):
                self.output.append(event["Output"])
        elif event["Action"] in _OUTCOMES or not self.action:
            self.action = event["Action"]
            self.seconds = float(event.get("Elapsed", 0.0))

    def result(self, module: str, *, package_failed: bool) -> TestResult:
        """A test without an end failed when its package did: it was running when that was ended."""
        outcome = _OUTCOMES.get(self.action, "failed" if package_failed else "error")
        file, line = self._place() if outcome != "passed" else (None, None)
        folder = _relative(self.package, module)
        return TestResult(
            name=f"{self.package}.{self.name}",
            outcome=outcome,
            seconds=self.seconds,
            message="".join(self.output).strip()[:_MAX_MESSAGE] or None if outcome != "passed" else None,
            file=None if file is None else str(PurePath(folder, file)),
            line=line,
        )

    def _place(self) -> tuple[str | None, int | None]:
        """Of the last line that `t.Error` and its like printed, which they begin with the place in the test file."""
        for said in reversed(self.output):
            if (match := _PLACE.match(said)) and match["file"].endswith("_test.go"):
                return PurePath(match["file"]).name, int(match["line"]) - 1
        return None, None


def _unfinished(tests: Mapping[tuple[str, str], _Test], package: str) -> bool:
    return any(test.action not in _OUTCOMES for (owner, _), test in tests.items() if owner == package)


def _package_failure(package: str, build: str) -> Iterable[TestResult]:
    """One result for each error of the compiler, or one for a package that failed otherwise."""
    errors = [*errors_of(build)]
    for error in errors:
        file = str(PurePath(error.file))
        yield TestResult(name=f"{package} build", outcome="error", message=error.message, file=file, line=error.line)
    if not errors:
        yield TestResult(name=package, outcome="error", message=build.strip() or "the package failed outside of a test")


def _relative(path: str, module: str) -> str:
    return path.removeprefix(module).lstrip("/") if module and path.startswith(module) else path


def _module_name(directory: Path) -> str:
    """The module's name in `go.mod`; "" without one."""
    try:
        text = (directory / "go.mod").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    match = re.search(r"^module\s+\"?([^\s\"]+)", text, re.MULTILINE)
    return match[1] if match else ""
