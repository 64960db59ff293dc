"""Where in an Elixir file a node lies: in a function's head, in a body, or in a module beside the functions.

It does not know how the file is walked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tree_sitter import Node

Role = Literal["code", "pattern", "guard"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One `def` with a body; the node of its name and those of its parameters, with their defaults."""

    node: Node
    name: Node
    parameters: tuple[Node, ...]


@dataclass(eq=False, slots=True)
class Function:
    """Clauses of one name and arity in one module; `macro` says that it runs when other code is compiled."""

    name: str
    arity: int
    macro: bool
    clauses: list[Clause] = field(default_factory=list)

    @property
    def lines(self) -> tuple[int, int]:
        """From the first clause to the last."""
        return self.clauses[0].node.start_point.row, self.clauses[-1].node.end_point.row


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lies: with a `body`, in it; with a `function` alone, in its head; with neither, in a module."""

    role: Role = "code"
    lines: tuple[int, int] = (0, 0)
    function: Function | None = None
    body: int | None = None
    quoted: bool = False


Spot = tuple[Node, Place]


@dataclass(frozen=True, slots=True)
class Body:
    """The first and the last statement; a `bare` body is the value of `do:` and the like, without a block around it."""

    start: int
    end: int
    bare: bool
    function: Function
