"""Elixir."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from languages.finding import Finding
from languages.linters.credo import Credo
from languages.linters.elixir_compiler import ElixirCompiler
from languages.linters.linter import Linter
from languages.linters.sobelow import Sobelow
from languages.linters.structural.fallback import WithRules
from languages.linters.structural.linter import StructuralLinter
from languages.syntax import GrammarName, syntax_findings

if TYPE_CHECKING:
    from languages.compilers.verdict import Compiler
    from languages.definitions import Definition
    from languages.frameworks.framework import Framework
    from languages.imports import Import
    from languages.ontology.triples import Facts
    from languages.tree import SyntaxTree

_SOBELOW = WithRules(Sobelow(), StructuralLinter("sobelow"))


@dataclass(frozen=True, slots=True)
class Elixir:
    """What Coder knows of Elixir; see `languages.language.Language`."""

    name: GrammarName = "elixir"
    suffixes: tuple[str, ...] = (".ex", ".exs")
    line_comment: str = "#"
    string_query: str = "[(string) (charlist) (sigil)] @found"
    linters: tuple[Linter, ...] = (
        ElixirCompiler(),
        WithRules(Credo(), StructuralLinter("credo")),
        _SOBELOW,
    )
    companions: tuple[str, ...] = (".eex", ".heex", ".leex", "mix.lock")
    companion_linters: tuple[Linter, ...] = (_SOBELOW,)

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return syntax_findings("elixir", path, text)

    def definitions(self, tree: SyntaxTree) -> list[Definition]:
        from languages.outline import elixir

        return elixir.definitions(tree)

    def imports(self, tree: SyntaxTree) -> list[Import]:
        from languages.outline import elixir_imports

        return elixir_imports.imports(tree)

    def facts(self, tree: SyntaxTree, path: str) -> Facts:
        from languages.ontology import elixir

        return elixir.facts_of(tree)

    def compiler(self) -> Compiler:
        from languages.compilers.elixir import ElixirCompiler

        return ElixirCompiler()

    def frameworks(self) -> tuple[Framework, ...]:
        from languages.frameworks.ex_unit import ExUnit

        return (ExUnit(),)


ELIXIR = Elixir()
