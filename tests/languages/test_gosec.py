from __future__ import annotations

import json
from pathlib import Path

import pytest

from languages.linters.gosec import Gosec, findings_of
from languages.linters.linter import LintReport
from tests.languages.fakes import TOOLS, fake_program, place

SRC = TOOLS / "gosec/src"
MAIN = (SRC / "main.go").read_text()


def recorded(folder: Path, report: str | None, log: str | None, *, exit_code: int = 1) -> Gosec:
    """A gosec that prints what the real one printed: a report and a log."""
    body = [f"cat {TOOLS / report}" if report else ":", f"cat {TOOLS / log} >&2" if log else ":", f"exit {exit_code}"]
    return Gosec(program=fake_program(folder, "; ".join(body)))


def lint(tool: Gosec, name: str = "main.go") -> LintReport:
    return tool.lint(SRC / name, (SRC / name).read_text())


def reason(report: LintReport) -> str:
    assert report.failure is not None
    assert report.failure.linter == "gosec"
    return report.failure.reason


@pytest.mark.parametrize(("name", "count"), [("gosec", 23), ("gosec_ssa", 25)])
def test_a_recorded_report_in_full(name: str, count: int) -> None:
    report = json.loads((TOOLS / f"gosec/{name}.json").read_text())
    findings = findings_of(report, "main.go", MAIN)
    assert len(findings) == report["Stats"]["found"] == count
    severity = {"error": "HIGH", "warning": "MEDIUM", "info": "LOW"}
    confidence = {0.9: "HIGH", 0.6: "MEDIUM", 0.3: "LOW"}
    for finding, issue in zip(findings, report["Issues"], strict=True):
        assert place(finding)[:2] == (int(issue["line"]), int(issue["column"]))
        assert (finding.check, finding.message) == (issue["rule_id"], issue["details"])
        assert severity[finding.severity] == issue["severity"]
        assert confidence[finding.confidence] == issue["confidence"]
        assert finding.cwe == f"CWE-{issue['cwe']['id']}"
        assert (finding.source, finding.category) == ("gosec", "security")
        assert finding.range.end > finding.range.start


def test_the_place_of_a_finding() -> None:
    report = json.loads((TOOLS / "gosec/gosec.json").read_text())
    (finding,) = (f for f in findings_of(report, "main.go", MAIN) if f.check == "G404")
    line = MAIN.splitlines()[41]
    assert place(finding) == (42, 29, 42, len(line) + 1)
    assert line[28:].startswith("rand.Int63()")


def test_a_finding_over_several_lines() -> None:
    issue = {"severity": "LOW", "confidence": "LOW", "cwe": None, "rule_id": "G101", "details": "d", "file": "/m/a.go"}
    (finding,) = findings_of({"Issues": [{**issue, "line": "1-2", "column": "3"}]}, "a.go", "ab(\n  cd)  \n")
    assert (place(finding), finding.cwe) == ((1, 3, 2, 6), "CWE-798")


def test_crashed_rules_are_reported_beside_the_findings(tmp_path: Path) -> None:
    report = lint(recorded(tmp_path, "gosec/gosec.json", "gosec/gosec.stderr"))
    assert len(report.findings) == 23
    assert "data-flow rules" in reason(report)
    assert "crashed" in reason(report)


def test_a_whole_verdict(tmp_path: Path) -> None:
    report = lint(recorded(tmp_path, "gosec/gosec_ssa.json", None))
    assert (len(report.findings), report.failure) == (25, None)


def test_nothing_found_in_a_clean_file(tmp_path: Path) -> None:
    assert lint(recorded(tmp_path, "gosec/gosec_ssa.json", None), "clean.go") == LintReport()


def test_a_package_that_does_not_compile(tmp_path: Path) -> None:
    report = lint(recorded(tmp_path, "go-build/gosec_types.json", "go-build/gosec_types.stderr"))
    assert report.findings == ()
    assert "its package does not compile (main.go:10: cannot use" in reason(report)


def test_a_file_that_gosec_left_out(tmp_path: Path) -> None:
    tool = recorded(tmp_path, "gosec/gosec.json", "gosec/gosec.stderr")
    report = tool.lint(SRC / "main_windows.go", "package main\n")
    assert "gosec left main_windows.go out" in reason(report)


def test_no_package(tmp_path: Path) -> None:
    report = lint(recorded(tmp_path, None, "errors/gosec_no_module.stderr"))
    assert report.findings == ()
    assert reason(report) == "gosec gave no verdict (exit code 1): No packages found"


def test_silence_is_not_a_verdict(tmp_path: Path) -> None:
    """It is what `-quiet` prints when nothing is found; we do not run it so."""
    assert "gave no verdict (exit code 0)" in reason(lint(recorded(tmp_path, None, None, exit_code=0)))


@pytest.mark.parametrize(
    "body",
    [
        "echo '{'",
        "echo hello",
        "echo '{\"Issues\": [{}]}'",
        "echo '{\"Issues\": 3}'",
        "echo '[]'",
        'echo \'{"Issues": [], "Golang errors": 1}\'',
    ],
)
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "not its JSON report" in reason(lint(Gosec(program=fake_program(tmp_path, body))))


def test_a_truncated_report_is_a_failure(tmp_path: Path) -> None:
    body = f"head -c 5000 {TOOLS / 'gosec/gosec.json'}; exit 1"
    assert "not its JSON report" in reason(lint(Gosec(program=fake_program(tmp_path, body))))


def test_a_hanging_or_missing_tool_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.2 s" in reason(Gosec(program=program).lint(Path("a.go"), "", timeout=0.2))
    assert "could not be started" in reason(lint(Gosec(program=tmp_path / "nope")))


def test_not_installed_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("languages.linters.gosec.tool_command", lambda *_: None)
    report = Gosec().lint(Path("a.go"), "")
    assert (report.findings, report.failure) == ((), None)
    assert report.skipped is not None
    assert "go install github.com/securego/gosec/v2/cmd/gosec@latest" in report.skipped


def test_test_files_are_read_only_on_request(tmp_path: Path) -> None:
    program = fake_program(tmp_path, 'echo "$@" >&2; exit 2')
    assert reason(Gosec(program=program).lint(Path("a_test.go"), "")).endswith("-fmt json -tests .")
    assert reason(Gosec(program=program).lint(Path("a.go"), "")).endswith("-fmt json .")
