"""Triples as compact text for a model, within a budget of characters.

Every thing has a line with its kinds and name; its relations follow, indented. When the budget is short, several hops
go first, then behaviour, then structure; whole lines only, so that nothing is cut in the middle of a name. The same
triples and budget give the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from languages.ontology.triples import DERIVED, FUNCTION_KINDS, SIMPLE, Triple, split_function

#: Objects shown of one relation; the rest is counted.
MAX_OBJECTS = 12


@dataclass(frozen=True, slots=True)
class _Line:
    """A line and how much it matters: 0 is kept longest."""

    rank: int
    text: str


def as_text(triples: Sequence[Triple], budget: int = 4_000) -> str:
    """The triples in at most `budget` characters; a last line counts the lines that did not fit."""
    lines = list(_lines(triples))
    everything = "\n".join(line.text for line in lines)
    if len(everything) <= budget:
        return everything
    kept: set[int] = set()
    left = budget - len(_omitted(len(lines) + 1))
    for index in sorted(range(len(lines)), key=lambda index: (lines[index].rank, index)):
        left -= len(lines[index].text) + 1
        if left < 0:
            break
        kept.add(index)
    shown = [lines[index].text for index in sorted(kept)]
    text = "\n".join([*shown, _omitted(len(lines) - len(kept))])
    return text if len(text) <= budget else ""


def _omitted(count: int) -> str:
    return f"… {count} more line{'' if count == 1 else 's'}"


def _lines(triples: Sequence[Triple]) -> Iterator[_Line]:
    by_subject: dict[str, dict[str, list[str]]] = {}
    owners = {triple.object: triple.subject for triple in triples if triple.relation == "defines"}
    for triple in triples:
        by_subject.setdefault(triple.subject, {}).setdefault(triple.relation, []).append(triple.object)
    depths: dict[str, int] = {}
    for subject in _containers_first(by_subject, owners):
        relations = by_subject[subject]
        kinds = relations.get("is", [])
        owner = owners.get(subject)
        depth = depths[subject] = depths.get(owner or "", -1) + 1
        indent = "  " * depth
        is_function = any(kind in FUNCTION_KINDS for kind in kinds)
        yield _Line(1 if is_function else 0, f"{indent}{', '.join(kinds) or 'other'} {_short(subject, owner)}")
        for relation, objects in relations.items():
            if relation not in ("is", "defines"):
                rank = 2 if relation in SIMPLE else 4 if relation in DERIVED else 3
                yield _Line(rank, f"{indent}  {relation.replace('_', ' ')} {_listed(objects, owner or subject)}")


def _containers_first(by_subject: dict[str, dict[str, list[str]]], owners: dict[str, str]) -> Iterator[str]:
    """Each thing behind what it is in, otherwise in order of first mention."""
    members: dict[str, list[str]] = {}
    for subject in by_subject:
        if subject in owners:
            members.setdefault(owners[subject], []).append(subject)
    stack = [subject for subject in reversed(by_subject) if owners.get(subject) not in by_subject]
    seen = set[str]()
    while stack:
        subject = stack.pop()
        if subject not in seen:
            seen.add(subject)
            yield subject
            stack.extend(reversed(members.get(subject, ())))


def _short(name: str, owner: str | None) -> str:
    """The name of a function or a test as it is called from within its owner."""
    if owner is not None and name.startswith((f"{owner}.", f"{owner}: ")):
        return name[len(owner) + 1 :].strip()
    return name


def _listed(objects: list[str], owner: str) -> str:
    names = [one if split_function(one) is None else _short(one, owner) for one in objects[:MAX_OBJECTS]]
    shown = ", ".join(names)
    return shown if len(objects) <= MAX_OBJECTS else f"{shown}, … {len(objects) - MAX_OBJECTS} more"
