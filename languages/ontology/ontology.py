"""The ontology of a file: its facts as triples, at one of two levels.

`simple` is the structure: what there is, what it contains, what it implements. `full` adds behaviour (calls, guards,
errors, supervision, tests) and what follows over several hops. Broken files give what can be had.
"""

from __future__ import annotations

from languages.ontology.hops import derived
from languages.ontology.triples import SIMPLE, Level, Triple
from languages.registry import language_of_grammar
from languages.syntax import GrammarName
from languages.tree import SyntaxTree


def triples_of(grammar: GrammarName, path: str, text: str, level: Level = "full") -> list[Triple]:
    """The triples of one file, each once, in order of place, those of several hops last."""
    found = language_of_grammar(grammar).facts(SyntaxTree(grammar, text), path).triples()
    if level == "simple":
        return [triple for triple in found if triple.relation in SIMPLE]
    return [*found, *derived(found)]
