"""Applying rules to Elixir code: one parse a file, then every rule over the same terms.

Credo's and Sobelow's rules are asked for the same text at the same time, so a parsed file waits for the other who
asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import cache
from importlib import import_module
from pathlib import PurePath
from threading import Lock

from languages.linters.structural.definitions import spot
from languages.linters.structural.patterns import find, find_calls
from languages.linters.structural.rule import Params, Rule, Spot
from languages.linters.structural.templates import SUFFIXES, code_of
from languages.linters.structural.terms import ElixirFile

_Predicate = Callable[[ElixirFile, Params], Iterator[Spot]]
#: Files that may wait for a second who asks, and the characters of the largest of them.
_MAX_WAITING, _MAX_LENGTH = 4, 100_000
_waiting: dict[tuple[str, str], Future[ElixirFile]] = {}
_lock = Lock()


def elixir_spots(path: str, text: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Spot]]:
    """Each rule that reads such files with each place in `text` where it applies."""
    kind = _kind(path)
    wanted = [rule for rule in rules if kind in rule.reads]
    if kind == "template" and wanted:
        text = code_of(text, braces=path.endswith(".heex"))
    if not wanted:
        return
    file = _parsed(path, text)
    for rule in wanted:
        for place in _spots(file, rule):
            yield rule, place


def _kind(path: str) -> str:
    if PurePath(path).name == "mix.lock":
        return "lock"
    return "template" if path.endswith(SUFFIXES) else "code"


def _parsed(path: str, text: str) -> ElixirFile:
    """The parsed file; the one that another thread parses or has parsed, when nobody took it yet."""
    if len(text) > _MAX_LENGTH:
        return ElixirFile(path, text)
    with _lock:
        theirs = _waiting.pop((path, text), None)
        if theirs is None:
            mine = _waiting[path, text] = Future()
            if len(_waiting) > _MAX_WAITING:
                del _waiting[next(iter(_waiting))]
    if theirs is not None:
        return theirs.result()
    try:
        mine.set_result(ElixirFile(path, text))
    except BaseException as error:
        mine.set_exception(error)
        raise
    return mine.result()


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
