from __future__ import annotations

import json
from pathlib import Path

import pytest

from languages.finding import Finding
from languages.linters.linter import LintReport
from languages.linters.ruff import Ruff, findings_of, group
from tests.languages.fakes import TOOLS, apply, fake_program, place
from tests.tools import require_tool

INVENTORY = (TOOLS / "ruff/src/inventory.py").read_text()


def lint(text: str, path: Path = Path("sample.py")) -> LintReport:
    require_tool("ruff")
    return Ruff().lint(path, text)


def named(findings: tuple[Finding, ...], check: str) -> Finding:
    return next(finding for finding in findings if finding.check == check)


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "ruff"
    return report.failure.reason


def recorded(filename: str) -> str:
    entries = json.loads((TOOLS / "ruff/ruff.json").read_text())
    return json.dumps([entry for entry in entries if entry["filename"] == filename])


def test_a_recorded_report() -> None:
    findings = findings_of(recorded("inventory.py"), "lib/inventory.py", INVENTORY)
    unused = named(findings, "F401")
    assert place(unused) == (1, 8, 1, 10)
    assert (unused.path, unused.source, unused.confidence) == ("lib/inventory.py", "ruff", 1.0)
    assert (unused.category, unused.severity) == ("correctness", "warning")
    assert unused.url == "https://docs.astral.sh/ruff/rules/unused-import"
    assert unused.message == "`os` imported but unused"
    assert unused.fix is not None
    assert apply(INVENTORY, unused.fix).startswith("import sys\n")


def test_a_recorded_syntax_error() -> None:
    first, second = findings_of(recorded("broken.py"), "broken.py", (TOOLS / "ruff/src/broken.py").read_text())
    assert (first.check, first.category, first.severity) == ("invalid-syntax", "syntax", "error")
    assert place(first) == (1, 12, 1, 13)
    assert place(second) == (1, 13, 2, 1)


def test_a_syntax_error_of_an_older_ruff_has_no_code() -> None:
    entries = json.loads(recorded("broken.py"))
    older = json.dumps([{**entry, "code": None} for entry in entries])
    assert {finding.check for finding in findings_of(older, "x", "def f(\n")} == {"invalid-syntax"}


def test_a_fix_that_may_change_behaviour_says_so() -> None:
    fix = named(findings_of(recorded("inventory.py"), "x", INVENTORY), "B006").fix
    assert fix is not None
    assert fix.title.endswith("(may change behaviour)")
    assert len(fix.edits) == 2


@pytest.mark.parametrize("report", ["", "no", '[{"code": "F401"}]', '{"a": 1}', "[1]"])
def test_garbage_is_no_report(report: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        findings_of(report, "x", "")


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("F821", ("correctness", "error")),
        ("F401", ("correctness", "warning")),
        ("E501", ("style", "info")),
        ("S101", ("security", "warning")),
        ("SIM102", ("complexity", "info")),
        ("SLOT000", ("style", "info")),
        ("PERF401", ("performance", "info")),
        ("D100", ("documentation", "info")),
        ("DTZ001", ("correctness", "warning")),
        ("C901", ("complexity", "info")),
    ],
)
def test_groups(code: str, wanted: tuple[str, str]) -> None:
    assert group(code) == wanted


def test_live(tmp_path: Path) -> None:
    text = "import os\n\nprint('é', undefined)\n"
    findings = lint(text, tmp_path / "sample.py").findings
    assert place(named(findings, "F821")) == (3, 12, 3, 21)
    fix = named(findings, "F401").fix
    assert fix is not None
    assert "import os" not in apply(text, fix)


def test_live_clean(tmp_path: Path) -> None:
    assert lint("X = 1\n", tmp_path / "sample.py") == LintReport()


def test_live_line_ends_and_missing_folders(tmp_path: Path) -> None:
    text = "import sys\r\nimport os\r\nprint(sys)\r\n"
    fix = named(lint(text, tmp_path / "no" / "sample.py").findings, "F401").fix
    assert fix is not None
    assert apply(text, fix) == "import sys\r\nprint(sys)\r\n"


def test_the_project_configuration_holds(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text(
        'lint.select = ["D100"]\nfix = true\nforce-exclude = true\nexclude = ["*.py"]\n'
    )
    assert [finding.check for finding in lint("import os\n", tmp_path / "sample.py").findings] == ["D100"]


def test_a_broken_configuration_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("bad = 1\n")
    assert "unknown field `bad`" in reason(lint("import os\n", tmp_path / "sample.py"))


def test_a_missing_ruff_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "could not be started" in reason(Ruff(program=tmp_path / "nope").lint(Path("a.py"), ""))
    monkeypatch.setattr("languages.linters.ruff.find_program", lambda name: None)
    assert "pip install ruff" in reason(Ruff().lint(Path("a.py"), ""))


def test_a_refusal_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, f"cat {TOOLS / 'ruff/ruff_bad_rule.stderr'} >&2; exit 2")
    assert "refused to run" in reason(Ruff(program=program).lint(Path("a.py"), ""))


@pytest.mark.parametrize("body", ["echo '[{'; exit 1", "echo hello", "exit 0"])
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "not its JSON report" in reason(Ruff(program=fake_program(tmp_path, body)).lint(Path("a.py"), ""))


def test_a_hanging_ruff_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.3 s" in reason(Ruff(program=program).lint(Path("a.py"), "", timeout=0.3))
