from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from languages.frameworks.framework import TestRun
from languages.frameworks.pytest import Pytest, junit_results
from tests.languages.fakes import TOOLS, fake_program

SOURCE = "def cost(n):\n    if n < 0:\n        return 0\n    return 3 * n\n"
TESTS = """import pytest
from shop import cost


@pytest.mark.parametrize("n", [1, 2])
def test_cost(n):
    assert cost(n) == 3 * n


def test_wrong():
    assert cost(1) == 4


@pytest.mark.skip(reason="not yet")
def test_later():
    pass


def test_breaks(missing_fixture):
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SOURCE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shop.py").write_text(TESTS)
    return tmp_path


def test_a_recorded_report() -> None:
    results = junit_results((TOOLS / "pytest/report.xml").read_text())
    by_name = {result.name.split("::")[-1]: result for result in results}
    assert {name: result.outcome for name, result in by_name.items()} == {
        "test_band[-5-freezing]": "passed",
        "test_band[3-cold]": "passed",
        "test_band[20-warm]": "failed",
        "test_number": "passed",
        "test_empty": "skipped",
        "test_rounding": "passed",
        "test_uses_broken": "error",
        "test_raises": "failed",
    }
    warm = by_name["test_band[20-warm]"]
    assert (warm.file, warm.line) == ("tests/test_temperature.py", 6)
    assert "assert 'mild' == 'warm'" in (warm.message or "")
    assert by_name["test_empty"].message == "not decided"
    assert by_name["test_number"].name == "tests.test_temperature.TestParse::test_number"


def test_a_recorded_error_of_collection() -> None:
    [result] = junit_results((TOOLS / "pytest/collect_error.xml").read_text())
    assert (result.outcome, result.name) == ("error", "collect_error_test")
    assert "no_such_name" in (result.message or "")


@pytest.mark.parametrize("report", ["", "<testsuites><testsuite", "not XML"])
def test_a_report_that_is_none(report: str) -> None:
    assert junit_results(report) == ()


def test_a_live_run(project: Path) -> None:
    report = Pytest().run(TestRun(directory=project, tests=(PurePath("tests/test_shop.py"),), coverage=True))
    assert report.failure is None
    assert {result.name.split("::")[-1]: result.outcome for result in report.results} == {
        "test_cost[1]": "passed",
        "test_cost[2]": "passed",
        "test_wrong": "failed",
        "test_later": "skipped",
        "test_breaks": "error",
    }
    wrong = next(result for result in report.results if result.name.endswith("test_wrong"))
    assert (wrong.file, wrong.line) == ("tests/test_shop.py", 10)
    lines = report.coverage["shop.py"]
    assert (lines.covered, lines.missed) == ({0, 1, 3}, {2})
    assert lines.ratio == 0.75
    assert sorted(path.name for path in project.iterdir()) == ["shop.py", "tests"]


def test_a_live_run_of_a_file_that_does_not_parse(project: Path) -> None:
    (project / "tests" / "test_shop.py").write_text("def test_a(:\n")
    report = Pytest().run(TestRun(directory=project))
    [result] = report.results
    assert result.outcome == "error"
    assert not report.passed


def test_a_live_run_without_tests(tmp_path: Path) -> None:
    failure = Pytest().run(TestRun(directory=tmp_path)).failure
    assert failure is not None
    assert "no test" in failure.reason


def test_a_python_without_pytest(tmp_path: Path) -> None:
    python = fake_program(tmp_path, 'echo "python: No module named pytest" >&2; exit 1')
    failure = Pytest(python=python).run(TestRun(directory=tmp_path)).failure
    assert failure is not None
    assert failure.kind == "missing"


def test_a_python_that_hangs(tmp_path: Path) -> None:
    report = Pytest(python=fake_program(tmp_path, "sleep 60")).run(TestRun(directory=tmp_path, timeout=0.3))
    assert report.failure is not None
    assert report.failure.kind == "timeout"


@pytest.mark.parametrize(
    ("source", "tests"), [("src/shop/cart.py", "tests/shop/test_cart.py"), ("a.py", "tests/test_a.py")]
)
def test_where_tests_belong(source: str, tests: str) -> None:
    assert Pytest().test_path(PurePath(source)) == PurePath(tests)
