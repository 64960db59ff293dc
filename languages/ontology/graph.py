"""Triples as RDF, and SPARQL over them, through rdflib.

A query reads the graph that it is given and nothing else: what would fetch from elsewhere (`SERVICE`, `FROM`) is
refused. rdflib is imported when a graph is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from languages.errors import CoderError
from languages.ontology import vocabulary
from languages.ontology.triples import FUNCTION_KINDS, Kind, Triple, split_function

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

_PREFIXES = {"core": vocabulary.CORE, "struct": vocabulary.STRUCTURE, "otp": vocabulary.OTP, "coder": vocabulary.OWN}
_OUTSIDE = re.compile(r"\b(SERVICE|FROM|LOAD)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|<[^<>\s]*>|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#[^\n]*")


def as_graph(triples: Iterable[Triple], base: str = vocabulary.BASE) -> Graph:
    """The RDF graph of `triples`; entities have IRIs below `base`."""
    try:
        from rdflib import Graph
    except ImportError as error:
        raise CoderError("RDF needs rdflib; install it with `pip install rdflib`", code="missing_package") from error
    graph = Graph()
    for prefix, namespace in _PREFIXES.items():
        graph.bind(prefix, namespace)
    graph.bind("file", base)
    known = list(triples)
    kinds: dict[str, Kind] = {}
    for one in known:
        if one.relation == "is":
            kinds.setdefault(one.subject, cast("Kind", one.object))
    writer = _Writer(graph, base, kinds)
    for triple in known:
        writer.write(triple)
    return graph


def as_turtle(triples: Iterable[Triple], base: str = vocabulary.BASE) -> str:
    """The graph in Turtle."""
    return as_graph(triples, base).serialize(format="turtle")


def query(graph: Graph, sparql: str) -> list[dict[str, str]]:
    """The rows of a SELECT as text by variable; of an ASK one row `{"answer": "true"}`.

    Raises `CoderError` with code `bad_query`. IRIs are in full; a variable without a value is left out of its row.
    """
    if "\\u" in sparql or "\\U" in sparql:
        raise CoderError("the query has an escape like \\u0041; write the character itself", code="bad_query")
    outside = _OUTSIDE.search(_QUOTED.sub(" ", sparql))
    if outside is not None:
        raise CoderError(f"the query uses {outside[0].upper()}; ask only about this graph", code="bad_query")
    try:
        result = graph.query(sparql)
        if result.type == "ASK":
            return [{"answer": str(bool(result.askAnswer)).lower()}]
        if result.type != "SELECT":
            raise CoderError("the query is neither SELECT nor ASK; write one of these", code="bad_query")
        return [{str(name): str(value) for name, value in row.items()} for row in result.bindings]
    except CoderError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CoderError(f"the query is not SPARQL that runs ({reason}); correct it", code="bad_query") from error


class _Writer:
    """Adds triples to one graph."""

    def __init__(self, graph: Graph, base: str, kinds: dict[str, Kind]) -> None:
        self._graph, self._base, self._kinds = graph, base, kinds

    def write(self, triple: Triple) -> None:
        """Add what `triple` means in RDF; some facts take several statements."""
        if triple.relation == "is":
            self._kind(triple)
        elif triple.relation == "defines":
            self._contains(triple)
        elif triple.relation == "field":
            self._part(triple, vocabulary.STRUCTURE + "hasField", "field", vocabulary.STRUCTURE + "fieldName")
        elif triple.relation == "guard":
            self._part(triple, vocabulary.CORE + "hasGuard", "guard", vocabulary.CORE + "sourceText")
        elif triple.relation == "spec":
            self._part(triple, vocabulary.STRUCTURE + "hasSpec", "spec", vocabulary.CORE + "sourceText")
        elif triple.relation == "strategy":
            strategy = vocabulary.STRATEGIES.get(triple.object, vocabulary.OWN + "OtherStrategy")
            self._add(self._entity(triple.subject), vocabulary.OTP + "hasStrategy", strategy)
        else:
            self._plain(triple)

    def _plain(self, triple: Triple) -> None:
        from rdflib import Literal, URIRef
        from rdflib.namespace import XSD

        name, form = vocabulary.PROPERTIES[triple.relation]
        subject = self._entity(triple.subject)
        if triple.relation == "implements" and self._kinds.get(triple.subject) == "implementation":
            name = vocabulary.STRUCTURE + "implementsProtocol"
        if form == "text":
            self._graph.add((subject, URIRef(name), Literal(triple.object)))
        elif form == "number":
            self._graph.add((subject, URIRef(name), Literal(int(triple.object), datatype=XSD.nonNegativeInteger)))
        elif form == "callback":
            target = vocabulary.callback_iri(self._base, triple.object)
            self._add(subject, name, target)
            self._add(URIRef(target), _TYPE, vocabulary.CLASSES["callback"])
        else:
            self._add(subject, name, vocabulary.entity_iri(self._base, triple.object))

    def _kind(self, triple: Triple) -> None:
        from rdflib import Literal, URIRef
        from rdflib.namespace import XSD

        subject = self._entity(triple.subject)
        kind = cast("Kind", triple.object)
        self._add(subject, _TYPE, vocabulary.CLASSES[kind])
        parts = split_function(triple.subject) if kind in FUNCTION_KINDS else None
        if parts is None:
            label = vocabulary.STRUCTURE + "moduleName" if kind == "module" else vocabulary.CORE + "name"
            self._graph.add((subject, URIRef(label), Literal(triple.subject)))
            return
        macro = "macro" if kind.endswith("macro") else "function"
        arity = "macroArity" if macro == "macro" else "arity"
        count = Literal(parts[2], datatype=XSD.nonNegativeInteger)
        self._graph.add((subject, URIRef(f"{vocabulary.STRUCTURE}{macro}Name"), Literal(parts[1])))
        self._graph.add((subject, URIRef(vocabulary.STRUCTURE + arity), count))

    def _contains(self, triple: Triple) -> None:
        kind = self._kinds.get(triple.object)
        name = vocabulary.CONTAINS.get(kind, vocabulary.CONTAINS_OTHER) if kind else vocabulary.CONTAINS_OTHER
        owner, member = self._entity(triple.subject), self._entity(triple.object)
        self._add(owner, name, str(member))
        if name == vocabulary.STRUCTURE + "containsFunction":
            self._add(member, vocabulary.STRUCTURE + "belongsTo", str(owner))

    def _part(self, triple: Triple, relation: str, kind: str, label: str) -> None:
        """A part with a node of its own: a field, a guard, a spec."""
        from rdflib import Literal, URIRef

        subject = self._entity(triple.subject)
        part = URIRef(f"{subject}/{kind}/{vocabulary.quoted(triple.object)}")
        self._add(subject, relation, str(part))
        self._add(part, _TYPE, _PARTS[kind])
        self._graph.add((part, URIRef(label), Literal(triple.object)))

    def _entity(self, name: str) -> URIRef:
        from rdflib import URIRef

        return URIRef(vocabulary.entity_iri(self._base, name))

    def _add(self, subject: URIRef, relation: str, target: str) -> None:
        from rdflib import URIRef

        self._graph.add((subject, URIRef(relation), URIRef(target)))


_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_PARTS = {
    "field": vocabulary.STRUCTURE + "StructField",
    "guard": vocabulary.CORE + "GuardClause",
    "spec": vocabulary.STRUCTURE + "FunctionSpec",
}
