"""Applying rules to Go code: one parse a file, then every rule over the same parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module

from languages.linters.structural.go_file import GoFile, go_spot
from languages.linters.structural.rule import Params, Rule, Spot

_Predicate = Callable[[GoFile, Params], Iterator[Spot]]


def go_spots(path: str, text: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Spot]]:
    """Each rule with each place in `text` where it applies."""
    file = GoFile(path, text)
    for rule in rules:
        for place in _spots(file, rule):
            yield rule, place


def _spots(file: GoFile, rule: Rule) -> Iterator[Spot]:
    for wanted in rule.calls:
        yield from (go_spot(call.node) for call in file.calls.get(wanted, ()))
    if rule.predicate:
        yield from _predicate(rule.predicate)(file, rule.params)


@cache
def _predicate(name: str) -> _Predicate:
    """The function of "module.function" in this package."""
    module, _, function = name.rpartition(".")
    predicate: _Predicate = getattr(import_module(f"languages.linters.structural.{module}"), function)
    return predicate
