"""Applying rules to Elixir code: one parse a file, then every rule over the same terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module

from languages.linters.structural.definitions import spot
from languages.linters.structural.patterns import find, find_calls
from languages.linters.structural.rule import Params, Rule, Spot
from languages.linters.structural.terms import ElixirFile

_Predicate = Callable[[ElixirFile, Params], Iterator[Spot]]


def elixir_spots(path: str, text: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Spot]]:
    """Each rule with each place in `text` where it applies."""
    file = ElixirFile(path, text)
    for rule in rules:
        for place in _spots(file, rule):
            yield rule, place


def _spots(file: ElixirFile, rule: Rule) -> Iterator[Spot]:
    for wanted in rule.calls:
        yield from map(spot, find_calls(file, wanted))
    for pattern in rule.patterns:
        yield from map(spot, find(file, pattern))
    if rule.predicate:
        yield from _predicate(rule.predicate)(file, rule.params)


@cache
def _predicate(name: str) -> _Predicate:
    """The function of "module.function" in this package."""
    module, _, function = name.rpartition(".")
    predicate: _Predicate = getattr(import_module(f"languages.linters.structural.{module}"), function)
    return predicate
