from __future__ import annotations

import pytest

from languages.registry import LANGUAGES, language_named, language_of


@pytest.mark.parametrize(
    ("path", "name"),
    [("lib/a.ex", "elixir"), ("mix.exs", "elixir"), ("a/b.go", "go"), ("a.py", "python"), ("a.pyi", "python")],
)
def test_a_file_is_known_by_its_suffix(path: str, name: str) -> None:
    language = language_of(path)
    assert language is not None
    assert language.name == name
    assert language_named(name) is language


@pytest.mark.parametrize("path", ["README.md", "a.pyc", "py", "Makefile", ""])
def test_other_files_are_nobodys(path: str) -> None:
    assert language_of(path) is None


def test_an_unknown_name_is_nobodys() -> None:
    assert language_named("cobol") is None


def test_a_linter_is_named_once() -> None:
    names = [linter.name for language in LANGUAGES for linter in language.linters]
    go, elixir, python = ["go vet", "gofmt", "gosec", "staticcheck"], ["credo", "elixir", "sobelow"], ["bandit", "ruff"]
    assert sorted(names) == sorted([*go, *elixir, *python])
