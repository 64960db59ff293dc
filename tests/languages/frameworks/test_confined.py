from __future__ import annotations

from pathlib import Path

import pytest

from languages.cache_directory import cache_directory
from languages.errors import CoderError
from languages.frameworks import confined
from languages.frameworks.confined import run_confined
from languages.frameworks.ex_unit import ExUnit
from languages.frameworks.framework import Framework, TestReport, TestRun
from languages.frameworks.go_test import GoTest
from languages.frameworks.pytest import Pytest
from languages.frameworks.unittest import Unittest
from tests.languages.frameworks import test_ex_unit
from tests.tools import missing, require_tool

ESCAPE = """import os
import socket
import pytest


def test_the_network_is_gone():
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)


def test_the_project_cannot_be_changed():
    with pytest.raises(OSError):
        open("shop.py", "w")


def test_the_environment_is_not_ours():
    assert "CODER_TEST_SECRET" not in os.environ
"""
GO = 'package shop\n\nimport "testing"\n\nfunc TestOne(t *testing.T) {}\n'
UNITTEST = "import unittest\n\n\nclass ATest(unittest.TestCase):\n    def test_one(self):\n        pass\n"


@pytest.fixture(autouse=True)
def readable(tmp_path: Path) -> None:
    """Started by root, the sandbox becomes another user: a project has to be readable, as projects are."""
    tmp_path.chmod(0o755)


def confined_run(framework: Framework, folder: Path, *, timeout: float = 120, coverage: bool = False) -> TestReport:
    report = framework.run(TestRun(directory=folder, timeout=timeout, coverage=coverage, runner=run_confined))
    if report.failure is not None and report.failure.kind == "missing":
        missing(report.failure.reason)
    return report


def test_pytest_is_locked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODER_TEST_SECRET", "1")
    (tmp_path / "shop.py").write_text("x = 1\n")
    (tmp_path / "test_shop.py").write_text(ESCAPE)
    report = confined_run(Pytest(), tmp_path, coverage=True)
    assert [(result.outcome, result.message) for result in report.results] == [("passed", None)] * 3
    assert (tmp_path / "shop.py").read_text() == "x = 1\n"
    assert report.coverage["test_shop.py"].covered


def test_unittest_is_locked_in(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(UNITTEST)
    assert confined_run(Unittest(), tmp_path).passed


@pytest.mark.slow
def test_go_is_locked_in(tmp_path: Path) -> None:
    require_tool("go")
    (tmp_path / "go.mod").write_text("module example.test/shop\n\ngo 1.21\n")
    (tmp_path / "shop_test.go").write_text(GO)
    assert confined_run(GoTest(), tmp_path).passed


def test_mix_is_locked_in(tmp_path: Path) -> None:
    require_tool("elixir")
    files = {
        "mix.exs": test_ex_unit.PROJECT,
        "lib/cart.ex": test_ex_unit.SOURCE,
        "test/cart_test.exs": test_ex_unit.TESTS,
        "test/test_helper.exs": "ExUnit.start()\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    test_ex_unit.check_cart(confined_run(ExUnit(), tmp_path, coverage=True))


def test_a_folder_of_elixir_is_locked_in(tmp_path: Path) -> None:
    require_tool("elixir")
    lines = (
        "defmodule ATest do",
        "  use ExUnit.Case",
        '  test "a" do',
        "    assert {:error, _} = A.f()",
        "  end",
        "end",
    )
    (tmp_path / "a_test.exs").write_text("\n".join(lines))
    (tmp_path / "a.ex").write_text(f'defmodule A do\n  def f, do: File.write("{tmp_path}/ran", "")\nend\n')
    tmp_path.chmod(0o777)
    report = confined_run(ExUnit(), tmp_path)
    assert [(result.outcome, result.message) for result in report.results] == [("passed", None)]
    assert not (tmp_path / "ran").exists()


def test_a_test_that_hangs(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a():\n    while True:\n        pass\n")
    report = confined_run(Pytest(), tmp_path, timeout=2)
    assert report.failure is not None
    assert report.failure.kind == "timeout"


def test_a_machine_without_a_sandbox_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise CoderError("no way to confine", code="no_sandbox")

    monkeypatch.setattr(confined, "run", refuse)
    report = Pytest().run(TestRun(directory=tmp_path, runner=run_confined))
    assert report.failure is not None
    assert (report.failure.kind, report.failure.reason) == ("missing", "no way to confine")


def test_properties_of_hypothesis_are_tests(tmp_path: Path) -> None:
    (tmp_path / "test_sorting.py").write_text(
        "from hypothesis import given, strategies\n\n\n@given(strategies.lists(strategies.integers()))\n"
        "def test_sorting_keeps_the_order(values):\n    assert sorted(values) == values\n"
    )
    [result] = confined_run(Pytest(), tmp_path).results
    assert (result.outcome, result.line) == ("failed", 5)
    assert "values=[0, -1]" in (result.message or "")


def test_go_finds_the_standard_packages_built_and_cannot_change_them(tmp_path: Path) -> None:
    require_tool("go")
    (tmp_path / "go.mod").write_text("module example.test/shop\n\ngo 1.21\n")
    (tmp_path / "shop_test.go").write_text(
        'package shop\n\nimport (\n\t"os"\n\t"testing"\n)\n\nfunc TestOne(t *testing.T) {\n'
        '\tif err := os.WriteFile(os.Getenv("GOCACHE")+"/README", []byte("ours"), 0o644); err != nil {\n'
        "\t\tt.Fatal(err)\n\t}\n}\n"
    )
    first = confined_run(GoTest(), tmp_path)
    kept = max((cache_directory() / "go-builds").glob("*/packages"), key=lambda file: file.stat().st_mtime_ns)
    filled = kept.stat().st_mtime_ns
    assert {"os", "testing"} <= set(kept.read_text().split())
    again = confined_run(GoTest(), tmp_path)
    assert [[result.outcome for result in report.results] for report in (first, again)] == [["passed"]] * 2
    assert kept.stat().st_mtime_ns == filled
    assert (kept.parent / "cache" / "README").read_text() != "ours"
