"""Put a mutant into a module that is already imported, by giving its functions new code, and take it out again.

Functions keep their identity, so whoever holds one (`from shop import price`, a registered callback, a closure) runs
the mutant. Only the function around the mutant is compiled, inside the heads of the classes around it.
"""

from __future__ import annotations
import __future__

import ast
import gc
import os
from collections.abc import Iterator
from types import CodeType, FunctionType

_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: A code object by its qualified name and first line.
Key = tuple[str, int]


class NotSwappableError(Exception):
    """The mutant lies in no function that can be given new code; the module must be imported anew."""


class SameCodeError(Exception):
    """The mutant compiles to the original's code, so no test can tell them apart."""


class LiveModule:
    """The functions of the file `path` that exist now, and its source."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path = path
        self._source = source
        self._flags = compile(source.decode(), path, "exec", dont_inherit=True).co_flags & _FUTURE
        self._starts = [0, *(at + 1 for at, byte in enumerate(source) if byte == 10), len(source)]
        self._units = [*_units(ast.parse(source.decode()).body, ())]
        self._originals: dict[tuple[int, int], tuple[object, list[object]]] = {}
        self._swapped: list[tuple[FunctionType, CodeType]] = []
        self._functions: dict[Key, list[FunctionType]] = {}
        for function in _functions_of(os.path.realpath(path)):
            self._functions.setdefault(_key(function.__code__), []).append(function)

    def swap(self, start: int, end: int, replacement: str) -> None:
        """Let every function around these bytes run the mutant; raises `NotSwappableError` or `SameCodeError`."""
        line = self._source.count(b"\n", 0, start) + 1
        unit = next((unit for unit in self._units if unit[0] <= line <= unit[1]), None)
        if unit is None:
            raise NotSwappableError
        if unit[:2] not in self._originals:
            original = self._compiled(unit, start, start, b"")
            self._originals[unit[:2]] = essence(original), [*map(essence, _inner(original))]
        whole, parts = self._originals[unit[:2]]
        compiled = self._compiled(unit, start, end, replacement.encode())
        if essence(compiled) == whole:
            raise SameCodeError
        functions = [*_inner(compiled)]
        if [*map(essence, functions)] == parts:
            raise NotSwappableError
        self._replace([code for code in functions if code.co_firstlineno <= line])

    def restore(self) -> None:
        """Give every function its own code again."""
        while self._swapped:
            function, code = self._swapped.pop()
            function.__code__ = code

    def _replace(self, codes: list[CodeType]) -> None:
        keys = [_key(code) for code in codes]
        if len(set(keys)) < len(keys) or not any(key in self._functions for key in keys):
            raise NotSwappableError
        for key, code in zip(keys, codes, strict=True):
            for function in self._functions.get(key, ()):
                self._swapped.append((function, function.__code__))
                try:
                    function.__code__ = code
                except ValueError as error:  # the mutant closes over other variables
                    self.restore()
                    raise NotSwappableError from error

    def _compiled(self, unit: Unit, start: int, end: int, replacement: bytes) -> CodeType:
        """A unit in which bytes are replaced; its lines have their places in the file."""
        first, last, heads = unit
        text, row = b"", 1
        for head, head_end in heads:
            text += b"\n" * (head - row) + self._source[self._starts[head - 1] : self._starts[head_end]]
            row = head_end + 1
        text += b"\n" * (first - row) + self._source[self._starts[first - 1] : start] + replacement
        text += self._source[end : self._starts[min(last, len(self._starts) - 1)]]
        code: CodeType = compile(text.decode(), self._path, "exec", self._flags, dont_inherit=True)
        return code


#: First and last line of a function, and of the heads of the classes around it.
Unit = tuple[int, int, tuple[tuple[int, int], ...]]


def _units(body: list[ast.stmt], heads: tuple[tuple[int, int], ...]) -> Iterator[Unit]:
    """The outermost functions, methods included; another statement at the top of the file is a unit of its own."""
    for node in body:
        if isinstance(node, ast.ClassDef) and _first_line(node.body[0]) > node.lineno:
            head = (node.lineno, _first_line(node.body[0]) - 1)
            yield from _units(node.body, (*heads, head))
        elif isinstance(node, _FUNCTIONS) or not heads:
            yield _first_line(node), node.end_lineno or 0, heads


def essence(code: CodeType) -> tuple[object, ...]:
    """What a code object does, without where it stands."""
    constants = tuple(
        essence(each) if isinstance(each, CodeType) else (type(each), repr(each)) for each in code.co_consts
    )
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_code, constants, counts, names, getattr(code, "co_exceptiontable", b"")


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
