from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

from languages.frameworks.ex_unit import ExUnit
from languages.frameworks.framework import TestReport, TestResult, TestRun
from languages.frameworks.rows import ex_unit_coverage, ex_unit_results, json_rows
from languages.workers.beam import BeamWorker
from tests.languages.fakes import TOOLS, fake_program
from tests.tools import require_tool

SOURCE = "defmodule Cart do\n  def total(n) when n < 0, do: 0\n  def total(n), do: 3 * n\n  def unused, do: 1\nend\n"
TESTS = """defmodule CartTest do
  use ExUnit.Case

  test "total" do
    assert Cart.total(2) == 6
  end

  test "wrong" do
    assert Cart.total(1) == 4
  end

  @tag :skip
  test "later" do
  end
end
"""
PROJECT = """defmodule Cart.MixProject do
  use Mix.Project
  def project, do: [app: :cart, version: "0.1.0"]
end
"""


@pytest.fixture(scope="module")
def worker() -> Iterator[BeamWorker]:
    require_tool("elixir")
    with BeamWorker() as worker:
        yield worker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "lib/cart.ex": SOURCE,
        "test/cart_test.exs": TESTS,
        "test/test_helper.exs": "ExUnit.start()\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def recorded(name: str) -> dict[str, TestResult]:
    results = ex_unit_results(json_rows((TOOLS / "exunit" / name).read_text()))
    return {result.name: result for result in results}


def check_cart(report: TestReport) -> None:
    assert report.failure is None
    by_name = {result.name: result for result in report.results}
    assert {name: result.outcome for name, result in by_name.items()} == {
        "CartTest test total": "passed",
        "CartTest test wrong": "failed",
        "CartTest test later": "skipped",
    }
    wrong = by_name["CartTest test wrong"]
    assert (wrong.file, wrong.line) == ("test/cart_test.exs", 8)
    assert "left:  3" in (wrong.message or "")
    lines = report.coverage["lib/cart.ex"]
    assert (lines.covered, lines.missed) == ({2}, {1, 3})


@pytest.mark.parametrize("name", ["lines.jsonl", "lines_1.18.jsonl"])
def test_a_recorded_run(name: str) -> None:
    results = recorded(name)
    assert results["CartTest test total/1 of nothing is zero"].outcome == "passed"
    assert results["CartTest doctest Cart.double/1 (1)"].outcome == "passed"
    assert results["CartTest test not written yet"].outcome == "skipped"
    failed = results["CartTest test total/1 multiplies price by count"]
    assert (failed.outcome, failed.file, failed.line) == ("failed", "test/cart_test.exs", 10)
    assert failed.seconds > 0
    invalid = results["SetupTest test never runs"]
    assert (invalid.outcome, invalid.line) == ("error", 7)
    assert "database is not there" in (invalid.message or "")


def test_coverage_of_rows() -> None:
    row = '{"event": "coverage", "file": "lib/a.ex", "lines": [[2, 5], [4, 0]]}'
    lines = ex_unit_coverage(json_rows(row))["lib/a.ex"]
    assert (lines.covered, lines.missed, lines.ratio) == ({1}, {3}, 0.5)


def test_a_folder_without_a_project(worker: BeamWorker, folder: Path) -> None:
    check_cart(ExUnit(worker=worker).run(TestRun(directory=folder, coverage=True)))


def test_a_mix_project(folder: Path) -> None:
    require_tool("elixir")
    (folder / "mix.exs").write_text(PROJECT)
    check_cart(ExUnit().run(TestRun(directory=folder, tests=(PurePath("test/cart_test.exs"),), coverage=True)))


def test_a_mix_project_that_does_not_compile(folder: Path) -> None:
    require_tool("elixir")
    (folder / "mix.exs").write_text(PROJECT)
    (folder / "lib/cart.ex").write_text("defmodule Cart do\n  def total(n), do: nope(n)\nend\n")
    failure = ExUnit().run(TestRun(directory=folder)).failure
    assert failure is not None
    assert "undefined function nope/1" in failure.reason


def test_code_that_does_not_compile(worker: BeamWorker, folder: Path) -> None:
    (folder / "lib/cart.ex").write_text(SOURCE.replace("3 * n", "nope(n)"))
    [result] = ExUnit(worker=worker).run(TestRun(directory=folder)).results
    assert (result.outcome, result.file, result.line) == ("error", "lib/cart.ex", 2)


def test_a_test_file_that_is_not_there(worker: BeamWorker, folder: Path) -> None:
    failure = ExUnit(worker=worker).run(TestRun(directory=folder, tests=(PurePath("nowhere_test.exs"),))).failure
    assert failure is not None
    assert "nowhere_test.exs cannot be read" in failure.reason


def test_a_test_that_hangs_fails_alone(worker: BeamWorker, folder: Path) -> None:
    hanging = TESTS.replace("assert Cart.total(1) == 4", "Process.sleep(:infinity)")
    (folder / "test/cart_test.exs").write_text(hanging)
    report = ExUnit(worker=worker).run(TestRun(directory=folder, timeout=1))
    by_name = {result.name: result for result in report.results}
    assert by_name["CartTest test total"].outcome == "passed"
    assert "timed out" in (by_name["CartTest test wrong"].message or "")


def test_an_elixir_that_hangs(tmp_path: Path) -> None:
    (tmp_path / "mix.exs").write_text(PROJECT)
    program = fake_program(tmp_path, "sleep 60")
    failure = ExUnit(elixir=program).run(TestRun(directory=tmp_path, timeout=0.3)).failure
    assert failure is not None
    assert failure.kind == "timeout"


@pytest.mark.parametrize(
    ("source", "tests"),
    [
        ("lib/shop/cart.ex", "test/shop/cart_test.exs"),
        ("apps/shop/lib/cart.ex", "apps/shop/test/cart_test.exs"),
        ("cart.ex", "test/cart_test.exs"),
    ],
)
def test_where_tests_belong(source: str, tests: str) -> None:
    assert ExUnit().test_path(PurePath(source)) == PurePath(tests)
