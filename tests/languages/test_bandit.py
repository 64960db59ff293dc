from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from languages.linters import bandit
from languages.linters.bandit import Bandit, findings_of
from languages.linters.linter import LintReport
from tests.languages.fakes import TOOLS, fake_program, place
from tests.tools import require_tool

SERVICE = (TOOLS / "bandit/src/service.py").read_text()


def lint(text: str) -> LintReport:
    require_tool("bandit")
    return Bandit().lint(Path("lib/a.py"), text)


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "bandit"
    return report.failure.reason


def test_a_recorded_report() -> None:
    results = json.loads((TOOLS / "bandit/bandit.json").read_text())["results"]
    findings = {finding.check: finding for finding in findings_of(results, "service.py", SERVICE)}
    shell = findings["B602"]
    assert place(shell) == (20, 5, 20, 46)
    assert (shell.category, shell.severity, shell.confidence) == ("security", "error", 0.9)
    assert (shell.cwe, shell.source) == ("CWE-78", "bandit")
    assert shell.url == (
        "https://bandit.readthedocs.io/en/1.9.4/plugins/b602_subprocess_popen_with_shell_equals_true.html"
    )
    assert findings["B105"].confidence == 0.6
    assert findings["B113"].confidence == 0.3
    assert place(findings["B110"]) == (39, 5, 40, 13)


def test_live_equals_the_recorded_report() -> None:
    results = json.loads((TOOLS / "bandit/bandit.json").read_text())["results"]
    recorded = {(f.check, place(f), f.cwe, f.message) for f in findings_of(results, "lib/a.py", SERVICE)}
    assert {(f.check, place(f), f.cwe, f.message) for f in lint(SERVICE).findings} == recorded


def test_columns_are_code_points() -> None:
    (finding,) = lint("x = 'é'; eval(x)\n").findings
    assert place(finding) == (1, 10, 1, 17)


def test_a_suppression_is_respected() -> None:
    assert lint("exec('x')  # nosec\n") == LintReport()


def test_odd_escapes_do_not_warn() -> None:
    assert lint("x = '\\d'\n") == LintReport()


def test_code_that_does_not_parse_has_no_verdict() -> None:
    assert "cannot parse the file" in reason(lint("def f(:\n"))


def test_code_that_nests_too_deep_has_no_verdict() -> None:
    assert "did not judge the file" in reason(lint("x = " + "1+" * 50_000 + "1\n"))


def test_many_threads_at_once() -> None:
    require_tool("bandit")
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda number: lint(f"x = {number}\neval(x)\n" * (number + 1)), range(24)))
    assert [len(report.findings) for report in reports] == [number + 1 for number in range(24)]


def test_a_large_text_goes_to_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = lint(SERVICE)
    monkeypatch.setattr(bandit, "MAX_IN_PROCESS", 10)
    apart = lint(SERVICE)
    assert {(f.check, place(f)) for f in apart.findings} == {(f.check, place(f)) for f in here.findings}
    assert "cannot parse the file" in reason(lint("def f(:        \n"))


def test_a_missing_bandit_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandit, "find_spec", lambda name: None)
    assert "pip install bandit" in reason(Bandit().lint(Path("a.py"), "x = 1\n"))


def test_another_python_is_used_when_given() -> None:
    require_tool("bandit")
    (finding,) = Bandit(program=Path(sys.executable)).lint(Path("a.py"), "eval(x)\n").findings
    assert finding.check == "B307"


@pytest.mark.parametrize("body", ["echo '{'", "echo '[]'", "echo no module named bandit >&2; exit 1"])
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "no report" in reason(Bandit(program=fake_program(tmp_path, body)).lint(Path("a.py"), "x"))


def test_an_unknown_shape_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, """echo '{"results": [{}], "errors": []}'""")
    assert "unknown shape" in reason(Bandit(program=program).lint(Path("a.py"), "x"))


def test_a_hanging_bandit_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.3 s" in reason(Bandit(program=program).lint(Path("a.py"), "x", timeout=0.3))
