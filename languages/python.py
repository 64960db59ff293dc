"""Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from languages.finding import Finding
from languages.linters.bandit import Bandit
from languages.linters.linter import Linter
from languages.linters.ruff import Ruff
from languages.syntax import GrammarName, syntax_findings

if TYPE_CHECKING:
    from languages.compilers.verdict import Compiler
    from languages.definitions import Definition
    from languages.frameworks.framework import Framework
    from languages.imports import Import
    from languages.ontology.triples import Facts
    from languages.tree import SyntaxTree


@dataclass(frozen=True, slots=True)
class Python:
    """What Coder knows of Python; see `languages.language.Language`."""

    name: GrammarName = "python"
    suffixes: tuple[str, ...] = (".py", ".pyi")
    line_comment: str = "#"
    string_query: str = "(string) @found"
    linters: tuple[Linter, ...] = (Ruff(), Bandit())
    companions: tuple[str, ...] = ()
    companion_linters: tuple[Linter, ...] = ()

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return syntax_findings("python", path, text)

    def definitions(self, tree: SyntaxTree) -> list[Definition]:
        from languages.outline import python

        return python.definitions(tree)

    def imports(self, tree: SyntaxTree) -> list[Import]:
        from languages.outline import python

        return python.imports(tree)

    def facts(self, tree: SyntaxTree, path: str) -> Facts:
        from languages.ontology import python

        return python.facts_of(tree, path)

    def compiler(self) -> Compiler:
        from languages.compilers.python import PythonCompiler

        return PythonCompiler()

    def frameworks(self) -> tuple[Framework, ...]:
        from languages.frameworks.pytest import Pytest
        from languages.frameworks.unittest import Unittest

        # A unittest case in a file that pytest would take too is unittest's.
        return (Unittest(), Pytest())


PYTHON = Python()
