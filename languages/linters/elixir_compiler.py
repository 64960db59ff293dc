"""Elixir's own compiler: where code does not parse, and on request what compiling it says.

By itself `lint` only parses, in a VM that stays alive (`languages.workers`): no line of the file runs. Compiling Elixir
runs it (macros, module bodies), so `compiles=True` is for code that one trusts, or for a process that is locked in. It
compiles the one file into a folder of its own, beside what the project has already built, in a VM of its own; the
project is not changed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from languages.finding import Finding, Range
from languages.linters.elixir_output import ElixirDiagnostic, diagnostics_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.mix_project import PLAIN, complaint, project_roots
from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
from languages.positions import TextLines
from languages.workers.beam import BeamWorker, parsing_beam
from languages.workers.elixir_code import parse_elixir

_UTF8 = {"ELIXIR_ERL_OPTIONS": "+fnu", "LC_ALL": "C.UTF-8"}
#: The compiler names no checks; ours go by its messages.
_CHECKS = tuple(
    (re.compile(pattern), check)
    for pattern, check in (
        (r"^variable .+ is unused", "unused-variable"),
        (r"^variable .+ does not exist|^undefined variable", "undefined-variable"),
        (r"^function .+ is unused|^module attribute .+ never used", "unused-definition"),
        (r"^unused (alias|import|require)", "unused-directive"),
        (r"is undefined( or private| \(module|\b)|^undefined function", "undefined-function"),
        (r"is deprecated", "deprecated"),
        (r"this clause .*cannot match|will never match", "unreachable-clause"),
        (r"should be grouped together", "ungrouped-clauses"),
    )
)


@dataclass(frozen=True, slots=True)
class ElixirCompiler:
    """The adapter; `program` is an `elixir` (with `compiles`, an `elixirc`) to use instead of the one that is found.

    A `program` that parses is started for each file.
    """

    program: Path | None = None
    compiles: bool = False
    name: str = "elixir"

    def executable(self) -> Path | None:
        return self.program or find_program("elixirc" if self.compiles else "elixir")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        program = self.executable()
        if program is None:
            return LintReport(skipped="elixir is not installed; see https://elixir-lang.org/install.html")
        if not self.compiles:
            return self._parsed(path, text, timeout)
        output = _compile(program, path, text, timeout)
        return self._failed(output.reason) if isinstance(output, ToolFailure) else self._compiled(output, path, text)

    def _parsed(self, path: Path, text: str, timeout: float) -> LintReport:
        if self.program is None:
            parsed = parse_elixir(parsing_beam(), str(path), text, timeout=timeout)
        else:
            with BeamWorker(self.program) as worker:
                parsed = parse_elixir(worker, str(path), text, timeout=timeout)
        if isinstance(parsed, ToolFailure):
            return self._failed(parsed.reason)
        ours = (replace(warning, file=os.path.abspath(path)) for warning in diagnostics_of(parsed.warned))
        return LintReport((*parsed.findings, *findings_of(ours, path, text)))

    def _compiled(self, output: ToolOutput, path: Path, text: str) -> LintReport:
        """Old versions print errors on stdout, new ones on stderr."""
        findings = findings_of(diagnostics_of(f"{output.stderr}\n{output.stdout}"), path, text)
        if output.exit_code == 0 or any(finding.severity == "error" for finding in findings):
            return LintReport(findings)
        return self._failed(
            f"elixirc ended with exit code {output.exit_code} and no error in the file: {complaint(output)}"
        )

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def findings_of(diagnostics: Iterable[ElixirDiagnostic], path: Path, text: str) -> tuple[Finding, ...]:
    """The findings on `path`, whose content is `text`, among `diagnostics` that may be on other files too."""
    lines = TextLines(text)
    absolute = os.path.abspath(path)
    ours = (diagnostic for diagnostic in diagnostics if _means(diagnostic.file, absolute))
    return tuple(_finding(diagnostic, str(path), lines) for diagnostic in ours)


def _means(printed: str, absolute: str) -> bool:
    """True when a printed path, which is relative to wherever the compiler ran, can mean the file `absolute`."""
    return absolute == printed or absolute.endswith(os.sep + os.path.normpath(printed))


def _compile(program: Path, path: Path, text: str, timeout: float) -> ToolOutput | ToolFailure:
    with tempfile.TemporaryDirectory(prefix="coder-elixirc-") as folder:
        source = Path(folder, path.name)
        source.write_bytes(text.encode("utf-8", "replace"))
        built = [part for ebin in _built(path) for part in ("-pa", str(ebin))]
        command: list[str | Path] = [program, "--ignore-module-conflict", *built, "-o", Path(folder, "ebin"), path.name]
        Path(folder, "ebin").mkdir()
        return run_tool(command, directory=Path(folder), environment={**PLAIN, **_UTF8}, timeout=timeout)


def _built(path: Path) -> Sequence[Path]:
    """The compiled applications of the project of `path` and of its dependencies."""
    found = ([*root.glob("_build/dev/lib/*/ebin")] for root in project_roots(path))
    return sorted(next((folders for folders in found if folders), []))


def _finding(diagnostic: ElixirDiagnostic, path: str, lines: TextLines) -> Finding:
    syntax, compile_error = diagnostic.is_syntax, diagnostic.severity == "error"
    by_message = (check for pattern, check in _CHECKS if pattern.search(diagnostic.message))
    return Finding(
        path=path,
        range=_range(diagnostic, lines),
        check="syntax-error" if syntax else next(by_message, "compile" if compile_error else "compiler-warning"),
        category="syntax" if syntax else "correctness",
        severity=diagnostic.severity,
        message=diagnostic.message,
        source="elixir",
    )


def _range(diagnostic: ElixirDiagnostic, lines: TextLines) -> Range:
    if diagnostic.column is None:
        return lines.without_indentation(diagnostic.line)
    if not lines.content(diagnostic.line).strip():
        return _last_visible(diagnostic.line, lines)
    start = lines.at_character(diagnostic.line, diagnostic.column)
    end = lines.at_character(diagnostic.line, diagnostic.column + (diagnostic.width or 0))
    return Range(start, end) if (diagnostic.width or 0) > 1 and end > start else lines.word_at(start)


def _last_visible(line: int, lines: TextLines) -> Range:
    """The last visible character at or before `line`: what is missing at the end of a file is missing after it."""
    while line > 0 and not lines.content(line).strip():
        line -= 1
    return lines.word_at(lines.at_character(line, len(lines.content(line))))
