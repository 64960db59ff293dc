"""Elixir."""

from __future__ import annotations

from dataclasses import dataclass

from languages.finding import Finding
from languages.linters.credo import Credo
from languages.linters.elixir_compiler import ElixirCompiler
from languages.linters.linter import Linter
from languages.linters.sobelow import Sobelow
from languages.syntax import syntax_findings


@dataclass(frozen=True, slots=True)
class Elixir:
    """What Coder knows of Elixir; see `languages.language.Language`."""

    name: str = "elixir"
    suffixes: tuple[str, ...] = (".ex", ".exs")
    line_comment: str = "#"
    linters: tuple[Linter, ...] = (ElixirCompiler(), Credo(), Sobelow())

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return syntax_findings("elixir", path, text)


ELIXIR = Elixir()
