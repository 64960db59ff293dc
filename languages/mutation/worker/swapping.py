"""Put a mutant into a module that is already imported, by giving its functions new code; or into one that is not yet.

Functions keep their identity, so whoever holds one (`from shop import price`, a registered callback, a closure) runs
the
mutant. Only the top-level definition around the mutant is compiled.
"""

from __future__ import annotations
import __future__

import ast
import gc
import os
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
#: A code object by its qualified name and first line.
Key = tuple[str, int]


class NotSwappableError(Exception):
    """The mutant lies in no function that can be given new code; the module must be imported anew."""


class LiveModule:
    """The functions of the file `path` that exist now, and its source."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path = path
        self._source = source
        self._flags = compile(source, path, "exec", dont_inherit=True).co_flags & _FUTURE
        self._starts = [0, *(at + 1 for at, byte in enumerate(source) if byte == 10), len(source)]
        self._units = [(_first_line(node), node.end_lineno or 0) for node in ast.parse(source).body]
        self._functions: dict[Key, list[FunctionType]] = {}
        for function in _functions_of(os.path.realpath(path)):
            self._functions.setdefault(_key(function.__code__), []).append(function)

    def swap(self, start: int, end: int, replacement: str) -> None:
        """Let every function around these bytes run the mutant; raises `NotSwappableError`."""
        line = self._source.count(b"\n", 0, start) + 1
        codes = [code for code in self._compiled(line, start, end, replacement) if code.co_firstlineno <= line]
        keys = [_key(code) for code in codes]
        if len(set(keys)) < len(keys) or not any(key in self._functions for key in keys):
            raise NotSwappableError
        for key, code in zip(keys, codes, strict=True):
            for function in self._functions.get(key, ()):
                try:
                    function.__code__ = code
                except ValueError as error:  # the mutant closes over other variables
                    raise NotSwappableError from error

    def _compiled(self, line: int, start: int, end: int, replacement: str) -> Iterator[CodeType]:
        unit = next(((first, last) for first, last in self._units if first <= line <= last), None)
        if unit is None:
            raise NotSwappableError
        before = self._source[self._starts[unit[0] - 1] : start]
        after = self._source[end : self._starts[unit[1]]]
        text = "\n" * (unit[0] - 1) + (before + replacement.encode() + after).decode()
        return _inner(compile(text, self._path, "exec", self._flags, dont_inherit=True))


def import_mutated(path: str, source: bytes, start: int, end: int, replacement: str) -> None:
    """Whoever imports the file `path` from now on, in this process, gets the mutant."""
    target = os.path.realpath(path)
    code = compile(source[:start] + replacement.encode() + source[end:], path, "exec", dont_inherit=True)
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> Any:
        if os.path.realpath(self.get_filename(fullname)) == target:
            return code
        return original(self, fullname)

    setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010 (a method is replaced on purpose)


def _functions_of(target: str) -> Iterator[FunctionType]:
    known: dict[str, bool] = {}
    for thing in gc.get_objects():
        if type(thing) is FunctionType:
            name = thing.__code__.co_filename
            if name not in known:
                known[name] = os.path.realpath(name) == target
            if known[name]:
                yield thing


def _inner(code: CodeType) -> Iterator[CodeType]:
    """The code of functions and lambdas inside `code`; comprehensions belong to the function around them."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if not constant.co_name.startswith("<") or constant.co_name == "<lambda>":
                yield constant
            yield from _inner(constant)


def _key(code: CodeType) -> Key:
    return getattr(code, "co_qualname", code.co_name), code.co_firstlineno


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])
