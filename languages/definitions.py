"""What a file defines: names, kinds, places, signatures, docstrings.

Broken files give what can be had: a definition inside a part that does not parse is still found. It does not know what
a definition means to others (that is `languages.ontology`). `outlining.py` finds definitions; it does not look into
function bodies for anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from languages.finding import Range

DefinitionKind = Literal[
    "module", "protocol", "implementation", "class", "struct", "interface", "exception", "type",
    "function", "method", "macro", "guard", "callback", "test", "constant", "variable", "field",
]  # fmt: skip

#: Longer signatures end in an ellipsis: one line for a person, not a minified file.
MAX_SIGNATURE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One definition.

    `range` covers all of it, decorators too and comments above not; `signature` is its head on one line, without the
    body; `container` is the qualified name of what it is in, if anything; `arity` counts the parameters of a call (not
    `self`, not a receiver) and `least_arity` those without a default. `head` and `body` are nodes of its tree.
    """

    name: str
    kind: DefinitionKind
    range: Range
    name_range: Range
    signature: str
    docstring: str | None = None
    container: str | None = None
    arity: int | None = None
    least_arity: int | None = None
    private: bool = False
    head: Node
    body: Node | None = None

    @property
    def qualified_name(self) -> str:
        """The name with its container in front: "Shop.Cart.add"."""
        return self.name if self.container is None else f"{self.container}.{self.name}"


def enclosing_definition(found: Iterable[Definition], line: int) -> Definition | None:
    """The innermost of `found` that the 0-based `line` is in; of several on one line, the first."""
    around = [one for one in found if one.range.start.line <= line <= one.range.end.line]
    return max(around, key=lambda one: (one.range.start.line, -one.range.end.line), default=None)


def one_line(text: str) -> str:
    """`text` with its white space as single spaces, cut at `MAX_SIGNATURE` characters."""
    flat = " ".join(text[: 4 * MAX_SIGNATURE].split())
    return flat if len(flat) <= MAX_SIGNATURE else flat[: MAX_SIGNATURE - 1] + "…"
