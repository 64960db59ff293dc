"""Does the checker find what was planted?

Ruff and Bandit are asked themselves; Ruff is told by a configuration of its own which rules to check, so what a
project turns off is of no account. For Credo, Sobelow and gosec our structural rules answer, which carry those tools'
ids; `go vet` is asked itself. A planted violation that is not found is a bug of its injector.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from languages.errors import CoderError
from languages.finding import Finding
from languages.injection.planting import Planted, ToolName
from languages.linters.bandit import Bandit
from languages.linters.go_vet import GoVet
from languages.linters.linter import Linter
from languages.linters.ruff import Ruff
from languages.linters.structural.linter import StructuralLinter
from languages.linters.structural.rule import rules_of
from languages.syntax import GrammarName

_LANGUAGES: Mapping[ToolName, GrammarName] = {
    "ruff": "python",
    "bandit": "python",
    "credo": "elixir",
    "sobelow": "elixir",
    "gosec": "go",
    "go vet": "go",
}
_FILES: Mapping[GrammarName, str] = {"python": "planted.py", "elixir": "lib/planted.ex", "go": "planted.go"}


def detected(planted: Planted, *, timeout: float = 60.0) -> bool:
    """Whether the checker finds `planted.check` on `planted.line`, and more often than in the clean text.

    Raises `CoderError`: `checker_failed` when the tool gives no verdict within `timeout` seconds a text (it is not
    installed, or it cannot read the text), `unknown_check` when nobody here looks for the check.
    """
    return detected_all([planted], timeout=timeout)[0]


def detected_all(planted: Iterable[Planted], *, timeout: float = 60.0) -> tuple[bool, ...]:
    """`detected` for each, in order; a text that occurs often is checked once. Raises as it does."""
    wanted = list(planted)
    with tempfile.TemporaryDirectory(prefix="coder-planted-") as folder:
        checkers = _Checkers(Path(folder), wanted, timeout)
        return tuple(map(checkers.finds, wanted))


class _Checkers:
    """The tools for one batch, and what they said of its texts. It owns nothing outside `folder`."""

    def __init__(self, folder: Path, batch: Sequence[Planted], timeout: float) -> None:
        self._folder = folder
        self._timeout = timeout
        self._reports: dict[tuple[ToolName, str, str], tuple[Finding, ...]] = {}
        for planted in batch:
            _refuse_unknown(planted)
        rules = sorted({planted.check for planted in batch if planted.tool == "ruff"})
        listed = ", ".join(f'"{rule}"' for rule in rules)
        (folder / "ruff.toml").write_text(f"[lint]\nselect = [{listed}]\n", encoding="utf-8")

    def finds(self, planted: Planted) -> bool:
        before, after = (self._found(planted, text) for text in (planted.clean, planted.violating))
        return planted.line in after and after.total() > before.total()

    def _found(self, planted: Planted, text: str) -> Counter[int]:
        """The lines on which the checker finds the check in `text`."""
        findings = self._report(planted.tool, planted.file or _FILES[planted.language], text)
        return Counter(finding.range.start.line for finding in findings if finding.check == planted.check)

    def _report(self, tool: ToolName, file: str, text: str) -> tuple[Finding, ...]:
        if (tool, file, text) not in self._reports:
            report = _linter(tool).lint(self._folder / file, text, timeout=self._timeout)
            reason = report.failure.reason if report.failure is not None else report.skipped
            if reason is not None:
                raise CoderError(f"{tool} did not check the planted text: {reason}", code="checker_failed")
            self._reports[tool, file, text] = report.findings
        return self._reports[tool, file, text]


def _linter(tool: ToolName) -> Linter:
    if tool == "ruff":
        return Ruff()
    if tool == "bandit":
        return Bandit()
    if tool == "go vet":
        return GoVet()
    return StructuralLinter(tool, every=True)


def _refuse_unknown(planted: Planted) -> None:
    tool, check = planted.tool, planted.check
    if _LANGUAGES.get(tool) != planted.language:
        known = ", ".join(name for name, language in _LANGUAGES.items() if language == planted.language)
        raise CoderError(
            f"{tool} does not check {planted.language}; the tools that do are: {known or 'none'}", code="unknown_check"
        )
    if tool in ("credo", "sobelow", "gosec") and all(rule.check != check for rule in rules_of(tool)):
        raise CoderError(f"no rule of ours finds {tool}'s {check}; docs/RULES.md lists the rules", code="unknown_check")
