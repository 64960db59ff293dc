"""Whatever a test can change for others to see has to be seen, or be said to be unreadable."""

from __future__ import annotations

import collections
import decimal
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from languages.mutation.worker.process_state import ProcessState
from languages.mutation.worker.state import State, UnreadableError, own_modules

SOURCE = """\
import collections, decimal, functools, itertools, random, threading, weakref

N = 1
LIST = [1, [2]]
NESTED = {"a": {"b": [1]}}
SET = {1, 2}
DEQUE = collections.deque([1])
COUNTER = itertools.count()
LOCK = threading.Lock()
MONEY = decimal.Decimal("1.5")


class Plain:
    shared = []

    def __init__(self):
        self.value = 1

    def __reduce__(self):
        return "hides everything"

    def __eq__(self, other):
        return True


class Slotted:
    __slots__ = ("value",)


class Names(dict):
    pass


PLAIN, SLOTTED, NAMES = Plain(), Slotted(), Names(a=1)
SLOTTED.value = 1
REFERENCE = weakref.ref(PLAIN)


@functools.lru_cache
def cached(n):
    return n


def counting():
    n = 0

    def inner():
        nonlocal n
        n += 1
        return n

    return inner


COUNTING = counting()


def default(n, seen=[]):
    seen.append(n)


PARTIAL = functools.partial(default, 1)
LOOP = [1]
LOOP.append(LOOP)
"""
CHANGES = [
    "N = 2",
    "del N",
    "M = 1",
    "LIST[1].append(3)",
    "NESTED['a']['b'][0] = 2",
    "SET.add(3)",
    "DEQUE.append(2)",
    "next(COUNTER)",
    "LOCK.acquire()",
    "PLAIN.value = 2",
    "PLAIN.other = 1",
    "Plain.shared.append(1)",
    "Plain.more = 1",
    "SLOTTED.value = 2",
    "NAMES['b'] = 1",
    "NAMES.kind = 1",
    "cached(1)",
    "COUNTING()",
    "default(1)",
    "default.note = 1",
    "default.__defaults__ = ([1],)",
    "default.__code__ = counting.__code__",
    "PARTIAL.keywords['n'] = 1",
    "LOOP.append(1)",
    "cached = functools.lru_cache(cached.__wrapped__)",
    "Plain = type('Plain', (), {})",
    "collections.mine = 1",
    "decimal.getcontext().prec = 5",
    "random.random()",
]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    module = ModuleType("leaking")
    sys.modules["leaking"] = module
    with decimal.localcontext():
        exec(compile(SOURCE, "leaking.py", "exec"), vars(module))
        yield module
    vars(collections).pop("mine", None)
    del sys.modules["leaking"]


def begun(module: ModuleType) -> State:
    state = State([module], [], ProcessState([module]))
    state.begin()
    return state


def test_nothing_changed(module: ModuleType) -> None:
    state = begun(module)
    assert state.unchanged()
    exec("x = LIST + [1]; y = sorted(SET); del x, y; counting()()", vars(module))
    assert state.unchanged()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(module: ModuleType, change: str) -> None:
    state = begun(module)
    exec(change, vars(module))
    assert not state.unchanged()


@pytest.mark.parametrize(
    "value", ["(n for n in range(3))", "open(__import__('os').devnull)", "threading.local()", "map(str, LIST)"]
)
def test_what_cannot_be_seen_into_is_said_to_be_so(module: ModuleType, value: str) -> None:
    exec(f"HIDDEN = {value}", vars(module))
    with pytest.raises(UnreadableError):
        begun(module)
    hidden = vars(module)["HIDDEN"]
    if hasattr(hidden, "close"):
        hidden.close()


def test_the_process_is_looked_at(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    state = begun(module)
    assert state.unchanged()
    (tmp_path / "left").touch()
    assert not state.unchanged()
    (tmp_path / "left").unlink()
    assert state.unchanged()
    monkeypatch.setenv("LEFT", "1")
    assert not state.unchanged()
    monkeypatch.delenv("LEFT")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not state.unchanged()
    wait = threading.Event()
    thread = threading.Thread(target=wait.wait)
    thread.start()
    assert not state.unchanged()
    wait.set()
    thread.join()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    assert not state.unchanged()
    os.close(descriptor)
    assert state.unchanged()


def test_projects_with_other_libraries_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in (("alone_here", "import json, pytest\n"), ("with_others", "import alone_here, typer\n")):
        before = set(sys.modules)
        (tmp_path / f"{name}.py").write_text(text)
        __import__(name)
        own, closed = own_modules(before - {name})
        assert [module.__name__ for module in own if module.__name__ == name] == [name]
        assert closed is (name == "alone_here")
