"""Programs that behave badly, and what tests do with findings."""

from __future__ import annotations

from pathlib import Path

from languages.finding import Finding, Fix, Position

TOOLS = Path(__file__).parents[1] / "fixtures" / "tools"


def fake_program(folder: Path, body: str) -> Path:
    """An executable shell script with this `body`."""
    program = folder / "tool"
    program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def place(finding: Finding) -> tuple[int, int, int, int]:
    """(line, column, end line, end column), counted from 1 as people and most tools do."""
    start, end = finding.range.start, finding.range.end
    return start.line + 1, start.character + 1, end.line + 1, end.character + 1


def apply(text: str, fix: Fix) -> str:
    """`text` after the edits of `fix`."""
    for span, new_text in sorted(fix.edits, reverse=True):
        text = text[: _offset(text, span.start)] + new_text + text[_offset(text, span.end) :]
    return text


def _offset(text: str, position: Position) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: position.line]) + position.character
