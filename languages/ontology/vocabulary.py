"""The names of our triples in RDF: elixir-ontologies 1.0 where it has a term, our own otherwise.

elixir-ontologies (https://github.com/pcharbon70/elixir-ontologies) has three files of terms that matter here: `core`,
`structure` and `otp`; entities follow its scheme for IRIs (`base#Module/name/arity`). It is made for Elixir: a Go
package and a Python module are its `Module`s, their functions its `Function`s; what it has no term for is in `OWN`.
The table is explained in docs/ONTOLOGY.md.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from languages.ontology.triples import Kind, Relation, split_function

CORE = "https://w3id.org/elixir-code/core#"
STRUCTURE = "https://w3id.org/elixir-code/structure#"
OTP = "https://w3id.org/elixir-code/otp#"
#: Terms that elixir-ontologies does not have.
OWN = "urn:coder:code#"
#: Where entities live unless the caller says otherwise.
BASE = "urn:coder:file#"

CLASSES: dict[Kind, str] = {
    "module": STRUCTURE + "Module",
    "protocol": STRUCTURE + "Protocol",
    "implementation": STRUCTURE + "ProtocolImplementation",
    "behaviour": STRUCTURE + "Behaviour",
    "supervisor": OTP + "Supervisor",
    "class": OWN + "Class",
    "struct": STRUCTURE + "Struct",
    "interface": OWN + "Interface",
    "exception": STRUCTURE + "Exception",
    "type": STRUCTURE + "TypeSpec",
    "function": STRUCTURE + "PublicFunction",
    "private function": STRUCTURE + "PrivateFunction",
    "method": STRUCTURE + "PublicFunction",
    "private method": STRUCTURE + "PrivateFunction",
    "macro": STRUCTURE + "PublicMacro",
    "private macro": STRUCTURE + "PrivateMacro",
    "guard": STRUCTURE + "GuardFunction",
    "callback": STRUCTURE + "CallbackFunction",
    "test": OWN + "Test",
}

#: How the object of a relation is written: as an entity, as a callback of one, as plain text or a number.
Form = Literal["entity", "callback", "text", "number"]

PROPERTIES: dict[Relation, tuple[str, Form]] = {
    "imports": (STRUCTURE + "importsFrom", "entity"),
    "aliases": (STRUCTURE + "aliasesModule", "entity"),
    "requires": (STRUCTURE + "requiresModule", "entity"),
    "uses": (STRUCTURE + "usesModule", "entity"),
    "implements": (STRUCTURE + "implementsBehaviour", "entity"),
    "for": (STRUCTURE + "forDataType", "entity"),
    "extends": (OWN + "extends", "entity"),
    "embeds": (OWN + "embeds", "entity"),
    "callback": (STRUCTURE + "definesCallback", "callback"),
    "least_arity": (STRUCTURE + "minArity", "number"),
    "implements_callback": (STRUCTURE + "implementsCallback", "callback"),
    "calls": (STRUCTURE + "callsFunction", "entity"),
    "spawns": (OTP + "spawns", "entity"),
    "raises": (OWN + "raises", "entity"),
    "rescues": (OWN + "rescues", "entity"),
    "returns_error": (OWN + "returnsError", "text"),
    "supervises": (OTP + "supervises", "entity"),
    "tests": (OWN + "tests", "entity"),
    "reaches": (OWN + "reaches", "entity"),
    "may_raise": (OWN + "mayRaise", "entity"),
    "covers": (OWN + "covers", "entity"),
    "depends_on": (OWN + "dependsOn", "entity"),
    "supervises_below": (OWN + "supervisesBelow", "entity"),
}

#: What a module contains, by what it is.
CONTAINS: dict[Kind, str] = {
    "module": STRUCTURE + "hasNestedModule",
    "struct": STRUCTURE + "containsStruct",
    "function": STRUCTURE + "containsFunction",
    "private function": STRUCTURE + "containsFunction",
    "method": STRUCTURE + "containsFunction",
    "private method": STRUCTURE + "containsFunction",
    "guard": STRUCTURE + "containsFunction",
    "macro": STRUCTURE + "containsMacro",
    "private macro": STRUCTURE + "containsMacro",
    "type": STRUCTURE + "containsType",
}
CONTAINS_OTHER = OWN + "contains"

STRATEGIES = {
    "one_for_one": OTP + "OneForOne",
    "one_for_all": OTP + "OneForAll",
    "rest_for_one": OTP + "RestForOne",
}


def entity_iri(base: str, name: str) -> str:
    """The IRI of a module, a function ("Shop.Cart.add/2" gives `base` + "Shop.Cart/add/2"), or a test."""
    parts = split_function(name)
    if parts is not None:
        owner, function, arity = parts
        return base + "/".join(filter(None, [quoted(owner), quoted(function), str(arity)]))
    owner, colon, test = name.partition(": ")
    return base + (f"{quoted(owner)}/test/{quoted(test)}" if colon else quoted(name))


def callback_iri(base: str, name: str) -> str:
    """The IRI of a callback: beside the function of that name, not the same."""
    parts = split_function(name)
    if parts is None:
        return entity_iri(base, name)
    owner, function, arity = parts
    return f"{base}{quoted(owner)}/callback/{quoted(function)}/{arity}"


def quoted(text: str) -> str:
    """`text` as one part of an IRI."""
    return quote(text.encode("utf-8", "replace"), safe=".")
