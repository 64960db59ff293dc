"""Many mutants in one text: each function that has some becomes a switch between copies of itself, one a mutant.

The mutant that runs is the one that `:coder_mutant.active()` names. A module is then compiled once instead of once a
mutant. (Untch, Offutt, Harrold: Mutation Analysis Using Mutant Schemata, 1993.) It does not know how mutants are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from languages.mutation.elixir_counting import Form
from languages.mutation.elixir_places import Clause, Function, Place
from languages.mutation.mutant import Mutant
from languages.mutation.options import Numbered
from languages.outline.elixir_nodes import has_default

#: First byte, byte behind the last, new text.
_Edit = tuple[int, int, bytes]

#: What looks at the function that it is in, or that others look at by its name.
_BOUND = (b"super", b"__ENV__", b"__CALLER__", b"@on_definition", b"@decorate")
_COPY = re.compile(r"\bcoder_\d+_")


def switchable(source: bytes, mutant: Mutant, place: Place) -> bool:
    """Whether the mutant can live in a copy of its function."""
    function = place.function
    if function is None or function.macro or not function.clauses or place.quoted:
        return False
    inside = any(c.node.start_byte <= mutant.start and mutant.end <= c.node.end_byte for c in function.clauses)
    plain = all(clause.name.type == "identifier" for clause in function.clauses)
    default = any(start <= mutant.start < end for clause in function.clauses for start, end in _defaults(clause))
    return inside and plain and not default and not any(word in _text(source, function) for word in _BOUND)


def switching_text(source: bytes, form: Form, mutants: Mapping[Function, Sequence[Numbered]]) -> str:
    """The text of `form` with all `mutants`, which are in it and `switchable`."""
    edits: list[_Edit] = []
    for function, numbered in mutants.items():
        first, *others = function.clauses
        edits.append((first.node.start_byte, first.node.end_byte, _switch(source, function, numbered)))
        edits += [(clause.node.start_byte, clause.node.end_byte, b"") for clause in others]
    return _edited(source, form.start, form.end, edits).decode()


def original_names(text: str) -> str:
    """`text`, something that was said about copies, with the functions' own names."""
    return _COPY.sub("", text)


def size_of(function: Function) -> int:
    """How many bytes a copy takes."""
    return sum(clause.node.end_byte - clause.node.start_byte for clause in function.clauses)


def _switch(source: bytes, function: Function, numbered: Sequence[Numbered]) -> bytes:
    keyword = _keyword(function.clauses[0])
    given = ", ".join(f"coder_given_{index}" for index in range(function.arity))
    cases = "".join(f"{number} -> {_copy(number, function)}({given}); " for number, _ in numbered)
    pieces = [
        f"{source[keyword.start_byte : keyword.end_byte].decode()} {function.name}({_heads(source, function)}) do ",
        f"case :coder_mutant.active() do {cases}_ -> {_copy(0, function)}({given}) end end\n",
        *(_clauses(source, function, number, mutant) for number, mutant in [(0, None), *numbered]),
    ]
    return "".join(pieces).encode()


def _heads(source: bytes, function: Function) -> str:
    """The parameters of the switch, with the defaults that the clauses had."""
    defaults: dict[int, str] = {}
    for clause in function.clauses:
        for index, parameter in enumerate(clause.parameters):
            if has_default(parameter):
                value = parameter.named_children[-1]
                defaults[index] = f" \\\\ {source[value.start_byte : value.end_byte].decode()}"
    return ", ".join(f"coder_given_{index}{defaults.get(index, '')}" for index in range(function.arity))


def _clauses(source: bytes, function: Function, number: int, mutant: Mutant | None) -> str:
    """The clauses of one copy."""
    change = [] if mutant is None else [(mutant.start, mutant.end, mutant.replacement.encode())]
    pieces = []
    for clause in function.clauses:
        start, end = clause.node.start_byte, clause.node.end_byte
        if change and change[0][:2] == (start, end):
            continue
        keyword = _keyword(clause)
        edits = [
            (keyword.start_byte, keyword.end_byte, b"defp"),
            (clause.name.start_byte, clause.name.end_byte, _copy(number, function).encode()),
            *((first, last, b"") for first, last in _defaults(clause)),
            *(edit for edit in change if start <= edit[0] and edit[1] <= end),
        ]
        pieces.append(_edited(source, start, end, edits).decode() + "\n")
    return "".join(pieces)


def _defaults(clause: Clause) -> Iterator[tuple[int, int]]:
    """From behind the parameter to behind its default."""
    for parameter in clause.parameters:
        if has_default(parameter):
            yield parameter.named_children[0].end_byte, parameter.end_byte


def _keyword(clause: Clause) -> Node:
    keyword = clause.node.child_by_field_name("target")
    assert keyword is not None
    return keyword


def _copy(number: int, function: Function) -> str:
    return f"coder_{number}_{function.name}"


def _text(source: bytes, function: Function) -> bytes:
    return b"".join(source[clause.node.start_byte : clause.node.end_byte] for clause in function.clauses)


def _edited(source: bytes, start: int, end: int, edits: Sequence[_Edit]) -> bytes:
    pieces, last = [], start
    for first, behind, replacement in sorted(edits):
        pieces += [source[last:first], replacement]
        last = behind
    return b"".join([*pieces, source[last:end]])
