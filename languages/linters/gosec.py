"""gosec: security checks for Go (https://github.com/securego/gosec).

It judges the package in a folder. It is run without `-quiet`: so it prints its report also when nothing is found, and
its log on stderr names the files it read and the analyses that crashed. Exit code 1 means findings and errors alike.
Lines and columns come as text, counted from 1, columns in UTF-8 bytes, without an end; a line may be "12-14".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.finding import Finding, Range, Severity
from languages.linters.check_table import checks_of
from languages.linters.go_module import installed_tool, module_tool, package_with, tool_command
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
from languages.linters.ruff import one_line
from languages.positions import TextLines

_PACKAGE = "github.com/securego/gosec/v2/cmd/gosec"
_URL = "https://github.com/securego/gosec#available-rules"
_SEVERITIES: Mapping[str, Severity] = {"HIGH": "error", "MEDIUM": "warning", "LOW": "info"}
#: gosec's words for how sure it is, as the probabilities that a `Finding` carries; the same as for Bandit.
_CONFIDENCES: Mapping[str, float] = {"HIGH": 0.9, "MEDIUM": 0.6, "LOW": 0.3}
_CHECKED = re.compile(r"Checking file: (.+)$", re.MULTILINE)
_CRASHED = "Panic when running SSA analy"


@dataclass(frozen=True, slots=True)
class Gosec:
    """The adapter; `program` is a gosec to use instead of the one that is found."""

    program: Path | None = None
    name: str = "gosec"

    def executable(self) -> Path | None:
        """The program, or the `go` that runs it for the module of the current folder."""
        if self.program is not None:
            return self.program
        here = Path("go.mod").absolute()
        return find_program("go") if module_tool(here, _PACKAGE) else installed_tool("gosec")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        command = [self.program] if self.program else tool_command("gosec", _PACKAGE, path)
        if command is None:
            return LintReport(skipped=f"gosec is not installed; install it with `go install {_PACKAGE}@latest`")
        tests = ["-tests"] if path.name.endswith("_test.go") else []
        with package_with(path, text) as package:
            output = run_tool(
                [*command, "-fmt", "json", *tests, "."],
                directory=package.directory,
                environment=package.environment,
                timeout=timeout,
            )
        if isinstance(output, ToolFailure):
            return self._failed(output.reason)
        try:
            return self._report(output, path, text)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return self._failed(f"gosec printed something that is not its JSON report ({error!r}); update it")

    def _report(self, output: ToolOutput, path: Path, text: str) -> LintReport:
        if output.exit_code not in (0, 1) or not output.stdout.strip():
            return self._failed(f"gosec gave no verdict (exit code {output.exit_code}): {_last_words(output.stderr)}")
        report = json.loads(output.stdout)
        findings = findings_of(report, str(path), text)
        why = _why_incomplete(report, output.stderr, path.name)
        return LintReport(findings, None if why is None else LinterFailure(self.name, why))

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def findings_of(report: Mapping[str, Any], path: str, text: str) -> tuple[Finding, ...]:
    """The findings on `path`, whose content is `text`, in gosec's JSON. Only one package was judged, so the name
    alone tells the file. Raises `KeyError`, `TypeError` or `ValueError` for an unknown shape.
    """
    lines = TextLines(text)
    name = Path(path).name
    return tuple(_finding(issue, path, lines) for issue in report["Issues"] if Path(issue["file"]).name == name)


def _why_incomplete(report: Mapping[str, Any], log: str, name: str) -> str | None:
    """Why the report is not the whole verdict on the file `name`; None when it is."""
    error = _first_error(report)
    if error is not None:
        return f"its package does not compile ({error}), so gosec may have missed something; mend that first"
    checked = [Path(file.strip()).name for file in _CHECKED.findall(log)]
    if (checked and name not in checked) or not report.get("Stats", {}).get("files"):
        return f"gosec left {name} out, perhaps for its build constraints; run gosec by hand with the -tags it needs"
    if _CRASHED in log:
        return "gosec's data-flow rules (G115, G407, G602 and the like) crashed and judged nothing; update gosec and Go"
    return None


def _first_error(report: Mapping[str, Any]) -> str | None:
    """The first of the compiler's errors, "main.go:10: ..."; gosec lists the same ones without a file as well."""
    errors: Mapping[str, Any] = report.get("Golang errors") or {}
    for file in sorted(errors, key=lambda file: file == ""):
        if errors[file]:
            first = errors[file][0]
            place = f"{Path(file).name}:{first['line']}: " if file else ""
            return place + one_line(first["error"])
    return None


def _last_words(log: str) -> str:
    """The last line of gosec's log, without the time."""
    lines = [line for line in log.splitlines() if line.strip()]
    return one_line(re.sub(r"^\[gosec\] \S+ \S+ ", "", lines[-1]) if lines else "")


def _finding(issue: Mapping[str, Any], path: str, lines: TextLines) -> Finding:
    rule = issue["rule_id"]
    known = checks_of("gosec").get(rule)
    cwe = (issue.get("cwe") or {}).get("id")
    return Finding(
        path=path,
        range=_range(issue, lines),
        check=rule,
        category="security",
        severity=_SEVERITIES.get(issue["severity"], "info"),
        message=issue["details"].strip(),
        source="gosec",
        confidence=_CONFIDENCES.get(issue["confidence"], 0.3),
        cwe=f"CWE-{cwe}" if cwe else known.cwe if known else None,
        url=_URL,
    )


def _range(issue: Mapping[str, Any], lines: TextLines) -> Range:
    """From the place to the end of what can be seen of the last line."""
    first, _, last = str(issue["line"]).partition("-")
    start = lines.at_byte_column(int(first) - 1, int(issue["column"]) - 1)
    end = lines.without_indentation(int(last or first) - 1).end
    return Range(start, end) if end > start else lines.word_at(start)
