"""`Row`: one thing that was compared and what came out; and the table of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`passed` None: reported, not judged. `difference` names the first place that differs."""

    check: str
    compared: str
    result: str
    passed: bool | None
    difference: str = ""


def table(rows: Sequence[Row]) -> str:
    """The rows in columns, each first difference on a line of its own under its row."""
    cells = [("check", "compared", "result", "")]
    cells += [(row.check, row.compared, row.result, _verdict(row)) for row in rows]
    widths = [max(len(cell[column]) for cell in cells) for column in range(4)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(cell, widths, strict=True)).rstrip() for cell in cells]
    shown = lines[:1]
    for row, line in zip(rows, lines[1:], strict=True):
        shown.append(line)
        if row.difference:
            shown.append(f"    {row.difference}")
    return "\n".join(shown)


def _verdict(row: Row) -> str:
    return {True: "ok", False: "DIFFERENT", None: "reported"}[row.passed]
