"""`WithRules`: a tool, with our own rules in its place where it was not asked or gave no verdict.

The rules never speak beside a verdict of the tool. Where the tool failed, the failure stays in the report, so that
people are told, and what the rules find comes beside it. Files that the tool would not look at if it were there get no
rules either. It does not know which tool it has.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from languages.finding import Finding
from languages.linters.go_module import module_root
from languages.linters.linter import Linter, LintReport
from languages.linters.mix_project import project_roots
from languages.linters.structural.linter import StructuralLinter

#: Folders of a project with other people's code.
_OTHERS = frozenset({"deps", "vendor"})
#: The folders of a Mix project that Sobelow reads.
_SOBELOW_READS = frozenset({"lib", "web", "config", "mix.lock"})


@dataclass(frozen=True, slots=True)
class WithRules:
    """`linter`, and `rules` for where it gives no verdict. By name and place it is the tool."""

    linter: Linter
    rules: StructuralLinter

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.linter.name

    def executable(self) -> Path | None:
        """Where the tool is; None also when the rules stand in for it."""
        return self.linter.executable()

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        """The tool's report; where it is no verdict, with the findings of the rules (their source is "coder-rules")."""
        report = self.linter.lint(path, text, timeout=timeout)
        if (report.skipped is None and report.failure is None) or not _would_be_judged(self.rules.tool, path):
            return report
        found = self.rules.lint(path, text, timeout=timeout)
        known = {_place(finding) for finding in report.findings}
        added = tuple(finding for finding in found.findings if _place(finding) not in known)
        return replace(report, findings=(*report.findings, *added), failure=report.failure or found.failure)


def _place(finding: Finding) -> tuple[str, int]:
    return finding.check, finding.range.start.line


def _would_be_judged(tool: str, path: Path) -> bool:
    """Whether the tool would look at `path` if it were there: none at other people's code, Sobelow at no tests."""
    absolute = Path(os.path.abspath(path))
    module = module_root(absolute)
    roots = [module] if module is not None and tool == "gosec" else [*project_roots(absolute)]
    if any(_OTHERS.intersection(absolute.relative_to(root).parts[:-1]) for root in roots):
        return False
    if tool != "sobelow":
        return True
    return absolute.relative_to(roots[0]).parts[0] in _SOBELOW_READS if roots else not path.name.endswith("_test.exs")
