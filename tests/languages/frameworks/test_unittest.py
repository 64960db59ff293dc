from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from languages.frameworks.framework import TestRun
from languages.frameworks.unittest import Unittest, unittest_results
from tests.languages.fakes import fake_program

SOURCE = "def cost(n):\n    if n < 0:\n        return 0\n    return 3 * n\n"
TESTS = """import unittest
from shop import cost


class CostTest(unittest.TestCase):
    def test_cost(self):
        self.assertEqual(cost(2), 6)

    def test_wrong(self):
        self.assertEqual(cost(1), 4)

    def test_raises(self):
        cost(None)

    def test_parts(self):
        for n in (1, 2):
            with self.subTest(n=n):
                self.assertEqual(cost(n), 3)

    @unittest.skip("not yet")
    def test_later(self):
        pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SOURCE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shop.py").write_text(TESTS)
    return tmp_path


def test_a_live_run(project: Path) -> None:
    report = Unittest().run(TestRun(directory=project, tests=(PurePath("tests/test_shop.py"),), coverage=True))
    assert report.failure is None
    by_name = {result.name.split("CostTest.")[-1]: result for result in report.results}
    assert {name: result.outcome for name, result in by_name.items()} == {
        "test_cost": "passed",
        "test_wrong": "failed",
        "test_raises": "failed",
        "test_parts (n=2)": "failed",
        "test_later": "skipped",
    }
    assert (by_name["test_wrong"].file, by_name["test_wrong"].line) == ("tests/test_shop.py", 9)
    assert (by_name["test_raises"].file, by_name["test_raises"].line) == ("shop.py", 1)
    assert "6 != 3" in (by_name["test_parts (n=2)"].message or "")
    assert report.coverage["shop.py"].missed == {2}
    assert sorted(path.name for path in project.iterdir()) == ["shop.py", "tests"]


def test_a_file_that_cannot_be_imported(project: Path) -> None:
    (project / "tests" / "test_shop.py").write_text("import nowhere\n")
    [result] = Unittest().run(TestRun(directory=project, tests=(PurePath("tests/test_shop.py"),))).results
    assert result.outcome == "error"
    assert "nowhere" in (result.message or "")


def test_a_run_without_tests_is_no_success(tmp_path: Path) -> None:
    report = Unittest().run(TestRun(directory=tmp_path))
    assert report.failure is not None
    assert not report.passed


def test_rows_that_were_cut_short() -> None:
    row = '{"name": "a.B.c", "outcome": "passed", "seconds": 0.1, "message": null, "file": null, "line": null}'
    [result] = unittest_results(f"{row}\n{row[:40]}")
    assert (result.name, result.outcome) == ("a.B.c", "passed")


def test_a_python_that_hangs(tmp_path: Path) -> None:
    report = Unittest(python=fake_program(tmp_path, "sleep 60")).run(TestRun(directory=tmp_path, timeout=0.3))
    assert report.failure is not None
    assert report.failure.kind == "timeout"
