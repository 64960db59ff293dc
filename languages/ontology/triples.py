"""`Triple`: one fact about code, and `Facts`, which collects the facts of a file.

Subjects and objects are names: modules as written ("Shop.Cart", "shop", "cart"), functions with their arity behind a
slash ("Shop.Cart.add/2"), everything else as text. It does not know RDF; `languages.ontology.vocabulary` maps it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["simple", "full"]

#: What a thing can be.
Kind = Literal[
    "module", "protocol", "implementation", "behaviour", "supervisor", "class", "struct", "interface", "exception",
    "type", "function", "private function", "method", "private method", "macro", "private macro", "guard", "callback",
    "test",
]  # fmt: skip

Relation = Literal[
    "is", "defines", "imports", "aliases", "requires", "uses", "implements", "for", "extends", "embeds", "field",
    "callback", "least_arity", "implements_callback", "spec", "guard", "calls", "spawns", "raises", "rescues",
    "returns_error", "supervises", "strategy", "tests",
    "reaches", "may_raise", "covers", "depends_on", "supervises_below",
]  # fmt: skip

#: What can be called or run.
FUNCTION_KINDS: frozenset[Kind] = frozenset({
    "function", "private function", "method", "private method", "macro", "private macro", "guard", "test",
})  # fmt: skip

#: The structure of a file; the rest belongs to the full level.
SIMPLE: frozenset[Relation] = frozenset({
    "is", "defines", "imports", "aliases", "requires", "uses", "implements", "for", "extends", "embeds", "field",
    "callback",
})  # fmt: skip

#: Relations over several hops, derived from the others.
DERIVED: frozenset[Relation] = frozenset({"reaches", "may_raise", "covers", "depends_on", "supervises_below"})


@dataclass(frozen=True, order=True, slots=True)
class Triple:
    """`subject` stands in `relation` to `object`."""

    subject: str
    relation: Relation
    object: str


class Facts:
    """Triples in the order in which they were found, each once."""

    def __init__(self) -> None:
        self._found: dict[Triple, None] = {}

    def add(self, subject: str, relation: Relation, value: str) -> None:
        """Note one fact; a fact already noted stays where it is."""
        self._found.setdefault(Triple(subject, relation, value))

    def define(self, container: str | None, name: str, kind: Kind) -> None:
        """Note that `name` is a `kind`, in `container`."""
        self.add(name, "is", kind)
        if container is not None:
            self.add(container, "defines", name)

    def holds(self, subject: str, relation: Relation, value: str) -> bool:
        """Whether this fact was noted."""
        return Triple(subject, relation, value) in self._found

    def triples(self) -> list[Triple]:
        """All facts."""
        return list(self._found)


def objects_by_subject(triples: Iterable[Triple], *relations: Relation) -> dict[str, list[str]]:
    """For each subject, its objects under any of `relations`, in order."""
    found: dict[str, list[str]] = {}
    for triple in triples:
        if triple.relation in relations:
            found.setdefault(triple.subject, []).append(triple.object)
    return found


def split_function(name: str) -> tuple[str, str, int] | None:
    """The owner, the name and the arity in "Shop.Cart.add/2"; the owner of a bare "assign/3" is empty."""
    path, slash, arity = name.rpartition("/")
    if not slash or not arity.isdecimal() or not path:
        return None
    owner, _, function = path.rpartition(".")
    return owner, function or ".", int(arity)
