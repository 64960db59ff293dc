"""`Term`: one part of Elixir code, as `terms.py` reads it and as rules look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Term:
    """One part of the code. `kind` says which fields count.

    `call` has a name, a target when it is remote, arguments and blocks (operators are calls too); `clause` (`a -> b`)
    has patterns as arguments and its body under "do"; `pair` is a keyword or `=>`; the rest are literals, `name` for
    variables, and brackets with arguments. `line` and `column` (UTF-8 bytes) are 0-based and point at the name.
    """

    kind: str
    name: str
    line: int
    column: int
    end_line: int
    start: int
    end: int
    args: list[Term] = field(default_factory=list)
    target: Term | None = None
    blocks: dict[str, Term] = field(default_factory=dict)
    parent: Term | None = None
    parens: bool = False
    inline: bool = False

    def children(self) -> list[Term]:
        """The parts, in the order of the text."""
        inner = [*self.args, *self.blocks.values()] if self.blocks else self.args
        return inner if self.target is None else [self.target, *inner]

    def walk(self) -> Iterator[Term]:
        """This term and everything in it, outer terms first."""
        stack = [self]
        while stack:
            term = stack.pop()
            yield term
            stack.extend(reversed(term.children()))

    def ancestors(self) -> Iterator[Term]:
        """The terms around this one, nearest first."""
        outer = self.parent
        while outer is not None:
            yield outer
            outer = outer.parent

    def is_call(self, *names: str) -> bool:
        """Whether this is a call, operator or bare word of one of these names, without a module before it."""
        return self.kind == "call" and self.target is None and self.name in names

    @property
    def dotted(self) -> str:
        """ "Enum.map" for a call on a module, ":os.cmd" on an Erlang one, "f" for a local one, "" for others."""
        if self.kind != "call":
            return ""
        if self.target is None:
            return self.name
        return f"{self.target.name}.{self.name}" if self.target.kind in ("alias", "atom") else ""
