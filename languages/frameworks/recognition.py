"""Which test framework a file is for, and which libraries its tests lean on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from languages.errors import CoderError
from languages.frameworks.ex_unit import ExUnit
from languages.frameworks.framework import Framework
from languages.frameworks.go_test import GoTest
from languages.frameworks.pytest import Pytest
from languages.frameworks.unittest import Unittest

#: In the order of asking: a unittest case in a file that pytest would take too is unittest's.
FRAMEWORKS: tuple[Framework, ...] = (ExUnit(), GoTest(), Unittest(), Pytest())

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
    """What new tests of a language are written for, where a project says nothing else."""
    return framework_named({"elixir": "ex_unit", "go": "go_test"}.get(language, "pytest"))
