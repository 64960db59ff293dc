"""Python."""

from __future__ import annotations

from dataclasses import dataclass

from languages.finding import Finding
from languages.linters.bandit import Bandit
from languages.linters.linter import Linter
from languages.linters.ruff import Ruff
from languages.syntax import syntax_findings


@dataclass(frozen=True, slots=True)
class Python:
    """What Coder knows of Python; see `languages.language.Language`."""

    name: str = "python"
    suffixes: tuple[str, ...] = (".py", ".pyi")
    line_comment: str = "#"
    linters: tuple[Linter, ...] = (Ruff(), Bandit())

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return syntax_findings("python", path, text)


PYTHON = Python()
