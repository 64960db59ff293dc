"""All injectors, by language, check and weakness. A family's file is imported when its language is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import get_args

from languages.errors import CoderError
from languages.injection.planting import Injector
from languages.syntax import GrammarName

#: The files of each language's families, below `languages.injection`; each has a tuple `INJECTORS`.
_FAMILIES: Mapping[GrammarName, tuple[str, ...]] = {
    "elixir": ("elixir_style", "elixir_security", "elixir_configuration"),
    "go": ("go_security", "go_style"),
    "python": ("python_style", "python_structure", "python_security", "python_secrets", "python_web"),
}


def injectors(
    language: GrammarName | None = None, *, check: str | None = None, cwe: str | None = None
) -> tuple[Injector, ...]:
    """The injectors of `language` (None: of all), of `check` (an id such as "B608"), of `cwe` (such as "CWE-89").

    Raises `CoderError` for a language, check or weakness that no injector has: `unknown_language`, `unknown_check`,
    `unknown_cwe`. A check of another language is known, and gives nothing.
    """
    if language is not None and language not in _FAMILIES:
        raise _unknown("language", language, set(_FAMILIES))
    if check is not None:
        _refuse_unknown("check", check, {injector.check for injector in _all()})
    if cwe is not None:
        _refuse_unknown("cwe", cwe, {injector.cwe for injector in _all() if injector.cwe is not None})
    found = _all() if language is None else _of(language)
    return tuple(each for each in found if check in (None, each.check) and cwe in (None, each.cwe))


@cache
def _of(language: GrammarName) -> tuple[Injector, ...]:
    modules = (import_module(f"languages.injection.{family}") for family in _FAMILIES[language])
    return tuple(injector for module in modules for injector in module.INJECTORS)


def _all() -> tuple[Injector, ...]:
    return tuple(injector for language in get_args(GrammarName) for injector in _of(language))


def _refuse_unknown(what: str, name: str, known: set[str]) -> None:
    if name not in known:
        raise _unknown(what, name, known)


def _unknown(what: str, name: str, known: set[str]) -> CoderError:
    near = get_close_matches(name, sorted(known), n=3, cutoff=0.5) or sorted(known)[:3]
    return CoderError(
        f"no violation is planted for the {what} {name!r}; near it there are {', '.join(near)}", code=f"unknown_{what}"
    )
