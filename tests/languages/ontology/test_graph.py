from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.ontology import vocabulary
from languages.ontology.graph import as_graph, as_turtle, query
from languages.ontology.ontology import triples_of
from languages.syntax import GrammarName
from tests.tools import missing


@pytest.fixture(autouse=True)
def _rdflib() -> None:
    if find_spec("rdflib") is None:
        missing("rdflib is not installed")


ELIXIR = """\
defmodule Shop.Cart do
  use GenServer
  defstruct [:id]
  @callback total(term) :: integer
  def add(cart, n \\\\ 1) when n > 0, do: valid?(cart)
  defp valid?(cart), do: raise(ArgumentError, cart)
  def start(_), do: Supervisor.start_link([Shop.Worker], strategy: :rest_for_one)
end

defimpl Size, for: Shop.Cart do
  def size(_), do: 1
end
"""
PREFIXES = f"PREFIX s: <{vocabulary.STRUCTURE}> PREFIX o: <{vocabulary.OTP}> PREFIX c: <{vocabulary.OWN}> "
PREFIXES += f"PREFIX k: <{vocabulary.CORE}> "
TERMS = Path(__file__).with_name("terms.txt").read_text(encoding="utf-8").split("\n")[1:]


def answers(sparql: str, grammar: GrammarName = "elixir", text: str = ELIXIR) -> list[dict[str, str]]:
    return query(as_graph(triples_of(grammar, "cart", text), "urn:x#"), PREFIXES + sparql)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("?x a s:Module", "urn:x#Shop.Cart"),
        ("<urn:x#Shop.Cart> s:containsFunction ?x . ?x a s:PrivateFunction", "urn:x#Shop.Cart/valid%3F/1"),
        ("<urn:x#Shop.Cart/add/2> s:arity ?x", "2"),
        ("<urn:x#Shop.Cart/add/2> s:minArity ?x", "1"),
        ("<urn:x#Shop.Cart/add/2> s:callsFunction ?x", "urn:x#Shop.Cart/valid%3F/1"),
        ("<urn:x#Shop.Cart/add/2> k:hasGuard/k:sourceText ?x", "n > 0"),
        ("<urn:x#Shop.Cart> s:implementsBehaviour ?x", "urn:x#GenServer"),
        ("<urn:x#Shop.Cart> s:definesCallback ?x", "urn:x#Shop.Cart/callback/total/1"),
        ("<urn:x#Shop.Cart> s:hasField/s:fieldName ?x", "id"),
        ("<urn:x#Shop.Cart> o:supervises ?x", "urn:x#Shop.Worker"),
        ("<urn:x#Shop.Cart> o:hasStrategy ?x", vocabulary.OTP + "RestForOne"),
        ("?y a s:ProtocolImplementation ; s:implementsProtocol ?x", "urn:x#Size"),
        ("<urn:x#Shop.Cart/add/2> c:mayRaise ?x", "urn:x#ArgumentError"),
    ],
)  # fmt: skip
def test_sparql_over_the_vocabulary(pattern: str, value: str) -> None:
    assert answers(f"SELECT DISTINCT ?x WHERE {{ {pattern} }}") == [{"x": value}]


def test_hops_can_be_asked_as_a_path() -> None:
    go = "package m\nfunc a() { b() }\nfunc b() { c() }\nfunc c() { panic(1) }\n"
    found = answers("SELECT ?x WHERE { <urn:x#m/a/0> s:callsFunction+ ?x } ORDER BY ?x", "go", go)
    assert [row["x"] for row in found] == ["urn:x#m/b/0", "urn:x#m/c/0"]
    assert answers("ASK { <urn:x#m/a/0> c:mayRaise <urn:x#panic> }", "go", go) == [{"answer": "true"}]


@pytest.mark.parametrize(
    ("sparql", "words"),
    [
        ("SELECT", "not SPARQL"),
        ("", "not SPARQL"),
        ("SELECT * WHERE { service <http://127.0.0.1:9/> { ?s ?p ?o } }", "uses SERVICE"),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", "uses FROM"),
        ('SELECT * { ?s ?p """ " """ . SERVICE <http://127.0.0.1:9/> {} } # "', "uses SERVICE"),
        ("SELECT * { \\u0053ERVICE <http://127.0.0.1:9/> {} }", "escape"),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", "neither SELECT nor ASK"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", "not SPARQL"),
    ],
)
def test_a_bad_query_is_a_sentence(sparql: str, words: str) -> None:
    with pytest.raises(CoderError, match=words) as caught:
        query(as_graph([]), sparql)
    assert caught.value.code == "bad_query"


def test_a_word_in_a_string_is_no_keyword() -> None:
    assert answers('SELECT ?x WHERE { ?x s:moduleName "SERVICE FROM" }') == []


def test_terms_are_those_of_the_vocabulary() -> None:
    used = [*vocabulary.CLASSES.values(), *(name for name, _ in vocabulary.PROPERTIES.values())]
    used += [*vocabulary.CONTAINS.values(), *vocabulary.STRATEGIES.values()]
    written = {str(term) for triple in as_graph(triples_of("elixir", "x", ELIXIR)) for term in triple}
    theirs = {term for term in {*used, *written} if term.startswith("https://w3id.org/elixir-code/")}
    assert len(theirs) > 30
    assert theirs <= {f"https://w3id.org/elixir-code/{term}" for term in TERMS}


def test_turtle_is_deterministic_and_reads_back() -> None:
    from rdflib import Graph

    triples = triples_of("elixir", "x", ELIXIR)
    turtle = as_turtle(triples)
    assert turtle == as_turtle(triples)
    assert len(Graph().parse(data=turtle, format="turtle")) == len(as_graph(triples))


@pytest.mark.parametrize(
    "name", ["A.+/2", "A.//2", "A.../0", "A.f\ud800/1", "ünï.f/0", 'A: a "test" <x>', "f/1", "/", "a/b c"]
)
def test_any_name_is_an_iri(name: str) -> None:
    iri = vocabulary.entity_iri("urn:x#", name)
    assert iri.isascii()
    assert not set(iri) & set(' <>"{}|\\^`')
