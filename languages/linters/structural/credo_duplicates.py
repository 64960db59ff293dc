"""Credo's duplicated code, within one file: subtrees that are the same code and weigh enough (Baxter et al. 1998).

The weight is the number of tuples of Elixir's quoted form, worked out from our terms. Credo looks across a project's
files as well; a file alone shows only its own repetitions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

#: What Elixir's quoted form makes of a term besides its parts.
_WEIGHTS = {
    "alias": 1, "name": 1, "clause": 1, "pair": 1, "map": 1, "struct": 2, "tuple": 1, "bitstring": 1, "sigil": 2,
    "access": 2, "fn": 1,
}  # fmt: skip
#: A part of a string: `Kernel.to_string(x) :: binary`.
_INTERPOLATION = 4


@dataclass(frozen=True, slots=True)
class _Tree:
    """What `term` weighs, and the number that all terms of the same code share."""

    term: Term
    mass: int
    shape: int


def duplicated_code(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """The last of at least `nodes_threshold` places with the same code of at least `mass_threshold`."""
    alike: dict[int, list[_Tree]] = defaultdict(list)
    for tree in _trees(file):
        if tree.mass >= int(params["mass_threshold"]):
            alike[tree.shape].append(tree)
    groups = [trees for trees in alike.values() if len(trees) >= int(params["nodes_threshold"])]
    repeated = {id(tree.term) for trees in groups for tree in trees}
    for trees in groups:
        if trees[0].term.is_call("@") or any(id(outer) in repeated for outer in trees[0].term.ancestors()):
            continue
        lines = sorted(_line(tree.term) for tree in trees)
        others = ", ".join(str(line + 1) for line in lines[:-1])
        yield Spot(lines[-1], note=f"line {others}, mass {trees[0].mass}")


def _line(term: Term) -> int:
    """Where Credo sees a term begin: at its first statement, when it is a body."""
    return term.args[0].line if term.kind == "block" and term.args else term.line


def _trees(file: ElixirFile) -> list[_Tree]:
    """A tree for every term, inner terms first."""
    known: dict[int, _Tree] = {}
    shapes: dict[tuple[object, ...], int] = {}
    for term in reversed(file.terms):
        parts = [known[id(part)] for part in term.children()]
        shape = (
            term.kind,
            term.name,
            term.target is None,
            len(term.args),
            *term.blocks,
            *(part.shape for part in parts),
        )
        mass = _own_mass(term) + sum(part.mass for part in parts)
        known[id(term)] = _Tree(term, mass, shapes.setdefault(shape, len(shapes)))
    return list(known.values())


def _own_mass(term: Term) -> int:
    if term.kind == "call":
        return 1 if term.target is None or term.name == "()" else 2
    if term.kind == "block":
        owner = term.parent
        keyed = owner is not None and owner.kind == "call" and any(block is term for block in owner.blocks.values())
        return int(keyed) + int(len(term.args) > 1 and term.args[0].kind != "clause")
    mass = _WEIGHTS.get(term.kind, 0)
    if term.kind in ("string", "sigil", "charlist", "quoted_atom") and term.args:
        mass += 1 + _INTERPOLATION * len(term.args)
    return mass
