from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest

from languages.errors import CoderError
from languages.injection.catalogue import injectors
from languages.syntax import GrammarName


@pytest.mark.parametrize("language", get_args(GrammarName))
def test_a_language_has_its_own(language: GrammarName) -> None:
    found = injectors(language)
    assert found
    assert {injector.language for injector in found} == {language}


def test_all_languages() -> None:
    assert {injector.language for injector in injectors()} == set(get_args(GrammarName))


def test_a_check() -> None:
    (injector,) = injectors("python", check="B608")
    assert (injector.tool, injector.cwe) == ("bandit", "CWE-89")
    assert injectors("go", check="B608") == ()


def test_a_weakness_has_injectors_in_several_languages() -> None:
    found = injectors(cwe="CWE-89")
    assert {injector.cwe for injector in found} == {"CWE-89"}
    assert len({injector.language for injector in found}) > 1
    assert set(injectors("python", cwe="CWE-89")) < set(found)


def test_an_unknown_check_names_its_neighbours() -> None:
    with pytest.raises(CoderError, match=r"for the check 'B680'; near it there are .*B608") as caught:
        injectors(check="B680")
    assert caught.value.code == "unknown_check"


@pytest.mark.parametrize("cwe", ["CWE-0", "89", ""])
def test_an_unknown_weakness(cwe: str) -> None:
    with pytest.raises(CoderError, match="no violation is planted for the cwe") as caught:
        injectors(cwe=cwe)
    assert caught.value.code == "unknown_cwe"


def test_an_unknown_language() -> None:
    with pytest.raises(CoderError, match="'pyton'; near it there are python") as caught:
        injectors("pyton")  # type: ignore[arg-type]
    assert caught.value.code == "unknown_language"


def test_a_language_is_imported_when_it_is_asked_for() -> None:
    asked = (
        "import sys; from languages.injection.catalogue import injectors; "
        "assert not any('python_' in name for name in sys.modules if 'injection' in name); injectors('python'); "
        "assert 'languages.injection.python_web' in sys.modules; "
        "assert not any('elixir' in name or 'go_' in name for name in sys.modules if 'injection' in name)"
    )
    assert subprocess.run([sys.executable, "-c", asked], timeout=120).returncode == 0
