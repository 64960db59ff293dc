from __future__ import annotations

from collections.abc import Iterator

import pytest

from languages.linters import catalogue
from languages.linters.catalogue import describe
from tests.tools import require_tool


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing remembered, before and after."""
    tables = (catalogue._ruff_rules, catalogue._bandit_tests, catalogue._go_vet_analyzers)
    for table in tables:
        table.cache_clear()
    yield
    for table in tables:
        table.cache_clear()


def test_a_ruff_rule() -> None:
    require_tool("ruff")
    rule = describe("ruff:F401")
    assert rule is not None
    assert (rule.name, rule.url) == ("unused-import", "https://docs.astral.sh/ruff/rules/unused-import")
    assert "imported but unused" in rule.summary


@pytest.mark.parametrize(
    ("label", "name", "summary"),
    [
        ("bandit:B101", "assert-used", "Test for use of assert"),
        ("bandit:B602", "subprocess-popen-with-shell-equals-true", "Test for use of popen with shell equals true"),
        ("bandit:B301", "pickle", "Pickle and modules that wrap it can be unsafe"),
    ],
)
def test_a_bandit_test(label: str, name: str, summary: str) -> None:
    require_tool("bandit")
    test = describe(label)
    assert test is not None
    assert test.name == name
    assert test.summary.startswith(summary)
    assert test.url.startswith("https://bandit.readthedocs.io/en/")


def test_every_bandit_test_has_a_summary() -> None:
    require_tool("bandit")
    assert [check for check, test in catalogue._bandit_tests().items() if not test.summary] == []


def test_a_vet_analyzer() -> None:
    require_tool("go")
    analyzer = describe("go vet:printf")
    assert analyzer is not None
    assert analyzer.url.endswith("/passes/printf")
    assert "Printf" in analyzer.summary


@pytest.mark.parametrize("label", ["ruff:NOPE1", "bandit:B000", "go vet:nope", "credo:X", "F401", ""])
def test_an_unknown_label(label: str) -> None:
    assert describe(label) is None


@pytest.mark.usefixtures("fresh")
def test_tools_that_are_missing_describe_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_program", lambda name: None)
    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    assert [describe(label) for label in ("ruff:F401", "bandit:B101", "go vet:printf")] == [None, None, None]
