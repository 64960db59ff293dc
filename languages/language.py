"""`Language`: the one protocol behind which Elixir, Go and Python differ.

A caller that asks "would it change if Go changed?" finds its answer here. Callers ask through the concepts
(`outlining`, `compiling`, `frameworks.recognition`, `ontology`), which know no language by name. What is
costly to import is a method and is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from languages.finding import Finding
from languages.linters.linter import Linter
from languages.syntax import GrammarName

if TYPE_CHECKING:
    from languages.compilers.verdict import Compiler
    from languages.definitions import Definition
    from languages.frameworks.framework import Framework
    from languages.imports import Import
    from languages.ontology.triples import Facts
    from languages.tree import SyntaxTree


class Language(Protocol):
    """What Coder knows of one programming language."""

    @property
    def name(self) -> GrammarName:
        """The lower-case name: "elixir", "go" or "python". Also the LSP language id, and the name of the grammar."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File suffixes with the dot, most usual first."""

    @property
    def line_comment(self) -> str:
        """What starts a comment that runs to the end of the line."""

    @property
    def string_query(self) -> str:
        """The tree-sitter query that captures string literals as `@found`."""

    @property
    def linters(self) -> Sequence[Linter]:
        """Adapters to the tools that judge this language, installed or not."""

    @property
    def companions(self) -> tuple[str, ...]:
        """How the names of files end that are not written in the language, but are judged with it: templates, locks."""

    @property
    def companion_linters(self) -> Sequence[Linter]:
        """Those of the linters that judge such files."""

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        """Where `text` does not parse; empty when it does. Never raises for broken code."""

    def definitions(self, tree: SyntaxTree) -> list[Definition]:
        """What the text of `tree` defines, in order of place."""

    def imports(self, tree: SyntaxTree) -> list[Import]:
        """What the text of `tree` takes from elsewhere, in order of place."""

    def facts(self, tree: SyntaxTree, path: str) -> Facts:
        """The ontology of the file at `path`."""

    def compiler(self) -> Compiler:
        """What says whether a snippet parses and compiles."""

    def frameworks(self) -> Sequence[Framework]:
        """The test frameworks, in the order of asking whose a file is; the last is what new tests are written for."""
