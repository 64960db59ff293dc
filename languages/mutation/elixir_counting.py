"""The text of an Elixir file that counts which of its bodies run, and the forms that it is compiled in.

A call is put before the first statement of each body; what the code does stays the same. It does not know who counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from languages.mutation.elixir_places import Body
from languages.mutation.mutant import Mutant

_MARK = ":coder_hits.at({})"
#: What at the top of a file counts for the forms behind it.
_PREAMBLE = ("alias", "require", "import", "use")


@dataclass(frozen=True, slots=True)
class Form:
    """A module, or other code at the top of a file: its bytes, its first line (0-based) and what is in force there."""

    start: int
    end: int
    line: int
    preamble: str


def counted_text(source: bytes, bodies: Sequence[Body]) -> str:
    """`source` with a mark, `:coder_hits.at(number)`, in each of `bodies`."""
    edits: list[tuple[int, int, str]] = []
    for number, body in enumerate(bodies):
        mark = _MARK.format(number)
        edits.append((body.start, 1, f"({mark}; " if body.bare else f"{mark}; "))
        if body.bare:
            edits.append((body.end, 0, ")"))
    pieces, last = [], 0
    for place, _, text in sorted(edits, key=lambda edit: edit[:2]):
        pieces += [source[last:place], text.encode()]
        last = place
    return b"".join([*pieces, source[last:]]).decode()


def form_of(source: bytes, root: Node, mutant: Mutant, *, alone: bool) -> Form:
    """The form that the mutant is in; unless it may stand `alone`, the whole file."""
    preamble = ""
    for node in root.named_children if alone else ():
        if node.start_byte <= mutant.start < node.end_byte:
            return Form(node.start_byte, node.end_byte, node.start_point.row, preamble)
        text = source[node.start_byte : node.end_byte].decode()
        if text.startswith(_PREAMBLE):
            preamble += text + "\n"
    return whole(source)


def whole(source: bytes) -> Form:
    """The whole file as one form."""
    return Form(0, len(source), 0, "")


def mutated_form(source: bytes, form: Form, mutant: Mutant) -> str:
    """The text of `form` with the mutant in it."""
    before, after = source[form.start : mutant.start], source[mutant.end : form.end]
    return (before + mutant.replacement.encode() + after).decode()
