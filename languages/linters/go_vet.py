"""go vet: likely mistakes in Go code, and whether its package compiles (https://pkg.go.dev/cmd/vet).

vet judges packages, not files: a file inside a module is judged with its package as it lies on disk, with the given
text laid over the file (`-overlay`), so it need not be saved. A file outside every module is judged alone, in an empty
folder. Nothing is fetched, and the module's own files are never written: the user's module mode stays as it is.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.finding import Finding, Fix, Position, Range
from languages.linters.go_output import OFFLINE, GoError, errors_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
from languages.positions import TextLines

_ANALYZERS = "https://pkg.go.dev/golang.org/x/tools/go/analysis/passes/"
#: A file outside a module has none to protect, and its imports can only be the standard library's.
_ALONE: Mapping[str, str] = {**OFFLINE, "GOFLAGS": "-mod=mod", "GOWORK": "off"}


@dataclass(frozen=True, slots=True)
class GoVet:
    """The adapter; `program` is a `go` to use instead of the one that is found."""

    program: Path | None = None
    name: str = "go vet"

    def executable(self) -> Path | None:
        return self.program or find_program("go")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        program = self.executable()
        if program is None:
            return self._failed("go is not installed; install Go from https://go.dev/dl")
        with tempfile.TemporaryDirectory(prefix="coder-vet-") as folder:
            run = _Run(program, path, Path(folder).resolve(), text)
            output = run.vet(timeout)
            if isinstance(output, ToolFailure):
                return self._failed(output.reason)
            return self._report(output, run)

    def _report(self, output: ToolOutput, run: _Run) -> LintReport:
        try:
            findings = [*_diagnostics(output, run)]
        except ValueError as error:
            return self._failed(f"go vet printed something that is not its JSON report ({error}); update Go")
        if output.exit_code == 0 or findings:
            return LintReport(tuple(findings))
        errors = [*errors_of(output.stderr)]
        own = tuple(_compile_error(error, run) for error in errors if run.fails_to_compile_us(error.file))
        if own:
            return LintReport(own)
        if errors:
            first = errors[0]
            place = f"{Path(first.file).name}:{first.line + 1}"
            return self._failed(f"its package does not compile ({place}: {first.message}); mend that file first")
        said = " ".join(output.stderr.split())[:300] or f"it ended with exit code {output.exit_code}"
        return self._failed(f"go vet could not load the package: {said}")

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


class _Run:
    """One call of `go vet` for one file: where its text lies, and which names in the output mean that file."""

    def __init__(self, program: Path, path: Path, folder: Path, text: str) -> None:
        self.path = str(path)
        self.lines = TextLines(text)
        self._program = program
        self._original = Path(os.path.abspath(path))
        self._folder = folder
        self._copy = folder / self._original.name
        self._copy.write_bytes(text.encode("utf-8", "replace"))
        in_module = any((parent / "go.mod").is_file() for parent in self._original.parents)
        self._directory = self._original.parent if in_module and self._original.parent.is_dir() else folder

    def vet(self, timeout: float) -> ToolOutput | ToolFailure:
        """Run it over the package, or over the file alone."""
        if self._directory == self._folder:
            command: list[str | Path] = [self._program, "vet", "-json", self._copy.name]
            return run_tool(command, directory=self._folder, environment=_ALONE, timeout=timeout)
        if self._is_saved():
            command = [self._program, "vet", "-json", "."]
            return run_tool(command, directory=self._directory.resolve(), environment=OFFLINE, timeout=timeout)
        overlay = self._folder / "overlay.json"
        replaced = {str(self._directory.resolve() / self._original.name): str(self._copy)}
        overlay.write_text(json.dumps({"Replace": replaced}), encoding="utf-8")
        command = [self._program, "vet", "-json", f"-overlay={overlay}", "."]
        return run_tool(command, directory=self._directory.resolve(), environment=OFFLINE, timeout=timeout)

    def _is_saved(self) -> bool:
        """True when the text is what lies on disk: an overlay costs Go some tens of milliseconds."""
        try:
            return self._original.read_bytes() == self._copy.read_bytes()
        except OSError:
            return False

    def reports_on_us(self, file: str) -> bool:
        """True when a diagnostic in `file` is one in ours.

        Go caches what vet printed by content: the folder in it may be that of an earlier run or of another checkout.
        Only our own package is reported on, and there the name alone tells the file.
        """
        return Path(file).name == self._original.name

    def fails_to_compile_us(self, file: str) -> bool:
        """True when `file`, in an error, is ours or the copy laid over it. Errors are never cached."""
        printed = Path(os.path.normpath(self._directory.resolve() / file)).resolve()
        return printed in (self._copy, self._directory.resolve() / self._original.name)


def _diagnostics(output: ToolOutput, run: _Run) -> Iterator[Finding]:
    """The findings of our file; raises `ValueError` when the output is not JSON of the known shape."""
    try:
        for package in _reports(output):
            for analyzers in package.values():
                for analyzer, entries in analyzers.items():
                    # An analyzer that failed has {"error": ...} instead of a list.
                    wanted = entries if isinstance(entries, list) else []
                    yield from (finding for entry in wanted if (finding := _diagnostic(analyzer, entry, run)))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"unexpected shape: {error!r}") from error


def _reports(output: ToolOutput) -> Iterator[Mapping[str, Any]]:
    """The JSON objects, one after the other. Before Go 1.26 they were on stderr, between `# package` lines."""
    spoken = output.stdout if output.stdout.strip() else output.stderr
    rest = "\n".join(line for line in spoken.splitlines() if not line.startswith("#")).lstrip()
    if not rest.startswith("{"):
        if output.exit_code == 0 and rest:
            raise ValueError(f"it begins with {rest[:40]!r}")
        return
    decoder = json.JSONDecoder()
    while rest:
        report, end = decoder.raw_decode(rest)
        yield report
        rest = rest[end:].lstrip()


def _diagnostic(analyzer: str, entry: Mapping[str, Any], run: _Run) -> Finding | None:
    file, start = _place(entry["posn"], run)
    if not run.reports_on_us(file):
        return None
    _, end = _place(entry.get("end") or entry["posn"], run)
    return Finding(
        path=run.path,
        range=Range(start, end) if end > start else Range(start, run.lines.without_indentation(start.line).end),
        check=analyzer,
        category="correctness",
        severity="warning",
        message=entry["message"],
        source="go vet",
        url=f"{_ANALYZERS}{analyzer}",
        fix=_fix(entry.get("suggested_fixes"), run),
    )


def _place(place: str, run: _Run) -> tuple[str, Position]:
    """ "file:line:column", counted from 1 with columns in bytes."""
    file, line, column = place.rsplit(":", 2)
    return file, run.lines.at_byte_column(int(line) - 1, int(column) - 1)


def _fix(fixes: list[Mapping[str, Any]] | None, run: _Run) -> Fix | None:
    """The first suggested fix, when it changes our file alone."""
    if not fixes:
        return None
    edits = fixes[0]["edits"]
    if not all(run.reports_on_us(edit["filename"]) for edit in edits):
        return None
    spans = [(Range(run.lines.at_byte(edit["start"]), run.lines.at_byte(edit["end"])), edit["new"]) for edit in edits]
    return Fix(fixes[0]["message"], tuple(spans))


def _compile_error(error: GoError, run: _Run) -> Finding:
    return Finding(
        path=run.path,
        range=run.lines.word_at(run.lines.at_byte_column(error.line, error.column)),
        check="compile",
        category="correctness",
        severity="error",
        message=error.message,
        source="go vet",
    )
