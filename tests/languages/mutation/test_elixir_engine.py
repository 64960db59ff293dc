from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from languages.mutation import elixir_engine
from languages.mutation.options import MutationOptions
from languages.mutation.report import stryker_report
from languages.mutation.results import MutationRun
from tests.languages.mutation.elixir_projects import PLAIN, contents, mutate, outcome, write
from tests.tools import require_tool


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> MutationRun:
    """A plain folder, whose code has CRLF, through one VM."""
    require_tool("elixir")
    folder = write(tmp_path_factory.mktemp("shop"), PLAIN)
    run = mutate(folder, "lib/shop.ex")
    assert contents(folder) == {folder / name: text.encode() for name, text in PLAIN.items()}
    return run


@pytest.mark.parametrize(
    ("line", "replacement", "status"),
    [
        ("total = n", "/", "Killed"),
        ("total > 10", ">=", "Survived"),
        ("total - 1", "+", "NoCoverage"),
        ("x + 4", "5", "NoCoverage"),
        ("if i >= n", "-", "Timeout"),
        ("when i < n", "<=", "Survived"),
        ("def kind({:ok", "nil", "Killed"),
        ("def kind(_)", "", "Survived"),
        ("R.one(1)", "2", "CompileError"),
        ("R.one(1)", "nil", "Killed"),
        ("R.steps(3)", "4", "Survived"),
        ("@small 7", "8", "Survived"),
        ("if x == 1", "!=", "Killed"),
        (":fine", ":mutant", "Killed"),
        ("&(&1 + 1)", "-", "Killed"),
        ("Agent.update", "nil", "Killed"),
    ],
)
def test_verdicts(shop: MutationRun, line: str, replacement: str, status: str) -> None:
    assert outcome(shop, line, replacement).status == status


def test_who_noticed_and_why(shop: MutationRun) -> None:
    killed = outcome(shop, "when is_integer", "")
    assert killed.mutant.operator == "guard"
    assert killed.killed_by == "test/shop_test.exs::ShopTest.test price of nothing"
    assert "Expected exception FunctionClauseError" in (killed.reason or "")
    assert killed.covered_by == (
        "test/shop_test.exs::ShopTest.doctest module Shop (1)",
        "test/shop_test.exs::ShopTest.test price of two",
        "test/shop_test.exs::ShopTest.test price of nothing",
    )
    halted = outcome(shop, "if x == 1", "!=")
    assert halted.killed_by is None
    assert "ended" in (halted.reason or "")
    assert "no function clause matching in Shop.within/2" in (outcome(shop, "defp within(_n", "").reason or "")


def test_tests_that_are_left_out_cover_nothing(shop: MutationRun) -> None:
    names = {name for o in shop.outcomes for name in o.covered_by}
    assert not {name for name in names if "skipped" in name or "slow" in name}
    assert len(names) == 11


def test_the_report_can_be_written(shop: MutationRun) -> None:
    (file,) = stryker_report([shop])["files"].values()
    assert file["language"] == "elixir"
    assert len(file["mutants"]) == len(shop.outcomes) == shop.generated
    assert MutationRun.from_json(shop.to_json()) == shop


def test_the_same_from_several_vms_however_they_are_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("elixir")
    monkeypatch.setattr(elixir_engine, "_WORTH_A_VM", 1)
    folder = write(tmp_path, PLAIN)
    seen: list[Sequence[str]] = []

    def confine(command: Sequence[str], project: Path) -> Sequence[str]:
        seen.append(command)
        assert project == tmp_path
        return ["env", *command]

    told: list[tuple[int, int]] = []
    options = MutationOptions(sample=12, seed=5, parallel=1, progress=lambda done, of: told.append((done, of)))
    first = mutate(folder, "lib/shop.ex", options)
    covered = sum(outcome.status != "NoCoverage" for outcome in first.outcomes)
    assert told == [(done, covered) for done in range(1, covered + 1)]
    assert mutate(folder, "lib/shop.ex", MutationOptions(sample=12, seed=5, parallel=2, confine=confine)) == first
    assert len(first.outcomes) == 12 < first.generated
    assert len(seen) == 2


def test_what_depends_on_a_macro_is_compiled_again(tmp_path: Path) -> None:
    require_tool("elixir")
    run = mutate(write(tmp_path, PLAIN), "lib/rates.ex")
    assert outcome(run, "unquote(x) * 2", "3").status == "Killed"
    assert outcome(run, "unquote(x) - 5", "+").status == "NoCoverage"
    assert outcome(run, "i * 10", "11").killed_by == "test/shop_test.exs::ShopTest.test third"
    assert outcome(run, "@rate 3", "4").status == "Killed"
    assert outcome(run, "defmacro one", "2", "pattern").status == "CompileError"
