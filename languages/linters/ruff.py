"""Ruff: Python's fast linter (https://docs.astral.sh/ruff/).

The text goes in on stdin under the file's own name, so the project's configuration holds; settings that would make Ruff
rewrite or skip the text are turned off. Ruff counts rows and columns from 1, columns in code points.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.finding import Finding, Fix, Position, Range, Severity
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.process import ToolFailure, find_program, run_tool
from languages.positions import TextLines

_FLAGS = ("check", "--output-format", "json", "--no-fix", "--no-fix-only", "--no-force-exclude", "--quiet")

#: The longest prefix of a rule's code that is here gives its category and severity; the rest is style.
_GROUPS: Mapping[str, tuple[str, Severity]] = {
    "invalid-syntax": ("syntax", "error"),
    "E9": ("syntax", "error"),
    "E7": ("correctness", "warning"),
    "F": ("correctness", "warning"),
    "F7": ("correctness", "error"),
    "F82": ("correctness", "error"),
    "A": ("correctness", "warning"),
    "ARG": ("correctness", "info"),
    "ASYNC": ("correctness", "warning"),
    "B": ("correctness", "warning"),
    "BLE": ("correctness", "warning"),
    "DTZ": ("correctness", "warning"),
    "LOG": ("correctness", "warning"),
    "PLE": ("correctness", "error"),
    "PLW": ("correctness", "warning"),
    "RUF": ("correctness", "info"),
    "S": ("security", "warning"),
    "C4": ("complexity", "info"),
    "C90": ("complexity", "info"),
    "PIE": ("complexity", "info"),
    "PLR": ("complexity", "info"),
    "RET": ("complexity", "info"),
    "SIM": ("complexity", "info"),
    "SLF": ("style", "info"),
    "PERF": ("performance", "info"),
    "D": ("documentation", "info"),
    "DOC": ("documentation", "info"),
}


@dataclass(frozen=True, slots=True)
class Ruff:
    """The adapter; `program` is a Ruff to use instead of the one that is found."""

    program: Path | None = None
    name: str = "ruff"

    def executable(self) -> Path | None:
        return self.program or find_program("ruff")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        program = self.executable()
        if program is None:
            return self._failed("ruff is not installed; install it with `pip install ruff`")
        command: list[str | Path] = [program, *_FLAGS, "--stdin-filename", os.path.abspath(path), "-"]
        output = run_tool(command, text=text, timeout=timeout)
        if isinstance(output, ToolFailure):
            return self._failed(output.reason)
        if output.exit_code not in (0, 1):
            return self._failed(f"ruff refused to run: {one_line(output.stderr)}")
        try:
            return LintReport(findings_of(output.stdout, str(path), text))
        except ValueError as error:
            return self._failed(f"ruff printed something that is not its JSON report ({error}); update ruff")

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def findings_of(report: str, path: str, text: str) -> tuple[Finding, ...]:
    """The findings in Ruff's JSON `report` on `text`; raises `ValueError` when it is not such a report."""
    entries = json.loads(report)
    lines = TextLines(text)
    try:
        return tuple(_finding(entry, path, lines) for entry in entries)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"unexpected shape: {error!r}") from error


def group(code: str) -> tuple[str, Severity]:
    """Category and severity of a rule, by the longest known prefix of its code ("F821" -> "F82")."""
    prefixes = (code[:length] for length in range(len(code), 0, -1))
    return next((_GROUPS[prefix] for prefix in prefixes if _is_prefix(prefix, code)), ("style", "info"))


def one_line(text: str) -> str:
    """A tool's complaint on one line, cut to a length that can be read."""
    joined = " ".join(text.split())
    return (joined if len(joined) <= 300 else joined[:299] + "…") or "it gave no reason; run it by hand"


def _is_prefix(prefix: str, code: str) -> bool:
    """A known prefix that does not end inside the letters of `code`: "S" is one of "S101", not of "SIM102"."""
    rest = code[len(prefix) :]
    return prefix in _GROUPS and not (prefix[-1].isalpha() and rest[:1].isalpha())


def _finding(entry: Mapping[str, Any], path: str, lines: TextLines) -> Finding:
    # Until version 0.13 a syntax error had no code.
    code = entry["code"] or "invalid-syntax"
    category, severity = group(code)
    return Finding(
        path=path,
        range=_range(entry, lines),
        check=code,
        category=category,
        severity=severity,
        message=entry["message"],
        source="ruff",
        url=entry.get("url"),
        fix=_fix(entry.get("fix"), lines),
    )


def _fix(fix: Mapping[str, Any] | None, lines: TextLines) -> Fix | None:
    """Ruff's fix; one that may change what the code does says so, one that is only to be looked at is left out."""
    if fix is None or fix["applicability"] not in ("safe", "unsafe"):
        return None
    title = fix["message"] or "Fix"
    if fix["applicability"] == "unsafe":
        title += " (may change behaviour)"
    return Fix(title, tuple((_range(edit, lines), edit["content"]) for edit in fix["edits"]))


def _range(entry: Mapping[str, Any], lines: TextLines) -> Range:
    return Range(_position(entry["location"], lines), _position(entry["end_location"], lines))


def _position(location: Mapping[str, int], lines: TextLines) -> Position:
    return lines.at_character(location["row"] - 1, location["column"] - 1)
