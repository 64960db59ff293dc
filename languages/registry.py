"""Which language a file is in."""

from __future__ import annotations

from pathlib import PurePath

from languages.elixir import ELIXIR
from languages.go import GO
from languages.language import Language
from languages.python import PYTHON
from languages.syntax import GrammarName

LANGUAGES: tuple[Language, ...] = (ELIXIR, GO, PYTHON)


def language_of(path: PurePath | str) -> Language | None:
    """The language of a file, by its suffix; None when it is none of ours."""
    suffix = PurePath(path).suffix
    return next((language for language in LANGUAGES if suffix in language.suffixes), None)


def companion_of(path: PurePath | str) -> Language | None:
    """The language with which a file is judged that is not written in it, such as a template; None for all others."""
    name = PurePath(path).name
    return next((language for language in LANGUAGES if name.endswith(language.companions or ("\0",))), None)


def language_named(name: str) -> Language | None:
    """The language with this name ("go") or LSP language id."""
    return next((language for language in LANGUAGES if language.name == name), None)


def language_of_grammar(name: GrammarName) -> Language:
    """The language whose grammar a tree has."""
    return next(language for language in LANGUAGES if language.name == name)
