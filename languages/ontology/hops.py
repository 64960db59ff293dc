"""What follows from the facts of a file over several hops: reached functions, errors that come up, what tests cover.

Only what the file itself shows is followed, and at most `MAX_HOPS` far. The same facts give the same triples in the
same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from languages.ontology.triples import Triple, objects_by_subject, split_function

#: How far a chain is followed.
MAX_HOPS = 4
#: How many ends of chains are noted for one subject.
MAX_ENDS = 40


def derived(triples: Sequence[Triple]) -> list[Triple]:
    """The triples of several hops; see `languages.ontology.triples.DERIVED`."""
    calls = objects_by_subject(triples, "calls")
    raises, rescues = objects_by_subject(triples, "raises"), objects_by_subject(triples, "rescues")
    tests = {one.subject for one in triples if one.relation == "is" and one.object == "test"}
    found: dict[Triple, None] = {}
    for subject, direct in calls.items():
        far = list(_reached(subject, calls))
        for end in far:
            found.setdefault(Triple(subject, "covers" if subject in tests else "reaches", end))
        for callee in [*direct, *far]:
            for error in raises.get(callee, ()):
                if error not in rescues.get(subject, ()) and error not in raises.get(subject, ()):
                    found.setdefault(Triple(subject, "may_raise", error))
    found.update(dict.fromkeys(_dependencies(triples, calls)))
    supervises = objects_by_subject(triples, "supervises")
    for subject in supervises:
        found.update(dict.fromkeys(Triple(subject, "supervises_below", end) for end in _reached(subject, supervises)))
    return list(found)


def _reached(start: str, graph: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is two or more hops from `start` and not one, nearest first."""
    seen, frontier = {start, *graph.get(start, ())}, list(graph.get(start, ()))
    given = 0
    for _ in range(MAX_HOPS - 1):
        following = []
        for node in frontier:
            for end in graph.get(node, ()):
                if end not in seen and given < MAX_ENDS:
                    seen.add(end)
                    given += 1
                    following.append(end)
                    yield end
        frontier = following


def _dependencies(triples: Sequence[Triple], calls: Mapping[str, Sequence[str]]) -> Iterator[Triple]:
    """The modules that the functions of a module call into."""
    for module, defined in objects_by_subject(triples, "defines").items():
        for function in defined if split_function(module) is None else ():
            for called in calls.get(function, ()):
                parts = split_function(called)
                owner = parts[0] if parts is not None else ""
                if owner and not f"{owner}.".startswith(f"{module}.") and not module.startswith(f"{owner}."):
                    yield Triple(module, "depends_on", owner)
