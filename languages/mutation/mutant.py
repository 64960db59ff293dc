"""`Mutant`: one small change to one file.

A mutant is a span of UTF-8 bytes and the text that takes its place; nothing else in the file changes, so it can be
put in
and taken out again exactly. It does not know which language it is in, nor what became of it.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

Operator = Literal[
    "arithmetic", "boolean", "comparison", "condition", "constant", "error", "exception", "guard", "pattern", "return",
    "statement",
]  # fmt: skip


@dataclass(frozen=True, order=True, slots=True)
class Mutant:
    """Replace the bytes from `start` up to and without `end` by `replacement`.

    `lines` are the first and last 0-based line of the statement around it, or of its head where the statement has a
    body:
    a test that runs one of them covers the mutant.
    """

    start: int
    end: int
    replacement: str
    operator: Operator
    lines: tuple[int, int]


def apply(source: bytes, mutant: Mutant) -> bytes:
    """`source` with the mutant in it."""
    return source[: mutant.start] + mutant.replacement.encode() + source[mutant.end :]


def reverse(source: bytes, mutant: Mutant) -> Mutant:
    """The mutant that gives `source` back when it is applied to `apply(source, mutant)`."""
    end = mutant.start + len(mutant.replacement.encode())
    original = source[mutant.start : mutant.end].decode()
    return Mutant(mutant.start, end, original, mutant.operator, mutant.lines)


def diff(path: str, text: str, mutant: Mutant) -> str:
    """The mutant as a unified diff with one line of context."""
    mutated = apply(text.encode(), mutant).decode()
    before, after = (part.splitlines() for part in (text, mutated))
    return "\n".join(difflib.unified_diff(before, after, path, path, n=1, lineterm=""))
