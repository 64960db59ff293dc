"""Plain tables into typed dataclasses, strictly: unknown keys, wrong types and values out of bounds are errors.

It knows the few types that recipes use: bool, int, float, str, tuples of str, mappings and nested dataclasses. It
does not know what a recipe is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


class BadKeyError(Exception):
    """`key` (dotted) is wrong; `message` is a sentence without the place, which the caller knows."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
        self.message = message


def build(kind: type[T], table: Mapping[str, Any], at: str = "") -> T:
    """An instance of the dataclass `kind` from `table`; raises `BadKeyError`. `at` is the table's own key."""
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    values = {}
    for name, value in table.items():
        key = f"{at}.{name}" if at else name
        if name not in known:
            near = get_close_matches(name, list(known), n=1, cutoff=0.0)[0]
            raise BadKeyError(key, f'unknown key "{key}"; the nearest known one is "{f"{at}.{near}" if at else near}".')
        values[name] = _bounded(key, _converted(key, hints[name], value), known[name])
    for name, item in known.items():
        if name not in values and item.default is MISSING and item.default_factory is MISSING:
            raise BadKeyError(at, f'the key "{f"{at}.{name}" if at else name}" is missing.')
    return kind(**values)


def _converted(key: str, hint: Any, value: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return build(hint, _table(key, value), key)
    origin = get_origin(hint)
    if origin is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise BadKeyError(key, f'"{key}" must be a list of strings, not {value!r}.')
        return tuple(value)
    if origin is not None:
        inner = get_args(hint)[1]
        return {name: _converted(f"{key}.{name}", inner, item) for name, item in _table(key, value).items()}
    return _scalar(key, hint, value)


def _scalar(key: str, hint: Any, value: Any) -> Any:
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise BadKeyError(key, f'"{key}" must be {_NAMES[hint]}, not {value!r}.')
    return value


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadKeyError(key, f'"{key}" must be a table, not {value!r}.')
    return value


def _bounded(key: str, value: Any, item: Field[Any]) -> Any:
    minimum, maximum = item.metadata.get("minimum"), item.metadata.get("maximum")
    if minimum is not None and not value >= minimum:
        raise BadKeyError(key, f'"{key}" must be at least {minimum}, not {value!r}.')
    if maximum is not None and not value <= maximum:
        raise BadKeyError(key, f'"{key}" must be at most {maximum}, not {value!r}.')
    choices = item.metadata.get("choices")
    if choices and value not in choices:
        near = get_close_matches(value, choices, n=1, cutoff=0.0)[0]
        raise BadKeyError(key, f'"{key}" must be one of {", ".join(choices)}; "{value}" looks most like "{near}".')
    return value
