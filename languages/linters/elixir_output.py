"""What Elixir's compiler prints about code, in the two forms it has had.

Until 1.15: `warning: message` with `  file:line: context` below, and `** (SyntaxError) file:line:column: message`.
Since then: `error: message` over an excerpt of the code in a frame, and `└─ file:line:column: context` at its foot.
Columns are code points counted from 1; many diagnostics of the old form have none. It knows no file's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

_FILE = r"(?:\([^)]*\) )?(?P<file>\S.*?\.(?:exs?|[lh]?eex)|nofile)"
_PLACE = rf"{_FILE}:(?P<line>\d+)(?::(?P<column>\d+))?"
_HEAD = re.compile(r"^(?P<indent> *)(?P<severity>warning|error): (?P<message>.*)$")
_FOOT = re.compile(rf"^ +└─ {_PLACE}(?:: |$)")
_OLD_FOOT = re.compile(rf"^  {_PLACE}(?:: |$)")
_UNDERLINE = re.compile(r"^ *│ +(?P<mark>[~^]+)\s*$")
_RAISED = re.compile(r"^\*\* \((?P<kind>[\w.]+)\) (?P<message>.*)$")
_RAISED_AT = re.compile(rf"^{_PLACE}: (?P<message>.+)$")
_STACK = re.compile(rf"^    {_PLACE}: ")
_FAILED_FILE = re.compile(r"^== Compilation error in file (?P<file>.+) ==$")
_SYNTAX = frozenset({"SyntaxError", "TokenMissingError", "MismatchedDelimiterError"})
#: Messages without content: what they announce is printed elsewhere, in the newer form.
_ANNOUNCEMENTS = (
    "cannot compile module",
    "invalid syntax found on",
    "token missing on",
    "mismatched delimiter found on",
)


@dataclass(frozen=True, slots=True)
class ElixirDiagnostic:
    """One diagnostic at one place; `line` is 0-based, `column` a 0-based code point, `width` that of the underline."""

    file: str
    line: int
    column: int | None
    width: int | None
    severity: Literal["error", "warning"]
    message: str
    is_syntax: bool


def diagnostics_of(output: str) -> Iterator[ElixirDiagnostic]:
    """The diagnostics in what `elixirc`, `mix compile` or the parser printed; one for each place a message names."""
    reader = _Reader()
    for line in output.splitlines():
        yield from reader.read(line)
    yield from reader.close()


@dataclass(slots=True)
class _Reader:
    """Reads line by line: a head opens a diagnostic, every foot below it closes one."""

    _open: ElixirDiagnostic | None = None
    _message_is_open: bool = False
    _has_place: bool = False
    _failed_file: str = "nofile"
    _in_syntax_error: bool = False

    def read(self, line: str) -> Iterator[ElixirDiagnostic]:
        if match := _FAILED_FILE.match(line):
            yield from self.close()
            self._failed_file = match["file"]
        elif match := _HEAD.match(line):
            yield from self.close()
            self._begin(match["severity"], match["message"])
        elif match := _RAISED.match(line):
            yield from self.close()
            yield from self._raised(match["kind"], match["message"])
        elif self._open is not None:
            yield from self._below(self._open, line)

    def close(self) -> Iterator[ElixirDiagnostic]:
        """The open diagnostic, when no place below it was found: it is then about the whole file."""
        if self._open is not None and not self._has_place and self._open.file != "nofile":
            yield self._open
        self._open, self._has_place, self._message_is_open = None, False, False

    def _begin(self, severity: str, message: str, *, file: str = "nofile") -> None:
        level: Literal["error", "warning"] = "error" if severity == "error" else "warning"
        self._open = ElixirDiagnostic(file, 0, None, None, level, message, self._in_syntax_error)
        self._message_is_open, self._in_syntax_error = True, False

    def _raised(self, kind: str, message: str) -> Iterator[ElixirDiagnostic]:
        self._in_syntax_error = kind in _SYNTAX
        if match := _RAISED_AT.match(message):
            column = match["column"]
            yield ElixirDiagnostic(
                match["file"],
                int(match["line"]) - 1,
                int(column) - 1 if column else None,
                None,
                "error",
                match["message"],
                kind in _SYNTAX,
            )
            self._in_syntax_error = False
        elif not any(announcement in message for announcement in _ANNOUNCEMENTS):
            self._begin("error", f"({kind}) {message}", file=self._failed_file)

    def _below(self, head: ElixirDiagnostic, line: str) -> Iterator[ElixirDiagnostic]:
        if match := _FOOT.match(line) or _OLD_FOOT.match(line) or self._stack_place(head, line):
            if self._has_place and head.file != "nofile":
                return
            self._has_place, self._message_is_open = True, False
            column = match["column"]
            place = replace(head, file=match["file"], line=int(match["line"]) - 1)
            yield replace(place, column=int(column) - 1 if column else None)
        elif match := _UNDERLINE.match(line):
            self._open = replace(head, width=len(match["mark"]))
        elif "│" in line or line.startswith("    ("):
            self._message_is_open = False
        elif self._message_is_open and line.strip():
            self._open = replace(head, message=f"{head.message} {line.strip()}")

    def _stack_place(self, head: ElixirDiagnostic, line: str) -> re.Match[str] | None:
        """The place of an exception at compile time: the first line of its stack that is in the failed file."""
        match = _STACK.match(line)
        return match if match is not None and match["file"] == head.file else None
