"""Which test framework a file is for, and which libraries its tests lean on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from languages.errors import CoderError
from languages.frameworks.framework import Framework
from languages.registry import LANGUAGES, language_named

#: In the order of asking whose a file is.
FRAMEWORKS: tuple[Framework, ...] = tuple(framework for language in LANGUAGES for framework in language.frameworks())

#: What a file says when its tests use a library; by the language of the file.
_LIBRARIES: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    "elixir": {
        "stream_data": re.compile(r"^\s*(?:use ExUnitProperties|import StreamData)\b", re.MULTILINE),
        "live_view_test": re.compile(r"^\s*import Phoenix\.LiveViewTest\b", re.MULTILINE),
    },
    "go": {
        "fuzzing": re.compile(r"^func Fuzz\w*\(\w+ \*testing\.F\)", re.MULTILINE),
        "testify": re.compile(r'"github\.com/stretchr/testify/'),
    },
    "python": {"hypothesis": re.compile(r"^\s*(?:import hypothesis|from hypothesis\b)", re.MULTILINE)},
}


@dataclass(frozen=True, slots=True)
class Recognition:
    """The framework of a test file, and the names of libraries its tests use ("hypothesis")."""

    framework: Framework
    libraries: frozenset[str]


def recognise(path: PurePath | str, text: str) -> Recognition | None:
    """What the tests in a file are written for; None when there are none that we know."""
    path = PurePath(path)
    framework = next((framework for framework in FRAMEWORKS if framework.recognises(path, text)), None)
    if framework is None:
        return None
    patterns = _LIBRARIES[framework.language]
    return Recognition(framework, frozenset(name for name, pattern in patterns.items() if pattern.search(text)))


def framework_named(name: str) -> Framework:
    """The framework with this name; raises `CoderError` (`unknown_framework`) for one we do not know."""
    found = next((framework for framework in FRAMEWORKS if framework.name == name), None)
    if found is None:
        known = ", ".join(framework.name for framework in FRAMEWORKS)
        raise CoderError(f"there is no test framework {name!r}; give one of {known}", code="unknown_framework")
    return found


def usual_framework(language: str) -> Framework:
    """What new tests of a language are written for, where a project says nothing else.

    Raises `CoderError` (`unknown_language`) for a language that we do not know.
    """
    known = language_named(language)
    if known is None:
        raise CoderError(f"there are no tests for {language!r}; give elixir, go or python", code="unknown_language")
    return known.frameworks()[-1]
