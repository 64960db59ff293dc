"""`Finding`: a problem at a place in code, whoever found it.

Linters, compilers, syntax trees and the model's heads all speak this type; the command line, the HTTP API and the
language server only print it. Positions follow LSP: 0-based lines, 0-based characters, end exclusive. A character
here is a Unicode code point; `lsp/` converts to the client's encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info", "hint"]


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A 0-based line and a 0-based code point in it."""

    line: int
    character: int


@dataclass(frozen=True, order=True, slots=True)
class Range:
    """From `start` up to and without `end`."""

    start: Position
    end: Position

    @classmethod
    def of_line(cls, line: int, length: int) -> Range:
        """The whole 0-based `line`, which is `length` code points long."""
        return cls(Position(line, 0), Position(line, length))


@dataclass(frozen=True, slots=True)
class Fix:
    """Replace `range` by `text`; `title` says what that does."""

    title: str
    edits: tuple[tuple[Range, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem in one file.

    `check` is the tool's own id ("F401"); `source` is the tool ("ruff") or "coder" for the model; `confidence` is a
    calibrated probability in [0, 1], and 1.0 for tools that do not give one; `cwe` is like "CWE-89".
    """

    path: str
    range: Range
    check: str
    category: str
    severity: Severity
    message: str
    source: str
    confidence: float = 1.0
    cwe: str | None = None
    url: str | None = None
    fix: Fix | None = None

    def to_json(self) -> dict[str, Any]:
        """The shape that `coder check --format json` prints."""
        return {
            "path": self.path,
            "range": range_to_json(self.range),
            "check": self.check,
            "category": self.category,
            "severity": self.severity,
            "message": self.message,
            "source": self.source,
            "confidence": self.confidence,
            "cwe": self.cwe,
            "url": self.url,
            "fix": None if self.fix is None else _fix_to_json(self.fix),
        }


def range_to_json(span: Range) -> dict[str, dict[str, int]]:
    """The LSP `Range` object of `span`."""
    return {
        "start": {"line": span.start.line, "character": span.start.character},
        "end": {"line": span.end.line, "character": span.end.character},
    }


def _fix_to_json(fix: Fix) -> dict[str, Any]:
    edits = [{"range": range_to_json(span), "newText": text} for span, text in fix.edits]
    return {"title": fix.title, "edits": edits}
