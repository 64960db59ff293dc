"""Go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from languages.finding import Finding
from languages.linters.go_vet import GoVet
from languages.linters.gofmt import GoFmt
from languages.linters.gosec import Gosec
from languages.linters.linter import Linter
from languages.linters.staticcheck import Staticcheck
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


@dataclass(frozen=True, slots=True)
class Go:
    """What Coder knows of Go; see `languages.language.Language`."""

    name: GrammarName = "go"
    suffixes: tuple[str, ...] = (".go",)
    line_comment: str = "//"
    string_query: str = "[(interpreted_string_literal) (raw_string_literal) (rune_literal)] @found"
    linters: tuple[Linter, ...] = (
        GoFmt(),
        GoVet(),
        Staticcheck(),
        WithRules(Gosec(), StructuralLinter("gosec")),
    )
    companions: tuple[str, ...] = ()
    companion_linters: tuple[Linter, ...] = ()

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return syntax_findings("go", path, text)

    def definitions(self, tree: SyntaxTree) -> list[Definition]:
        from languages.outline import go

        return go.definitions(tree)

    def imports(self, tree: SyntaxTree) -> list[Import]:
        from languages.outline import go

        return go.imports(tree)

    def facts(self, tree: SyntaxTree, path: str) -> Facts:
        from languages.ontology import go

        return go.facts_of(tree, path)

    def compiler(self) -> Compiler:
        from languages.compilers.go import GoCompiler

        return GoCompiler()

    def frameworks(self) -> tuple[Framework, ...]:
        from languages.frameworks.go_test import GoTest

        return (GoTest(),)


GO = Go()
