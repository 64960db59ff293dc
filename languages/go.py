"""Go."""

from __future__ import annotations

from dataclasses import dataclass

from languages.finding import Finding
from languages.linters.go_vet import GoVet
from languages.linters.gofmt import GoFmt
from languages.linters.gosec import Gosec
from languages.linters.linter import Linter
from languages.linters.staticcheck import Staticcheck
from languages.syntax import syntax_findings


@dataclass(frozen=True, slots=True)
class Go:
    """What Coder knows of Go; see `languages.language.Language`."""

    name: str = "go"
    suffixes: tuple[str, ...] = (".go",)
    line_comment: str = "//"
    linters: tuple[Linter, ...] = (GoFmt(), GoVet(), Staticcheck(), Gosec())

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return syntax_findings("go", path, text)


GO = Go()
