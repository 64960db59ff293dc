"""gofmt: whether Go code is formatted, and where it does not parse.

Each run of lines that gofmt would write otherwise is one finding with the fix; each syntax error is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

from languages.finding import Finding, Fix, Range
from languages.linters.go_output import OFFLINE, GoError, errors_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.process import ToolFailure, find_program, run_tool
from languages.positions import TextLines

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_URL = "https://pkg.go.dev/cmd/gofmt"


@dataclass(frozen=True, slots=True)
class GoFmt:
    """The adapter; `program` is a gofmt to use instead of the one that is found."""

    program: Path | None = None
    name: str = "gofmt"

    def executable(self) -> Path | None:
        return self.program or find_program("gofmt")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        program = self.executable()
        if program is None:
            return self._failed("gofmt is not installed; install Go from https://go.dev/dl")
        output = run_tool([program, "-e", "-d"], text=text, environment=OFFLINE, timeout=timeout)
        if isinstance(output, ToolFailure):
            return self._failed(output.reason)
        errors = syntax_errors(output.stderr, str(path), text)
        if errors or (output.exit_code in (0, 1) and not output.stderr.strip()):
            return LintReport(errors or format_findings(output.stdout, str(path), text))
        said = " ".join(output.stderr.split())[:300]
        return self._failed(f"gofmt ended with exit code {output.exit_code} and no error of the file: {said}")

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def syntax_errors(stderr: str, path: str, text: str) -> tuple[Finding, ...]:
    """The syntax errors in what `gofmt -e` says of `text` on stderr; one a line, as Go's own compiler does."""
    lines = TextLines(text)
    first_of_line: dict[int, GoError] = {}
    for error in errors_of(stderr):
        first_of_line.setdefault(error.line, error)
    return tuple(_syntax_error(error, path, lines) for error in first_of_line.values())


def format_findings(diff: str, path: str, text: str) -> tuple[Finding, ...]:
    """One finding a changed run of lines in the unified `diff` of `gofmt -d`."""
    lines = TextLines(text)
    return tuple(_format_finding(change, path, lines) for change in _changes(diff))


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines `[first, end)`, 0-based, become `text`."""

    first: int
    end: int
    text: str


def _changes(diff: str) -> Iterator[_Change]:
    """The runs of `-` and `+` lines of a unified diff, without the lines of context around them."""
    first = line = 0
    added: list[str] = []
    for mark, content in chain(_entries(diff), [("@", "0")]):
        if mark == "-":
            line += 1
        elif mark == "+":
            added.append(content)
        else:
            if line > first or added:
                yield _Change(first, line, "".join(added))
            first = line = int(content) if mark == "@" else line + 1
            added = []


def _entries(diff: str) -> Iterator[tuple[str, str]]:
    """For each hunk ("@", its first 0-based line), then its lines as (mark, content with the newline)."""
    rows = diff.split("\n")
    inside = False
    for row, following in pairwise(rows):
        hunk = _HUNK.match(row)
        if hunk is not None:
            inside = True
            # A hunk without old lines names the line before it.
            yield "@", str(int(hunk[1]) - (hunk[2] != "0"))
        elif inside and row[:1] in ("-", "+", " "):
            yield row[0], row[1:] + ("" if following.startswith("\\") else "\n")


def _format_finding(change: _Change, path: str, lines: TextLines) -> Finding:
    count = change.end - change.first
    message = f"gofmt would write {'this line' if count == 1 else f'these {count} lines'} otherwise"
    if count == 0:
        message = "gofmt would put lines in here"
    edit = Range(lines.at_character(change.first, 0), lines.at_character(change.end, 0))
    return Finding(
        path=path,
        range=_visible(change, lines),
        check="format",
        category="style",
        severity="info",
        message=message,
        source="gofmt",
        url=_URL,
        fix=Fix("Format with gofmt", ((edit, change.text),)),
    )


def _visible(change: _Change, lines: TextLines) -> Range:
    """From the beginning of the first line to the end of the last one, so that an editor has something to underline."""
    last = max(change.first, change.end - 1)
    return Range(lines.at_character(change.first, 0), lines.at_character(last, len(lines.content(last))))


def _syntax_error(error: GoError, path: str, lines: TextLines) -> Finding:
    start = lines.at_byte_column(error.line, error.column)
    return Finding(
        path=path,
        range=lines.word_at(start),
        check="syntax-error",
        category="syntax",
        severity="error",
        message=error.message,
        source="gofmt",
    )
