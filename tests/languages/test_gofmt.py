from __future__ import annotations

from pathlib import Path

import pytest

from languages.linters.gofmt import GoFmt, format_findings, syntax_errors
from languages.linters.linter import LintReport
from tests.languages.fakes import TOOLS, apply, fake_program, place
from tests.tools import require_tool

DIFF = """diff <standard input>.orig <standard input>
--- <standard input>.orig
+++ <standard input>
@@ -1,6 +1,7 @@
 package x
+
 import "fmt"
-func F() {
- fmt.Print()
+func F() {
+\tfmt.Print()
 }
-var X  = 1
\\ No newline at end of file
+var X = 1
"""
TEXT = 'package x\nimport "fmt"\nfunc F() {\n fmt.Print()\n}\nvar X  = 1'


def lint(text: str) -> LintReport:
    require_tool("gofmt")
    return GoFmt().lint(Path("a.go"), text)


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "gofmt"
    return report.failure.reason


def test_each_changed_run_of_lines_is_a_finding() -> None:
    findings = format_findings(DIFF, "a.go", TEXT)
    assert [place(finding) for finding in findings] == [(2, 1, 2, 13), (3, 1, 4, 13), (6, 1, 6, 11)]
    assert [finding.message for finding in findings] == [
        "gofmt would put lines in here",
        "gofmt would write these 2 lines otherwise",
        "gofmt would write this line otherwise",
    ]
    assert {(finding.check, finding.severity, finding.category) for finding in findings} == {
        ("format", "info", "style")
    }


def test_recorded_syntax_errors() -> None:
    stderr = (TOOLS / "go-build/gofmt.stderr").read_text()
    text = (TOOLS / "go-build/syntax/main.go").read_text()
    findings = syntax_errors(stderr, "main.go", text)
    assert [place(finding)[:2] for finding in findings] == [(7, 29), (8, 2), (11, 2)]
    assert findings[1].message == "expected operand, found '}'"
    assert (findings[0].check, findings[0].category, findings[0].severity) == ("syntax-error", "syntax", "error")


@pytest.mark.parametrize(
    "text",
    [
        "package x\n\nfunc F( ) {\n a()\n}\n\nfunc G() {\n\ta( )\n}",
        "package x\r\n\r\nfunc F() {}\r\n",
        'package x\nimport "fmt"\n\n\n\nfunc F() { fmt.Print("é" ,1) }\n\n\n',
    ],
)
def test_the_fixes_together_are_what_gofmt_writes(text: str) -> None:
    findings = lint(text).findings
    assert findings
    for finding in reversed(findings):
        assert finding.fix is not None
        text = apply(text, finding.fix)
    assert lint(text) == LintReport()


def test_live_syntax_error() -> None:
    (finding,) = lint("package x\n\nvar x = = 1\n").findings
    assert (finding.check, place(finding)) == ("syntax-error", (3, 9, 3, 10))


def test_a_missing_gofmt_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "could not be started" in reason(GoFmt(program=tmp_path / "nope").lint(Path("a.go"), ""))
    monkeypatch.setattr("languages.linters.gofmt.find_program", lambda name: None)
    assert "install Go" in reason(GoFmt().lint(Path("a.go"), ""))


@pytest.mark.parametrize("body", ["echo 'unknown flag' >&2; exit 2", "exit 7"])
def test_a_refusal_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "exit code" in reason(GoFmt(program=fake_program(tmp_path, body)).lint(Path("a.go"), "package x\n"))


def test_a_hanging_gofmt_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.3 s" in reason(GoFmt(program=program).lint(Path("a.go"), "", timeout=0.3))
