"""Is this process as it was before the tests ran? A snapshot of what tests and the code under test can change and see.

`State.snapshot` writes the mutable objects that the project's modules reach as a pickle that nobody reads: equal bytes
mean equal structure and equal values. Functions, classes and objects of other libraries stand as their identity. Beside
it goes what the process has: environment, folders, descriptors, threads, random numbers, and the like. An object whose
inside cannot be seen (a generator, an open file, a class of an extension) is an `UnreadableError`, never a guess.
"""

from __future__ import annotations

import functools
import gc
import io
import itertools
import operator
import os
import pickle
import re
import sys
import threading
import types
import weakref
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from types import ModuleType
from typing import Any

#: What changes without anyone noticing.
_UNSEEN = frozenset(
    {"__warningregistry__", "__slotnames__", "__weakref__", "__dict__", "_abc_impl", "__builtins__", "__spec__"}
)
#: Types of C whose own pickle tells everything.
_TOLD = (
    *(deque, defaultdict, OrderedDict, array, complex, range, slice),
    *((itertools.count, itertools.cycle) if sys.version_info < (3, 12) else ()),
)
#: Types of C whose parts never change, or are reached as their referents.
_TRANSPARENT = (
    *(staticmethod, classmethod, property, types.MethodType, functools.partial, types.MappingProxyType),
    *(types.GenericAlias, types.UnionType),
)
#: Types of C that have nothing that changes.
_CONSTANT = (
    *(types.BuiltinFunctionType, types.CodeType, types.WrapperDescriptorType, types.MethodDescriptorType),
    *(types.MemberDescriptorType, types.GetSetDescriptorType, types.ClassMethodDescriptorType),
    *(types.MethodWrapperType, re.Pattern, type(Ellipsis), type(NotImplemented), type(object.__reduce__)),
)
_BASES = (dict, list, tuple, set, frozenset, int, float, str, bytes, bytearray, complex, BaseException)
_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())
_CACHED = type(functools.lru_cache(id))
#: Modules of C whose objects never change and pickle whole, and modules whose objects only describe.
_VALUES, _DESCRIPTIONS = ("decimal", "datetime"), ("typing",)
_POINTER = 8
_FUNCTION_PARTS = operator.attrgetter("__code__", "__defaults__", "__kwdefaults__", "__closure__")


class UnreadableError(Exception):
    """Something cannot be seen into, so nothing can be said about the state."""


class State:
    """`modules` are the project's own; `values` is whatever else of its belongs to the state, such as parameters."""

    def __init__(self, modules: Sequence[ModuleType], values: object, process: Callable[[], object]) -> None:
        self._names = {module.__name__ for module in modules}
        self._modules = modules
        self._values = values
        self._process = process
        self._fixed: dict[int, Any] = {}
        self._kept: list[object] = []  # so that no other object gets the identity of one that was seen
        self._begins = False
        self._before: object = None
        self._plain: list[types.FunctionType] = []
        self._light: set[int] = set()

    def begin(self) -> None:
        """Remember what is now; raises `UnreadableError`."""
        self._begins, self._plain, self._light = True, [], set()
        self.snapshot()
        values = [value for module in self._modules for value in vars(module).values()]
        self._plain = [value for value in values if type(value) is types.FunctionType and self._is_plain(value)]
        self._light = {id(value) for value in values if id(value) in self._fixed} | {*map(id, self._plain)}
        self._before = self.snapshot()
        self._begins = False

    def unchanged(self) -> bool:
        """True when everything is as it was at the beginning."""
        try:
            return self.snapshot() == self._before
        except UnreadableError:
            return False

    def snapshot(self) -> tuple[object, ...]:
        """The state now; raises `UnreadableError`.

        Names of modules that stand for plain functions or for what never changes are compared by identity, without
        the pickle: most names are such.
        """
        process, light = self._process(), self._light
        names = [_visible(vars(module)) for module in self._modules]
        rest = [{name: value for name, value in each.items() if id(value) not in light} for each in names]
        file = io.BytesIO()
        try:
            _Writer(file, self).dump([rest, self._values])
        except (TypeError, ValueError, AttributeError, pickle.PicklingError, RecursionError) as error:
            raise UnreadableError(str(error)) from error
        known = [[(name, id(value) if id(value) in light else 0) for name, value in each.items()] for each in names]
        plain = [*map(_FUNCTION_PARTS, self._plain)], any(function.__dict__ for function in self._plain)
        return process, known, plain, file.getvalue()

    def _is_plain(self, function: types.FunctionType) -> bool:
        """True when there is nothing in the function that a test could change but its code."""
        parts = (function.__defaults__, function.__kwdefaults__, function.__closure__, function.__dict__)
        return function.__module__ in self._names and not any(parts)

    def reduced(self, thing: Any) -> Any:
        """What the pickle says of `thing`: its identity, then its parts."""
        fixed = self._fixed.get(id(thing))
        if fixed is not None:
            return fixed
        kind = type(thing)
        if thing is id or kind in _TOLD or kind.__module__ in _VALUES or (kind is type and thing in _TOLD):
            return NotImplemented
        parts = self._of_function(thing) if kind is types.FunctionType else self._parts(thing, kind)
        if self._begins or parts is None:
            self._kept.append(thing)
        if parts is not None:
            return id, (id(thing),), (parts,)
        self._fixed[id(thing)] = fixed = id, (id(thing),)
        return fixed

    def _parts(self, thing: Any, kind: type) -> object:
        """None for what never changes."""
        if kind in _CONSTANT or issubclass(kind, ModuleType) or kind.__module__ in _DESCRIPTIONS or _is_stream(thing):
            return None
        if kind is types.CellType:
            return thing.cell_contents if _filled(thing) else (), 0
        if isinstance(thing, type):
            return _visible(vars(thing)) if thing.__module__ in self._names else None
        if kind is _CACHED:
            return tuple(thing.cache_info()), _visible(thing.__dict__)
        if kind in _TRANSPARENT:
            return gc.get_referents(thing)
        if kind is _LOCK:
            return thing.locked()
        if kind is _RLOCK:
            return repr(thing)
        if issubclass(kind, weakref.ref):
            return thing() is None
        if kind.__module__.startswith("_pytest.") and not kind.__module__.startswith("_pytest.mark"):
            return getattr(thing, "_fixture_function", None)
        return _of_instance(thing, kind)

    def _of_function(self, function: types.FunctionType) -> object:
        if function.__module__ not in self._names:
            return None
        parts = (function.__defaults__, function.__kwdefaults__, function.__closure__, function.__dict__ or None)
        return (id(function.__code__), *parts) if any(parts) else id(function.__code__)


class _Writer(pickle.Pickler):
    """A pickler for which `state` reduces every object that is not plain data."""

    def __init__(self, file: io.BytesIO, state: State) -> None:
        super().__init__(file, 5)
        setattr(self, "reducer_override", state.reduced)  # noqa: B010 (half the time of a method that passes it on)


def _of_instance(thing: Any, kind: type) -> object:
    """The attributes, slots and elements of an instance of a class that is written in Python."""
    slots = _slots(kind)
    base = next((base for base in _BASES if issubclass(kind, base)), object)
    size = base.__basicsize__ + _POINTER * (len(slots) + bool(kind.__dictoffset__) + bool(kind.__weakrefoffset__))
    if kind.__basicsize__ > size and not issubclass(kind, BaseException):
        raise UnreadableError(kind.__qualname__)
    inside = [_attribute(thing, name) for name in slots]
    return _visible(_attribute(thing, "__dict__") or {}), inside, _elements(thing, base)


def _attribute(thing: object, name: str) -> Any:
    """Without asking the project's code; None for a slot that is empty."""
    try:
        return object.__getattribute__(thing, name)
    except AttributeError:
        return None


def _elements(thing: Any, base: Any) -> object:
    """What the instance of a subclass of a built-in type holds as one."""
    if base is dict:
        return [*dict.items(thing)]
    if base in (list, tuple, set, frozenset):
        return [*base.__iter__(thing)]
    if base is BaseException:
        return thing.args
    return None if base is object else base.__repr__(thing)


@functools.cache
def _slots(kind: type) -> tuple[str, ...]:
    found: list[str] = []
    for base in kind.__mro__:
        members = (name for name, value in vars(base).items() if type(value) is types.MemberDescriptorType)
        found += members if base.__flags__ & (1 << 9) else ()
    return tuple(found)


def _visible(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in _UNSEEN}


def _filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (asking is what tells)
    except ValueError:
        return False
    return True


def _is_stream(thing: object) -> bool:
    return thing in (sys.stdin, sys.stdout, sys.stderr) if isinstance(thing, io.IOBase) else False


def own_modules(before: Collection[str]) -> tuple[list[ModuleType], bool]:
    """The project's modules among those imported since `before`; True when they use the standard library alone."""
    system = os.path.dirname(os.__file__)
    modules = [module for name, module in [*sys.modules.items()] if name not in before and type(module) is ModuleType]
    own = [module for module in modules if _is_own(module, system)]
    values = [value for module in own for value in vars(module).values()]
    used = {value.__name__ if isinstance(value, ModuleType) else _module_of(value) for value in values}
    known = {module.__name__.partition(".")[0] for module in own} | {"pytest", "_pytest"} | sys.stdlib_module_names
    return own, {name.partition(".")[0] for name in used if name} <= known


def _module_of(value: object) -> str:
    name = getattr(value, "__module__", None) or type(value).__module__
    return name if isinstance(name, str) else ""


def _is_own(module: ModuleType, system: str) -> bool:
    file = getattr(module, "__file__", None) or ""
    return bool(file) and "-packages" + os.sep not in file and not file.startswith(system + os.sep)
