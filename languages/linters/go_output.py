"""What the Go tools share: how they are called, and the `file:line:column: message` lines they print.

Columns are UTF-8 bytes counted from 1. It does not know which tool spoke.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: Nothing is fetched: no modules, no toolchains.
OFFLINE: Mapping[str, str] = {"GOPROXY": "off", "GOTOOLCHAIN": "local"}

_LINE = re.compile(r"^(?:vet: )?(?P<file>[^\s].*?):(?P<line>\d+)(?::(?P<column>\d+))?: (?P<message>.+)$")
_MORE = re.compile(r" \(and \d+ more errors?\)$")


@dataclass(frozen=True, slots=True)
class GoError:
    """One error line; `line` and `column` are 0-based, the column in UTF-8 bytes."""

    file: str
    line: int
    column: int
    message: str


def errors_of(output: str) -> Iterator[GoError]:
    """The errors in a Go tool's output; a line that begins with a tab continues the message before it."""
    error: GoError | None = None
    for line in output.splitlines():
        if line.startswith("\t") and error is not None:
            error = GoError(error.file, error.line, error.column, f"{error.message} {line.strip()}")
            continue
        if error is not None:
            yield error
        error = _error(line)
    if error is not None:
        yield error


def _error(line: str) -> GoError | None:
    match = _LINE.match(line)
    if match is None:
        return None
    column = int(match["column"] or 1) - 1
    return GoError(match["file"], int(match["line"]) - 1, column, _MORE.sub("", match["message"]))
