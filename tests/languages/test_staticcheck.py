from __future__ import annotations

import re
from pathlib import Path

import pytest

from languages.linters.linter import LintReport
from languages.linters.staticcheck import Staticcheck
from tests.languages.fakes import TOOLS, fake_program, place
from tests.tools import require_tool

SRC = TOOLS / "staticcheck/src"
#: Line, column, end line, end column, check, category, severity, CWE: all that the real tool found with every check on.
STORE = [
    (1, 1, 1, 16, "ST1000", "documentation", "info", None),
    (6, 2, 6, 13, "SA1019", "correctness", "info", "CWE-477"),
    (13, 5, 13, 15, "ST1003", "style", "info", None),
    (13, 37, 13, 48, "SA1000", "correctness", "warning", None),
    (15, 6, 15, 11, "U1000", "correctness", "warning", "CWE-561"),
]


def recorded(folder: Path, name: str, *, exit_code: int = 1, stream: str = "") -> Staticcheck:
    """A staticcheck that prints what the real one printed."""
    return Staticcheck(program=fake_program(folder, f"cat {TOOLS / name}{stream}; exit {exit_code}"))


def lint(tool: Staticcheck, name: str = "store.go") -> LintReport:
    return tool.lint(SRC / name, (SRC / name).read_text())


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "staticcheck"
    return report.failure.reason


def rows(report: LintReport) -> list[tuple[object, ...]]:
    assert report.failure is None
    return [(*place(f), f.check, f.category, f.severity, f.cwe) for f in report.findings]


def test_a_recorded_report(tmp_path: Path) -> None:
    report = lint(recorded(tmp_path, "staticcheck/all.jsonl"))
    assert rows(report)[: len(STORE)] == STORE
    assert {finding.source for finding in report.findings} == {"staticcheck"}
    assert report.findings[3].message == "error parsing regexp: missing closing ): `(unclosed`"
    assert report.findings[3].url == "https://staticcheck.dev/docs/checks/#SA1000"
    assert report.findings[3].path == str(SRC / "store.go")


@pytest.mark.parametrize(("name", "count"), [("store.go", 28), ("store_test.go", 2)])
def test_both_recorded_forms_agree(tmp_path: Path, name: str, count: int) -> None:
    """The text that staticcheck printed in another run: the same places, checks and messages, file by file."""
    printed = re.findall(
        rf"^{name}:(\d+):(\d+): (.*) \((\w+)\)$", (TOOLS / "staticcheck/all_text.txt").read_text(), re.M
    )
    findings = lint(recorded(tmp_path, "staticcheck/all.jsonl"), name).findings
    ours = [(str(place(f)[0]), str(place(f)[1]), f.message, f.check) for f in findings]
    assert len(ours) == count
    assert sorted(ours) == sorted((line, column, message.strip(), check) for line, column, message, check in printed)


def test_the_recorded_default_checks(tmp_path: Path) -> None:
    report = lint(recorded(tmp_path, "staticcheck/default.jsonl"))
    every = rows(lint(recorded(tmp_path, "staticcheck/all.jsonl")))
    assert len(report.findings) == 23
    assert [row for row in every if row in rows(report)] == rows(report)


def test_nothing_found_is_a_verdict(tmp_path: Path) -> None:
    assert lint(Staticcheck(program=fake_program(tmp_path, "exit 0"))) == LintReport()


def test_live_a_file_that_build_constraints_leave_out(tmp_path: Path) -> None:
    require_tool("go")
    (tmp_path / "go.mod").write_text("module example.test/shop\n\ngo 1.21\n")
    text = "//go:build plan9\n\npackage shop\n"
    (tmp_path / "shop.go").write_text("package shop\n")
    report = Staticcheck(program=fake_program(tmp_path, "exit 0")).lint(tmp_path / "other.go", text)
    assert report == LintReport(skipped="build constraints leave other.go out on this machine")


def test_a_package_that_does_not_compile(tmp_path: Path) -> None:
    said = reason(lint(recorded(tmp_path, "go-build/staticcheck_types.jsonl")))
    assert said.startswith("its package does not compile (main.go:10: cannot use")


def test_no_module(tmp_path: Path) -> None:
    said = reason(lint(recorded(tmp_path, "errors/staticcheck_no_module.txt")))
    assert "could not load the package: pattern ./...: directory prefix . does not contain main module" in said


def test_wrong_use(tmp_path: Path) -> None:
    said = reason(lint(recorded(tmp_path, "errors/staticcheck_bad_flag.stderr", exit_code=2, stream=" >&2")))
    assert "exit code 2" in said
    assert "flag provided but not defined: -no-such-flag" in said


@pytest.mark.parametrize(
    "body", ["echo hello", "echo '[1]'", "echo '{}'", 'echo \'{"code":"SA1"}\'', "echo '{\"code\":'; exit 1"]
)
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "not its JSON report" in reason(lint(Staticcheck(program=fake_program(tmp_path, body))))


def test_a_silent_end_is_a_failure(tmp_path: Path) -> None:
    assert "gave no verdict (exit code 1)" in reason(lint(Staticcheck(program=fake_program(tmp_path, "exit 1"))))
    warned = fake_program(tmp_path, "echo 'warning: \"./...\" matched no packages' >&2")
    assert "matched no packages" in reason(lint(Staticcheck(program=warned)))


def test_a_hanging_or_missing_tool_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.2 s" in reason(Staticcheck(program=program).lint(Path("a.go"), "", timeout=0.2))
    assert "could not be started" in reason(lint(Staticcheck(program=tmp_path / "nope")))


def test_not_installed_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("languages.linters.staticcheck.tool_command", lambda *_: None)
    report = Staticcheck().lint(Path("a.go"), "")
    assert (report.findings, report.failure) == ((), None)
    assert report.skipped is not None
    assert "go install honnef.co/go/tools/cmd/staticcheck@latest" in report.skipped


def test_the_text_is_judged_and_not_the_file(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.test/shop\n")
    (tmp_path / "shop.go").write_text("package saved\n")
    program = fake_program(
        tmp_path,
        """grep -q 'package typed' shop.go && ls price.go >/dev/null && echo '{"code":"ST1000","location":"""
        """{"file":"'$PWD'/shop.go","line":1,"column":9},"end":{"file":"","line":0,"column":0},"message":"m"}'""",
    )
    (tmp_path / "price.go").write_text("package typed\n")
    report = Staticcheck(program=program).lint(tmp_path / "shop.go", "package typed\n")
    assert rows(report) == [(1, 9, 1, 14, "ST1000", "documentation", "info", None)]
    assert (tmp_path / "shop.go").read_text() == "package saved\n"
