from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from languages.linters.credo import Credo, findings_of
from languages.linters.linter import LintReport
from tests.languages.fakes import TOOLS, fake_program, place

PROJECT = TOOLS / "credo/project"
LEDGER, IMPORT, REPORT, TEST = "lib/ledger.ex", "lib/ledger/import.ex", "lib/ledger/report.ex", "test/ledger_test.exs"


def recorded(folder: Path, name: str, *, exit_code: int, log: str | None = None) -> Credo:
    """A Credo that prints what the real one printed."""
    complaint = f"cat {TOOLS / log} >&2; " if log else ""
    return Credo(program=fake_program(folder, f"{complaint}cat {TOOLS / name}; exit {exit_code}"))


def lint(tool: Credo, name: str = LEDGER) -> LintReport:
    return tool.lint(PROJECT / name, (PROJECT / name).read_text())


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "credo"
    return report.failure.reason


def issues(name: str, file: str) -> list[dict[str, Any]]:
    every = json.loads((TOOLS / f"credo/{name}.json").read_text())["issues"]
    return [issue for issue in every if issue["filename"] == file]


@pytest.mark.parametrize(
    ("name", "exit_code", "counts"),
    [
        ("project", 31, {LEDGER: 13, IMPORT: 3, REPORT: 7, TEST: 0}),
        ("project_default", 31, {LEDGER: 11, IMPORT: 3, REPORT: 6, TEST: 0}),
        ("stdin", 13, {IMPORT: 3}),
        ("mute_exit", 0, {REPORT: 7}),
    ],
)
def test_recorded_reports_in_full(tmp_path: Path, name: str, exit_code: int, counts: dict[str, int]) -> None:
    tool = recorded(tmp_path, f"credo/{name}.json", exit_code=exit_code)
    for file, count in counts.items():
        if not count:
            continue
        report = lint(tool, file)
        assert report.failure is None
        assert len(report.findings) == count
        for finding, issue in zip(report.findings, issues(name, file), strict=True):
            assert (finding.check, finding.message) == (issue["check"], issue["message"])
            assert place(finding)[0] == issue["line_no"]
            if issue["column"] is not None:
                ours = place(finding)[1], place(finding)[3]
                assert ours == (issue["column"], issue["column_end"])
            assert (finding.source, finding.path) == ("credo", str(PROJECT / file))


def test_both_recorded_forms_agree() -> None:
    """The lines that Credo printed in another run: the same places and messages."""
    line = re.compile(r"^(\S+?):(\d+):(?:(\d+):)? \w: (.*)$", re.MULTILINE)
    printed = line.findall((TOOLS / "credo/project_flycheck.txt").read_text())
    report = (TOOLS / "credo/project.json").read_text()
    ours = []
    for file in (LEDGER, IMPORT, REPORT):
        for finding in findings_of(report, str(PROJECT / file), (PROJECT / file).read_text()):
            start = place(finding)
            ours.append((file, str(start[0]), str(start[1]), finding.message))
    assert len(ours) == len(printed) == 23
    without_column = [(file, row, message) for file, row, column, message in printed if not column]
    assert sorted(row for row in ours if (row[0], row[1], row[3]) not in without_column) == sorted(
        row for row in printed if row[2]
    )


def test_categories_severities_and_cwe() -> None:
    report = (TOOLS / "credo/project.json").read_text()
    findings = findings_of(report, str(PROJECT / LEDGER), (PROJECT / LEDGER).read_text())
    rows = {f.check.removeprefix("Credo.Check."): (f.category, f.severity, f.cwe) for f in findings}
    assert rows == {
        "Design.TagTODO": ("design", "info", None),
        "Readability.AliasOrder": ("style", "hint", None),
        "Readability.LargeNumbers": ("style", "info", None),
        "Readability.MaxLineLength": ("style", "hint", None),
        "Readability.ModuleDoc": ("documentation", "info", "CWE-1111"),
        "Readability.PredicateFunctionNames": ("style", "info", None),
        "Refactor.CondStatements": ("complexity", "info", None),
        "Refactor.FunctionArity": ("complexity", "info", "CWE-1064"),
        "Refactor.NegatedConditionsWithElse": ("complexity", "info", None),
        "Refactor.UnlessWithElse": ("complexity", "info", None),
        "Warning.ExpensiveEmptyEnumCheck": ("performance", "warning", None),
        "Warning.IoInspect": ("correctness", "warning", "CWE-489"),
        "Warning.OperationOnSameValues": ("correctness", "warning", "CWE-1025"),
    }
    assert findings[0].url == "https://hexdocs.pm/credo/Credo.Check.Design.TagTODO.html"


def test_a_check_of_the_projects_own() -> None:
    issue = {"filename": "a.ex", "check": "Shop.NoPuts", "category": "warning", "message": "m", "line_no": 2}
    (finding,) = findings_of(json.dumps({"issues": [issue]}), "a.ex", "x\n  é = 1\n")
    assert (finding.category, finding.severity, finding.url) == ("correctness", "warning", None)
    assert place(finding) == (2, 3, 2, 8)


def test_compilation_before_the_report(tmp_path: Path) -> None:
    body = f"echo 'Compiling 3 files (.ex)'; echo 'Generated ledger app'; cat {TOOLS / 'credo/stdin.json'}; exit 13"
    assert len(lint(Credo(program=fake_program(tmp_path, body)), IMPORT).findings) == 3


def test_nothing_found_is_a_verdict(tmp_path: Path) -> None:
    body = """printf '{\\n  "issues": []\\n}\\n'"""
    assert lint(Credo(program=fake_program(tmp_path, body))) == LintReport()


def test_a_file_that_credo_cannot_parse(tmp_path: Path) -> None:
    crash = recorded(tmp_path, "credo/stdin_parse_error.txt", exit_code=1, log="credo/stdin_parse_error.stderr")
    assert "cannot parse the file" in reason(crash.lint(Path("lib/broken.ex"), "defmodule"))
    excluded = recorded(tmp_path, "credo/parse_error.json", exit_code=20, log="credo/parse_error.stderr")
    assert "cannot parse the file" in reason(excluded.lint(Path("lib/broken.ex"), "defmodule"))


def test_wrong_use(tmp_path: Path) -> None:
    tool = recorded(tmp_path, "credo/unknown_switch.stderr", exit_code=130)
    assert "(exit code 130): ** (credo) Unknown switch for `list` command: --no-such-switch" in reason(lint(tool))


def test_a_project_without_credo(tmp_path: Path) -> None:
    program = fake_program(tmp_path, f"cat {TOOLS / 'errors/mix_credo_missing.stderr'} >&2; exit 1")
    assert reason(lint(Credo(program=program))).endswith('** (Mix) The task "credo" could not be found')


def test_a_crash_that_looks_like_the_bit_of_a_category(tmp_path: Path) -> None:
    program = fake_program(tmp_path, f"cat {TOOLS / 'errors/elixir_crash.stderr'} >&2; exit 1")
    assert reason(lint(Credo(program=program))).endswith("** (RuntimeError) tool crashed")
    silent = fake_program(tmp_path, """echo '{"issues": []}'; exit 16""")
    assert "exit code 16 and named no issue" in reason(lint(Credo(program=silent)))


def test_a_truncated_report_is_a_failure(tmp_path: Path) -> None:
    assert "not its JSON report" in reason(lint(recorded(tmp_path, "errors/truncated_json.txt", exit_code=0)))


@pytest.mark.parametrize("body", ["echo '{}'", "echo '{\"issues\": 3}'", "echo '{\"issues\": [{}]}'", "echo '{x'"])
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "not its JSON report" in reason(lint(Credo(program=fake_program(tmp_path, body))))


@pytest.mark.parametrize("body", ["echo hello", "echo '[1]'", "exit 0"])
def test_no_report_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "credo gave no verdict (exit code 0)" in reason(lint(Credo(program=fake_program(tmp_path, body))))


def test_a_hanging_or_missing_tool_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.2 s" in reason(Credo(program=program).lint(Path("a.ex"), "", timeout=0.2))
    assert "could not be started" in reason(lint(Credo(program=tmp_path / "nope")))


def test_the_text_goes_in_on_stdin_in_the_projects_folder(tmp_path: Path) -> None:
    program = fake_program(tmp_path, 'echo "$@ in $(basename $PWD): $(cat)" >&2; exit 130')
    said = reason(Credo(program=program).lint(PROJECT / IMPORT, "unsaved"))
    assert said.endswith("list --format json --read-from-stdin lib/ledger/import.ex in project: unsaved")


def test_what_credo_does_not_judge_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deps = Credo(program=tmp_path / "nope").lint(PROJECT / "deps/jason/lib/jason.ex", "")
    assert deps == LintReport(skipped="credo judges no files under deps/")
    monkeypatch.setattr("languages.linters.credo.mix_tool", lambda *_: None)
    report = Credo().lint(Path("a.ex"), "")
    assert (report.findings, report.failure) == ((), None)
    assert report.skipped is not None
    assert "credo is not in the project" in report.skipped
