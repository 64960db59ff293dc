"""`Language`: the one protocol behind which Elixir, Go and Python differ.

A caller that asks "would it change if Go changed?" finds its answer here. What a language cannot say yet is not in
the protocol; it grows when the second caller needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from languages.finding import Finding
from languages.linters.linter import Linter


class Language(Protocol):
    """What Coder knows of one programming language."""

    @property
    def name(self) -> str:
        """The lower-case name: "elixir", "go" or "python". Also the LSP language id."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File suffixes with the dot, most usual first."""

    @property
    def line_comment(self) -> str:
        """What starts a comment that runs to the end of the line."""

    @property
    def linters(self) -> Sequence[Linter]:
        """Adapters to the tools that judge this language, installed or not."""

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        """Where `text` does not parse; empty when it does. Never raises for broken code."""
