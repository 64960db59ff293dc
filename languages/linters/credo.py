"""Credo: consistency, readability and likely mistakes in Elixir code (https://hexdocs.pm/credo).

The text goes in on stdin under the file's own name, so the project's `.credo.exs` holds. The exit code is a bit mask of
the categories that had issues, and 128 or more for wrong use; 1 is also how a crash ends, so only a report that agrees
with the code is a verdict. Credo leaves out files that it cannot parse and files under `deps/`, and says nothing of the
latter. Lines and columns count from 1, the end is exclusive, columns may be missing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.finding import Finding, Range, Severity
from languages.linters.check_table import checks_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.mix_project import complaint, json_in, mix_tool
from languages.linters.process import ToolFailure, ToolOutput
from languages.positions import TextLines

_FLAGS = ("list", "--format", "json", "--read-from-stdin")
#: From here on the exit code says that Credo was used wrongly.
_WRONG_USE = 128
_UNPARSED = "could not be parsed correctly"
#: Category and severity of checks that are not in our table, such as a project's own.
_CATEGORIES: Mapping[str, tuple[str, Severity]] = {
    "consistency": ("style", "info"),
    "design": ("design", "info"),
    "readability": ("style", "info"),
    "refactor": ("complexity", "info"),
    "warning": ("correctness", "warning"),
}


@dataclass(frozen=True, slots=True)
class Credo:
    """The adapter; `program` is a Credo to use instead of the one that is found."""

    program: Path | None = None
    name: str = "credo"

    def executable(self) -> Path | None:
        """The Credo escript, or the `mix` that runs Credo for the project of the current folder."""
        tool = mix_tool("credo", Path("mix.exs"), self.program)
        return None if tool is None else Path(tool.command[0])

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        tool = mix_tool("credo", path, self.program)
        if tool is None:
            return LintReport(skipped='credo is not in the project; add {:credo, "~> 1.7", only: :dev} to its mix.exs')
        relative = os.path.relpath(os.path.abspath(path), tool.directory)
        if "deps" in Path(relative).parts:
            return LintReport(skipped="credo judges no files under deps/")
        output = tool.run([*_FLAGS, relative], text=text, timeout=timeout)
        if isinstance(output, ToolFailure):
            return self._failed(output.reason)
        try:
            return self._report(output, path, text)
        except ValueError as error:
            return self._failed(f"credo printed something that is not its JSON report ({error}); update credo")

    def _report(self, output: ToolOutput, path: Path, text: str) -> LintReport:
        if _UNPARSED in output.stderr + output.stdout:
            return self._failed("credo cannot parse the file, so it did not judge it; mend its syntax")
        report = json_in(output)
        if report is None or output.exit_code >= _WRONG_USE:
            return self._failed(f"credo gave no verdict (exit code {output.exit_code}): {complaint(output)}")
        findings = findings_of(report, str(path), text)
        if output.exit_code and not findings:
            return self._failed(f"credo ended with exit code {output.exit_code} and named no issue; run it by hand")
        return LintReport(findings)

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def findings_of(report: str, path: str, text: str) -> tuple[Finding, ...]:
    """The findings on `path`, whose content is `text`, in Credo's JSON; raises `ValueError` for other JSON."""
    lines = TextLines(text)
    absolute = os.path.abspath(path)
    try:
        ours = (issue for issue in json.loads(report)["issues"] if _is_about(issue["filename"], absolute))
        return tuple(_finding(issue, path, lines) for issue in ours)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"unexpected shape: {error!r}") from error


def _is_about(printed: str, absolute: str) -> bool:
    """True when a printed path, which is relative to the project, means the file `absolute`."""
    return absolute.endswith(os.sep + os.path.normpath(printed))


def _finding(issue: Mapping[str, Any], path: str, lines: TextLines) -> Finding:
    check = issue["check"]
    known = checks_of("credo").get(check)
    usual = (known.category, known.severity) if known else _CATEGORIES.get(issue["category"], ("style", "info"))
    category, severity = usual
    # Credo shows issues of negative priority only when asked to be strict.
    if severity == "info" and (issue.get("priority") or 0) < 0:
        severity = "hint"
    return Finding(
        path=path,
        range=_range(issue, lines),
        check=check,
        category=category,
        severity=severity,
        message=issue["message"],
        source="credo",
        cwe=known.cwe if known else None,
        url=known.url if known else None,
    )


def _range(issue: Mapping[str, Any], lines: TextLines) -> Range:
    line = (issue.get("line_no") or 1) - 1
    if issue.get("column") is None:
        return lines.without_indentation(line)
    start = lines.at_character(line, issue["column"] - 1)
    end = lines.at_character(line, (issue.get("column_end") or 0) - 1)
    return Range(start, end) if end > start else lines.word_at(start)
