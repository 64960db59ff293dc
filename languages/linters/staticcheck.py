"""staticcheck: likely mistakes, simplifications and style in Go code (https://staticcheck.dev).

It judges packages and prints one JSON object a line; exit code 1 means findings as well as a package that does not
compile. Every finding has the severity "error", so category and severity come from our table. Lines and columns count
from 1, columns in UTF-8 bytes; an end may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.finding import Finding, Range
from languages.linters.check_table import checks_of
from languages.linters.go_module import installed_tool, leaves_out, module_tool, package_with, tool_command
from languages.linters.go_output import errors_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
from languages.linters.ruff import one_line
from languages.positions import TextLines

_PACKAGE = "honnef.co/go/tools/cmd/staticcheck"


@dataclass(frozen=True, slots=True)
class Staticcheck:
    """The adapter; `program` is a staticcheck to use instead of the one that is found."""

    program: Path | None = None
    name: str = "staticcheck"

    def executable(self) -> Path | None:
        """The program, or the `go` that runs it for the module of the current folder."""
        if self.program is not None:
            return self.program
        here = Path("go.mod").absolute()
        return find_program("go") if module_tool(here, _PACKAGE) else installed_tool("staticcheck")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        command = [self.program] if self.program else tool_command("staticcheck", _PACKAGE, path)
        if command is None:
            return LintReport(skipped=f"staticcheck is not installed; run: go install {_PACKAGE}@latest")
        with package_with(path, text) as package:
            output = run_tool(
                [*command, "-f", "json", "."],
                directory=package.directory,
                environment=package.environment,
                timeout=timeout,
            )
            report = self._verdict(output, path, text)
            if report == LintReport() and leaves_out(package, path.name):
                return LintReport(skipped=f"build constraints leave {path.name} out on this machine")
            return report

    def _verdict(self, output: ToolOutput | ToolFailure, path: Path, text: str) -> LintReport:
        if isinstance(output, ToolFailure):
            return self._failed(output.reason)
        try:
            return self._report(output, path, text)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return self._failed(f"staticcheck printed something that is not its JSON report ({error!r}); update it")

    def _report(self, output: ToolOutput, path: Path, text: str) -> LintReport:
        entries = [*_entries(output.stdout)]
        uncompiled = next((entry for entry in entries if entry["code"] == "compile"), None)
        if uncompiled is not None:
            return self._failed(_why_uncompiled(uncompiled))
        if output.exit_code not in (0, 1) or (not entries and (output.exit_code or output.stderr.strip())):
            said = one_line(output.stderr)
            return self._failed(f"staticcheck gave no verdict (exit code {output.exit_code}): {said}")
        return LintReport(tuple(findings_of(entries, str(path), text)))

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def findings_of(entries: list[Mapping[str, Any]], path: str, text: str) -> Iterator[Finding]:
    """The findings on `path`, whose content is `text`, among staticcheck's.

    Only one package was judged, so the name alone tells the file. Raises `KeyError`, `TypeError` or `ValueError` for an
    unknown shape.
    """
    lines = TextLines(text)
    name = Path(path).name
    return (_finding(entry, path, lines) for entry in entries if Path(entry["location"]["file"]).name == name)


def _entries(report: str) -> Iterator[Mapping[str, Any]]:
    for line in report.splitlines():
        entry = json.loads(line)
        if not isinstance(entry, dict) or "code" not in entry:
            raise ValueError(f"a line is {line[:40]!r}")
        yield entry


def _why_uncompiled(entry: Mapping[str, Any]) -> str:
    """The first error of the compiler, which may come with a place or inside the message."""
    location, message = entry.get("location") or {}, str(entry.get("message"))
    file, line = location.get("file"), location.get("line")
    if not file:
        error = next(errors_of(message), None)
        if error is None:
            return f"staticcheck could not load the package: {one_line(message)}"
        file, line, message = error.file, error.line + 1, error.message
    return f"its package does not compile ({Path(file).name}:{line}: {message}); mend that first"


def _finding(entry: Mapping[str, Any], path: str, lines: TextLines) -> Finding:
    code = entry["code"]
    check = checks_of("staticcheck").get(code)
    return Finding(
        path=path,
        range=_range(entry, lines),
        check=code,
        category=check.category if check else "correctness",
        severity=check.severity if check else "info",
        message=entry["message"].strip(),
        source="staticcheck",
        cwe=check.cwe if check else None,
        url=f"https://staticcheck.dev/docs/checks/#{code}",
    )


def _range(entry: Mapping[str, Any], lines: TextLines) -> Range:
    start = lines.at_byte_column(entry["location"]["line"] - 1, entry["location"]["column"] - 1)
    end = lines.at_byte_column(entry["end"]["line"] - 1, entry["end"]["column"] - 1)
    return Range(start, end) if end > start else lines.word_at(start)
