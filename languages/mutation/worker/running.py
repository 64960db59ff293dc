"""Run pytest items one after another: by pytest's own protocol, or directly where that makes no difference.

An item is plain when nothing but its function has a say in its outcome: no marks but `parametrize`, fixtures that are
plain functions of function scope, no hooks from outside pytest. Such an item is called; all others go through pytest.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from languages.mutation.worker.state import own_modules

_HOOKS = (
    *("pytest_runtest_protocol", "pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown"),
    *("pytest_runtest_makereport", "pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish"),
    *("pytest_pyfunc_call", "pytest_fixture_setup", "pytest_fixture_post_finalizer", "pytest_exception_interact"),
)
_NO_FAILURE = (pytest.skip.Exception, pytest.xfail.Exception)
#: Where a value of an argument comes from: a parameter, or a fixture's function and the names of its arguments.
Source = tuple[Callable[..., Any], tuple[str, ...]]


@dataclass(frozen=True)
class Failure:
    """A test that failed: its number among all items, or None outside of them, its name, and why."""

    number: int | None
    name: str
    reason: str


@dataclass(frozen=True)
class Plain:
    """A plain item: how to get its function and its arguments."""

    function: Callable[[], Callable[..., Any]]
    names: tuple[str, ...]
    values: Mapping[str, Any]
    fixtures: Mapping[str, Source]
    caught: Callable[[], AbstractContextManager[Any]]

    def run(self) -> None:
        """Raises what the test raises."""
        made = dict(self.values)
        with self.caught():
            for name in self.fixtures:
                self._make(name, made)
            self.function()(**{name: made[name] for name in self.names})

    def _make(self, name: str, made: dict[str, Any]) -> None:
        if name not in made:
            function, needed = self.fixtures[name]
            for other in needed:
                self._make(other, made)
            made[name] = function(**{other: made[other] for other in needed})


class Runner:
    """A pytest plugin that runs items and remembers what failed.

    `direct` has the numbers of the plain items, `own` the project's modules; `is_closed`: they use no other library.
    """

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []
        self.failures: list[Failure] = []
        self.own: list[ModuleType] = []
        self.is_closed = False
        self._error: BaseException | None = None
        self._plain: dict[int, Plain | None] = {}
        self._logs = False
        self._hooked: dict[Path, bool] = {}
        self._running: int | None = None

    def take(self, items: Sequence[pytest.Item], before: Collection[str]) -> None:
        """These are the items from now on; `before` are the modules that were imported before the project's."""
        self.items = [*items]
        self.own, self.is_closed = own_modules(before)
        self._logs = any(_logs(value) for module in self.own for value in vars(module).values())
        self._plain, self._hooked = {}, {}

    @property
    def direct(self) -> set[int]:
        return {number for number in range(len(self.items)) if self._how(number) is not None}

    def _how(self, number: int) -> Plain | None:
        """How to run an item without pytest, found out once; None where pytest is needed."""
        if number not in self._plain:
            self._plain[number] = None if self._logs else _plain(self.items[number], self)
        return self._plain[number]

    def is_hooked(self, item: pytest.Item) -> bool:
        """Whether a plugin or a conftest file has a say in how the tests of the item's file run."""
        if item.path not in self._hooked:
            calls = (call for name in _HOOKS for call in getattr(item.ihook, name).get_hookimpls())
            self._hooked[item.path] = any(self._is_foreign(call.plugin) for call in calls)
        return self._hooked[item.path]

    def _is_foreign(self, plugin: object) -> bool:
        module = plugin.__name__ if isinstance(plugin, ModuleType) else type(plugin).__module__
        return plugin is not self and not module.startswith("_pytest.")

    def run(self, numbers: Sequence[int], *, until_failure: bool = True) -> Iterator[int]:
        """Run these items in this order; yields the number of each when it is done."""
        for at, number in enumerate(numbers):
            self._running = number
            plain = self._how(number)
            if plain is not None:
                self._call(plain)
            else:
                following = self.items[numbers[at + 1]] if at + 1 < len(numbers) else None
                self._protocol(number, following)
            self._running = None
            yield number
            if until_failure and self.failures:
                return

    def first_failure(self, numbers: Sequence[int]) -> Failure | None:
        """Run these up to the first failure, and forget it."""
        for _ in self.run(numbers):
            pass
        failures, self.failures = self.failures, []
        return failures[0] if failures else None

    def _call(self, plain: Plain) -> None:
        try:
            plain.run()
        except _NO_FAILURE:
            pass
        except BaseException as error:
            self._failed(error)

    def _protocol(self, number: int, following: pytest.Item | None) -> None:
        item = self.items[number]
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        except (KeyboardInterrupt, pytest.exit.Exception) as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        number = self._running
        name = "pytest" if number is None else self.items[number].nodeid
        self.failures.append(Failure(number, name, reason_of(error)))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failures.append(Failure(None, report.nodeid, str(report.longrepr).strip()[-2000:]))

    def pytest_runtest_makereport(self, call: pytest.CallInfo[Any]) -> None:
        self._error = call.excinfo.value if call.excinfo is not None else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            error, said = self._error, str(report.longrepr)
            reason = said.strip().rsplit("\n", 1)[-1][:300] if error is None else reason_of(error)
            self.failures.append(Failure(self._running, report.nodeid, reason))


def reason_of(error: BaseException) -> str:
    """The first line of what an exception says, with its type."""
    try:
        said = str(error)
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}".strip(": \n").split("\n", 1)[0][:300]


def _plain(item: pytest.Item, runner: Runner) -> Plain | None:
    """How to run the item without pytest; None where pytest or a plugin might do more."""
    if type(item) is not pytest.Function or type(item.parent) not in (pytest.Module, pytest.Class):
        return None
    caught = _warnings_of(item.config)
    if caught is None or any(mark.name != "parametrize" for mark in item.iter_markers()) or runner.is_hooked(item):
        return None
    code = inspect.unwrap(item.obj)
    if hasattr(item.obj, "hypothesis") or inspect.iscoroutinefunction(code) or inspect.isasyncgenfunction(code):
        return None
    values, fixtures = _sources(item)
    if fixtures is None:
        return None
    return Plain(_function_of(item), tuple(item._fixtureinfo.argnames), values, fixtures, caught)


def _function_of(item: pytest.Function) -> Callable[[], Callable[..., Any]]:
    """What gives the test's function: for one in a class, with a new object each time."""
    function, owner = item.obj, item.cls
    if owner is None:
        return lambda: function
    return lambda: getattr(owner(), item.originalname)


def _sources(item: pytest.Function) -> tuple[Mapping[str, Any], Mapping[str, Source] | None]:
    """The item's parameters and its fixtures; None for fixtures of which one is not plain."""
    callspec = getattr(item, "callspec", None)
    parameters: Mapping[str, Any] = callspec.params if callspec is not None else {}
    values: dict[str, Any] = {}
    fixtures: dict[str, Source] = {}
    for name in item.fixturenames:
        definitions = item._fixtureinfo.name2fixturedefs.get(name)
        if not definitions:
            return values, None
        definition = definitions[-1]
        if name in parameters and definition.func.__name__ == "get_direct_param_fixture_func":
            values[name] = parameters[name]
        elif name not in parameters and _is_plain(definition):
            fixtures[name] = (definition.func, tuple(definition.argnames))
        else:
            return values, None
    return values, fixtures


def _is_plain(definition: Any) -> bool:
    function = definition.func
    simple = isinstance(function, FunctionType) and "." not in function.__qualname__ and definition.params is None
    ends = simple and not inspect.isgeneratorfunction(function) and not inspect.iscoroutinefunction(function)
    mine = definition.argname not in definition.argnames and not function.__module__.startswith("_pytest.")
    return ends and mine and definition.scope == "function"


def _warnings_of(config: pytest.Config) -> Callable[[], AbstractContextManager[Any]] | None:
    """What catches a test's warnings as pytest does; None when we cannot do the same."""
    configured = getattr(config, "_catch_configured_warnings", None)
    if configured is not None and (config.getini("filterwarnings") or config.known_args_namespace.pythonwarnings):
        return lambda: configured(record=True)
    if config.getini("filterwarnings") or config.known_args_namespace.pythonwarnings:
        return None
    return lambda: warnings.catch_warnings(record=True)


def _logs(value: object) -> bool:
    """True for what can write to a log, which pytest would look at."""
    return value is logging or isinstance(value, logging.Logger) or getattr(value, "__module__", None) == "logging"
