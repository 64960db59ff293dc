from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from languages.linters.linter import LintReport
from languages.linters.sobelow import Sobelow
from tests.languages.fakes import TOOLS, fake_program, place

PROJECT = TOOLS / "sobelow/project"
CONTROLLER = "lib/shop_web/controllers/item_controller.ex"
LEVELS = {"high_confidence": (0.9, "error"), "medium_confidence": (0.6, "warning"), "low_confidence": (0.3, "info")}


def recorded(folder: Path, name: str, *, exit_code: int = 0, stream: str = "") -> Sobelow:
    """A Sobelow that prints what the real one printed."""
    return Sobelow(program=fake_program(folder, f"cat {TOOLS / name}{stream}; exit {exit_code}"))


def lint(tool: Sobelow, name: str = CONTROLLER) -> LintReport:
    return tool.lint(PROJECT / name, (PROJECT / name).read_text())


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "sobelow"
    return report.failure.reason


def entries(name: str) -> list[tuple[str, dict[str, Any]]]:
    findings = json.loads((TOOLS / f"sobelow/{name}.json").read_text())["findings"]
    return [(level, entry) for level in LEVELS for entry in findings[level]]


@pytest.mark.parametrize(
    ("name", "exit_code", "count"), [("project", 0, 19), ("project", 1, 19), ("project_skip", 0, 18)]
)
def test_recorded_reports_in_full(tmp_path: Path, name: str, exit_code: int, count: int) -> None:
    tool = recorded(tmp_path, f"sobelow/{name}.json", exit_code=exit_code)
    files = dict.fromkeys(entry["file"] for _, entry in entries(name))
    found = 0
    for file in files:
        findings = lint(tool, file).findings
        found += len(findings)
        wanted = [(level, entry) for level, entry in entries(name) if entry["file"] == file]
        for finding, (level, entry) in zip(findings, wanted, strict=True):
            assert finding.check == entry["type"].partition(":")[0]
            assert place(finding)[0] == max(1, entry["line"])
            assert (finding.confidence, finding.severity) == LEVELS[level]
            assert (finding.source, finding.category) == ("sobelow", "security")
            assert finding.cwe is not None
    assert found == count


def test_both_recorded_forms_agree(tmp_path: Path) -> None:
    """The text that Sobelow printed in another run: the same types, titles, files and lines."""
    text = re.sub(r"\x1b\[\d+m", "", (TOOLS / "sobelow/project_txt.txt").read_text())
    printed = []
    for block in text.split("-" * 47):
        head = re.search(r"^(\S+): (.*) - \w+ Confidence$", block, re.MULTILINE)
        line, file = re.search(r"^Line: (\d+)$", block, re.MULTILINE), re.search(r"^File: (\S+)$", block, re.MULTILINE)
        if head is not None:
            # About the configuration as a whole, the text names no place.
            printed.append((head[1], file[1] if file else "config/prod.exs", int(line[1]) if line else 1))
    tool = recorded(tmp_path, "sobelow/project.json")
    files = {file for _, file, _ in printed}
    ours = [(f.check, file, place(f)[0]) for file in files for f in lint(tool, file).findings]
    assert len(ours) == 19
    assert sorted(ours) == sorted(printed)


def test_places_and_messages(tmp_path: Path) -> None:
    tool = recorded(tmp_path, "sobelow/project.json")
    by_check = {finding.check: finding for finding in lint(tool).findings}
    assert place(by_check["XSS.SendResp"]) == (12, 5, 12, 31)
    assert by_check["XSS.SendResp"].message == "XSS in `send_resp` (variable: name)"
    assert by_check["CI.OS"].cwe == "CWE-78"
    assert by_check["CI.OS"].url == "https://hexdocs.pm/sobelow/Sobelow.CI.OS.html"
    (https, secret) = lint(tool, "config/prod.exs").findings
    assert (https.check, place(https)[:2], secret.message) == (
        "Config.HTTPS",
        (1, 1),
        "Hardcoded Secret (key: password)",
    )


def test_a_text_that_is_not_saved_is_judged_in_a_copy(tmp_path: Path) -> None:
    body = """for root; do [ "$before" = --root ] && break; before=$root; done
grep -q unsaved $root/lib/shop/search.ex && grep -q Endpoint $root/lib/shop_web/endpoint.ex || exit 9
echo '{"findings": {"high_confidence": [], "medium_confidence": [], "low_confidence": [
{"type": "SQL.Query: SQL injection", "file": "'${root#/}'/lib/shop/search.ex", "line": 2},
{"type": "XSS.Raw: XSS", "file": "'${root#/}'/lib/shop_web/endpoint.ex", "line": 2}]}, "total_findings": 2}'"""
    before = (PROJECT / "lib/shop/search.ex").read_text()
    report = Sobelow(program=fake_program(tmp_path, body)).lint(PROJECT / "lib/shop/search.ex", "\n  unsaved\n")
    assert report.failure is None
    (finding,) = report.findings
    assert (finding.check, place(finding), finding.path) == (
        "SQL.Query",
        (2, 3, 2, 10),
        str(PROJECT / "lib/shop/search.ex"),
    )
    assert (PROJECT / "lib/shop/search.ex").read_text() == before


def test_no_phoenix_application(tmp_path: Path) -> None:
    said = reason(lint(recorded(tmp_path, "sobelow/no_project.stderr", stream=" >&2")))
    assert "(exit code 0): This does not appear to be a Phoenix application" in said


def test_code_that_does_not_parse(tmp_path: Path) -> None:
    for body in ("echo 'lib/a.ex:1: bad' >&2; exit 2", "echo '** (ArgumentError) x' 'Sobelow.Parse.ast/1' >&2; exit 1"):
        assert "does not parse, so it judged nothing" in reason(lint(Sobelow(program=fake_program(tmp_path, body))))


def test_the_text_form_is_no_report(tmp_path: Path) -> None:
    assert "gave no verdict" in reason(lint(recorded(tmp_path, "sobelow/project_txt.txt")))


def test_a_truncated_report_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, f"head -c 900 {TOOLS / 'sobelow/project.json'}")
    assert "not its JSON report" in reason(lint(Sobelow(program=program)))


@pytest.mark.parametrize(
    "body",
    [
        "echo '{}'",
        "echo '{\"findings\": {}}'",
        """echo '{"findings": {"high_confidence": [], "medium_confidence": [], "low_confidence": []},"""
        """ "total_findings": 3}'""",
    ],
)
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "not its JSON report" in reason(lint(Sobelow(program=fake_program(tmp_path, body))))


def test_a_hanging_missing_or_crashing_tool_is_a_failure(tmp_path: Path) -> None:
    slow = Sobelow(program=fake_program(tmp_path, "sleep 60"))
    assert "longer than 0.2 s" in reason(slow.lint(PROJECT / CONTROLLER, "", timeout=0.2))
    assert "could not be started" in reason(lint(Sobelow(program=tmp_path / "nope")))
    crash = recorded(tmp_path, "errors/elixir_crash.stderr", exit_code=1, stream=" >&2")
    assert reason(lint(crash)).endswith("** (RuntimeError) tool crashed")


def test_what_sobelow_does_not_judge_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mix.exs").touch()
    for path in (tmp_path / "test/a_test.exs", tmp_path / "mix.exs", Path("/a.ex")):
        report = Sobelow().lint(path, "")
        assert (report.findings, report.failure) == ((), None)
        assert report.skipped is not None
    monkeypatch.setattr("languages.linters.sobelow.mix_tool", lambda *_: None)
    report = Sobelow().lint(tmp_path / "lib/a.ex", "")
    assert report.failure is None
    assert report.skipped == 'sobelow is not in the project; add {:sobelow, "~> 0.13"} to its mix.exs'
