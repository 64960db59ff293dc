"""`Linter`: an adapter over one real tool.

A tool that hangs, crashes or prints garbage is reported as a `LinterFailure`; it is never the same as "no findings".
Nor is a tool that was not asked, because the machine or the project does without it: that is `LintReport.skipped`.
Adapters know a tool's flags and output; they do not know who asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from languages.finding import Finding


@dataclass(frozen=True, slots=True)
class LinterFailure:
    """Why `linter` gave no verdict. `reason` is a sentence that says what to do."""

    linter: str
    reason: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """What one tool said of one file: findings, or why there is no verdict.

    Findings beside a `failure` are true but may not be all. `skipped` is a sentence on why the tool was not asked: it
    is not installed, or the file is nothing that it judges. Nothing went wrong then; findings beside it are those of
    our own rules, which `Finding.source` says.
    """

    findings: tuple[Finding, ...] = ()
    failure: LinterFailure | None = None
    skipped: str | None = None


class Linter(Protocol):
    """One tool. `executable` finds it now; `lint` runs it over `text` as if it were at `path`."""

    @property
    def name(self) -> str:
        """The tool's own name, which becomes `Finding.source`."""

    def executable(self) -> Path | None:
        """Where the tool is (our environment, the project, PATH), or None when it is not installed."""

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        """Run the tool over `text`, which need not be saved, as the content of `path`; at most `timeout` seconds."""
