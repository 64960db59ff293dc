"""Marked sources: real code with expectations written at the ends of lines, behind `#@` or `//@`."""

from __future__ import annotations

from pathlib import Path

from languages.syntax import GrammarName

MARKED = Path(__file__).parent / "marked"
GRAMMARS: dict[GrammarName, str] = {"elixir": "ex", "go": "go", "python": "py"}


def marked(grammar: GrammarName) -> str:
    """The marked source of one language."""
    return (MARKED / f"definitions.{GRAMMARS[grammar]}.txt").read_text(encoding="utf-8")


def expectations(grammar: GrammarName, text: str) -> list[tuple[int, str]]:
    """The marks, as (0-based line, what is expected to begin there)."""
    mark = "//@" if grammar == "go" else "#@"
    return [(row, one.strip()) for row, line in enumerate(text.split("\n")) for one in line.split(mark)[1:]]
