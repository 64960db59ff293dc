from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from languages.frameworks.framework import TestReport, TestRun
from languages.frameworks.go_test import GoTest, go_coverage, go_test_report
from tests.languages.fakes import TOOLS, fake_program
from tests.tools import require_tool

MODULE = "example.test/suite"
SOURCE = "package shop\n\nfunc Cost(n int) int {\n\tif n < 0 {\n\t\treturn 0\n\t}\n\treturn 3 * n\n}\n"
TESTS = """package shop

import "testing"

func TestCost(t *testing.T) {
	if Cost(2) != 6 {
		t.Fatal("no")
	}
}

func TestWrong(t *testing.T) {
	t.Errorf("Cost(1) = %d, want %d", Cost(1), 4)
}

func TestLater(t *testing.T) { t.Skip("not yet") }
"""


def recorded(name: str) -> TestReport:
    return go_test_report((TOOLS / "go-test" / f"{name}.jsonl").read_text(), MODULE)


def outcomes(report: TestReport) -> dict[str, str]:
    return {result.name.removeprefix(f"{MODULE}/"): result.outcome for result in report.results}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.test/shop\n\ngo 1.21\n")
    (tmp_path / "shop.go").write_text(SOURCE)
    (tmp_path / "shop_test.go").write_text(TESTS)
    return tmp_path


def test_recorded_failures_know_their_place() -> None:
    report = recorded("fail")
    assert outcomes(report) == {
        "fail.TestGood": "passed",
        "fail.TestWrong": "failed",
        "fail.TestGroup": "failed",
        "fail.TestGroup/ok": "passed",
        "fail.TestGroup/bad": "failed",
        "fail.TestGroup/nested": "failed",
        "fail.TestGroup/nested/deep": "failed",
    }
    by_name = {result.name.split(".")[-1]: result for result in report.results}
    wrong, bad = by_name["TestWrong"], by_name["TestGroup/bad"]
    assert (wrong.file, wrong.line) == ("fail/fail_test.go", 12)
    assert wrong.message is not None
    assert "Clamp(3, 0, 2) = 2, want 3" in wrong.message
    assert (bad.file, bad.line) == ("fail/fail_test.go", 17)
    assert "with two lines" in (bad.message or "")
    assert by_name["TestGood"].message is None


def test_all_tests_that_pass() -> None:
    report = recorded("pass")
    assert report.passed
    assert set(outcomes(report).values()) <= {"passed", "skipped"}


def test_a_recorded_panic_fails_its_test_only() -> None:
    report = recorded("boom")
    assert outcomes(report)["boom.TestBefore"] == "passed"
    assert outcomes(report)["boom.TestPick"] == "failed"
    assert "index out of range" in next(result.message or "" for result in report.results if "Pick" in result.name[-5:])


def test_errors_of_the_compiler_are_results() -> None:
    report = recorded("broken")
    places = [(result.outcome, result.file, result.line) for result in report.results]
    assert places == [("error", "broken/broken_test.go", 5), ("error", "broken/broken_test.go", 6)]
    assert not report.passed


def test_a_recorded_time_out_fails_the_test_that_ran() -> None:
    assert outcomes(recorded("timeout"))["slow.TestHang"] == "failed"


@pytest.mark.parametrize("name", ["notests", "nomatch"])
def test_no_test_is_no_success(name: str) -> None:
    assert recorded(name).results == ()
    assert not recorded(name).passed


def test_an_unknown_package_is_an_error() -> None:
    [result] = recorded("nopackage").results
    assert (result.outcome, result.name) == ("error", "./nowhere")
    assert "directory not found" in (result.message or "")


def test_a_stream_that_was_cut_short() -> None:
    events = (TOOLS / "go-test/fail.jsonl").read_text()
    report = go_test_report(events[: len(events) // 2], MODULE)
    assert outcomes(report)["fail.TestGood"] == "passed"


def test_a_recorded_cover_profile() -> None:
    coverage = go_coverage((TOOLS / "go-cover/cover.out").read_text(), "example.test/cover")
    [(file, lines)] = coverage.items()
    assert file == "stats/stats.go"
    assert {9, 12, 13, 14, 15, 16} <= lines.covered
    assert {21, 22, 23, 24, 25, 27} <= lines.missed
    assert not lines.covered & lines.missed


def test_a_live_run(module: Path) -> None:
    require_tool("go")
    report = GoTest().run(TestRun(directory=module, tests=(PurePath("shop_test.go"),), coverage=True))
    assert report.failure is None
    assert {result.name: result.outcome for result in report.results} == {
        "example.test/shop.TestCost": "passed",
        "example.test/shop.TestWrong": "failed",
        "example.test/shop.TestLater": "skipped",
    }
    wrong = report.results[1]
    assert (wrong.file, wrong.line) == ("shop_test.go", 11)
    assert 6 in report.coverage["shop.go"].covered
    assert 4 in report.coverage["shop.go"].missed
    assert sorted(path.name for path in module.iterdir()) == ["go.mod", "shop.go", "shop_test.go"]


def test_a_live_run_of_code_that_does_not_compile(module: Path) -> None:
    require_tool("go")
    (module / "shop.go").write_text(SOURCE.replace("3 * n", "x"))
    [result] = GoTest().run(TestRun(directory=module)).results
    assert (result.outcome, result.message) == ("error", "undefined: x")
    assert (result.file, result.line) == ("shop.go", 6)


def test_a_go_that_prints_garbage(tmp_path: Path) -> None:
    program = fake_program(tmp_path, 'echo "{oops"; echo why >&2; exit 1')
    failure = GoTest(program=program).run(TestRun(directory=tmp_path)).failure
    assert failure is not None
    assert failure.kind == "crash"
    assert "why" in failure.reason


def test_a_go_that_hangs(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    failure = GoTest(program=program).run(TestRun(directory=tmp_path, timeout=0.3)).failure
    assert failure is not None
    assert failure.kind == "timeout"


def test_where_tests_belong_and_which_files_hold_them() -> None:
    assert GoTest().test_path(PurePath("a/cart.go")) == PurePath("a/cart_test.go")
    assert GoTest().recognises(PurePath("shop_test.go"), TESTS)
    assert not GoTest().recognises(PurePath("shop_test.go"), "package shop\n\nfunc Testament() {}\n")
    assert not GoTest().recognises(PurePath("shop.go"), TESTS)
