"""Sobelow's checks on files of a certain kind: templates, the configuration for production, and `mix.lock`.

Which versions are known to be vulnerable is public knowledge (each message names the CVE); the rules' data has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from languages.linters.structural.definitions import enclosing, spot
from languages.linters.structural.patterns import arguments, find_calls
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.sobelow_rules import holds_value
from languages.linters.structural.templates import SUFFIXES, templates_in
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([\w.]+))?")


def raw_output(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`raw` with a value: in a template, in a template of a sigil, and in a function."""
    everywhere = file.path.endswith(SUFFIXES)
    yield from _raw_calls(file, params, everywhere=everywhere)
    if not everywhere and "raw" in file.text:
        templates = templates_in(file)
        if templates is not None:
            yield from _raw_calls(templates, params, everywhere=True)


def _raw_calls(file: ElixirFile, params: Params, *, everywhere: bool) -> Iterator[Spot]:
    for call in (call for wanted in params["functions"] for call in find_calls(file, str(wanted))):
        given = arguments(call)
        if len(given) != 1 or not (everywhere or enclosing(call, "def", "defp")):
            continue
        assigned = everywhere and any(part.is_call("@") for part in given[0].walk())
        if assigned or holds_value(given[0]):
            yield spot(call)


def no_https(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """A configuration for production of an endpoint that names none of `keys`."""
    endpoints = [term for term in file.calls["config"] if any(_is_endpoint(argument) for argument in term.args)]
    if PurePath(file.path).name == params["file"] and endpoints and not _pairs(file, *params["keys"]):
        yield spot(endpoints[0])


def _is_endpoint(term: Term) -> bool:
    return term.kind == "alias" and term.name.endswith("Endpoint")


def no_hsts(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`https:` in a configuration without `force_ssl:`; not in those for development and tests."""
    path = PurePath(file.path)
    if path.suffix == ".exs" and path.name not in params["except"] and not _pairs(file, "force_ssl"):
        yield from map(spot, _pairs(file, "https")[:1])


def _pairs(file: ElixirFile, *names: str) -> list[Term]:
    """The keywords of these names in `config`."""
    return [pair for pair in file.kinds["pair"] if pair.name in names and enclosing(pair, "config") is not None]


def vulnerable_version(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`package` locked at a version within one of `ranges`, ends included."""
    for pair in file.kinds["pair"]:
        locked = pair.args[0] if pair.args else pair
        if locked.kind != "tuple" or len(locked.args) < 3 or locked.args[1].name != f":{params['package']}":
            continue
        version = _version(locked.args[2].name)
        ranges = ((_version(str(first)), _version(str(last))) for first, last in params["ranges"])
        if version and any(first <= version <= last for first, last in ranges):
            yield spot(pair, f"{params['package']} {locked.args[2].name}")


def _version(text: str) -> tuple[object, ...]:
    """Comparable parts of a version; one before a release is less than the release. () for anything else."""
    match = _VERSION.fullmatch(text)
    return () if match is None else (*map(int, match.groups()[:3]), match[4] is None, match[4] or "")
