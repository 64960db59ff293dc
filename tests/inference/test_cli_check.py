from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inference.cli import finding_lines
from inference.cli.check import check
from inference.cli.door import application, run
from inference.cli.finding_lines import parts
from inference.cli.sarif import sarif_log
from inference.engine.scripted import ScriptedEngine
from languages.finding import Finding, Fix, Position, Range
from languages.linters.linter import LinterFailure, LintReport
from tests.inference.toys import Says, Toy, judge_of_newlines, use
from tests.tools import require_tool


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def coder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Run `coder check ARGUMENTS` in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CODER_MODEL", raising=False)
    app = application("Coder.")
    app.command("check")(check)
    app.callback()(lambda: None)

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["coder", "check", *arguments])
        with pytest.raises(SystemExit) as ended:
            run(app, "coder")
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, captured.out, captured.err)

    return call


def finding(**changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "path": "lib/a b.py",
        "range": Range(Position(0, 7), Position(0, 9)),
        "check": "F401",
        "category": "correctness",
        "severity": "warning",
        "message": "`os` imported but unused",
        "source": "ruff",
    }
    return Finding(**{**fields, **changes})


def test_text(coder: Any) -> None:
    require_tool("ruff")
    Path("a.py").write_text("import os\n")
    outcome = coder("a.py")
    assert outcome.out == "a.py:1:8: warning F401 `os` imported but unused [ruff]\n"
    assert outcome.err == "1 finding in 1 file\n"
    assert outcome.code == 1


def test_no_findings(coder: Any) -> None:
    require_tool("ruff")
    Path("a.py").write_text("X = 1\n")
    Path("b.py").touch()
    assert coder(".") == Outcome(0, "", "no findings in 2 files\n")
    assert coder(".", "--format", "json").out == "[]\n"


def test_json_has_the_documented_shape(coder: Any) -> None:
    require_tool("ruff")
    Path("a.py").write_text("import os\n")
    outcome = coder("a.py", "--format", "json")
    (entry,) = json.loads(outcome.out)
    assert list(entry) == [
        "path", "range", "check", "category", "severity", "message", "source", "confidence", "cwe", "url", "fix",
    ]  # fmt: skip
    assert entry["range"] == {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 9}}
    assert outcome.code == 1


def test_bad_input_is_told_and_the_rest_is_checked(coder: Any) -> None:
    require_tool("ruff")
    Path("a.py").write_text("import os\n")
    Path("latin.py").write_bytes(b"# \xe9\n")
    outcome = coder("a.py", "nope.py", "latin.py", "--format", "json")
    assert len(json.loads(outcome.out)) == 1
    assert outcome.err == (
        "coder: nope.py does not exist; check the spelling of the path\n"
        "coder: latin.py is not UTF-8 (byte 0xe9 at offset 2); save it as UTF-8\n"
        "1 finding in 1 file\n"
    )
    assert outcome.code == 2


def test_a_directory_without_code_is_bad_input(coder: Any) -> None:
    Path("empty").mkdir()
    outcome = coder("empty")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no Elixir, Go or Python file in empty" in outcome.err


@pytest.mark.parametrize("arguments", [[], ["a.py", "--format", "yaml"], ["a.py", "--nope"]])
def test_wrong_use(coder: Any, arguments: list[str]) -> None:
    assert coder(*arguments).code == 2


def test_a_tool_without_verdict_is_told_once(coder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy((Says("ruff", LintReport(failure=LinterFailure("ruff", "ruff is not installed"))),)))
    for name in ("a.py", "b.py", "c.py"):
        Path(name).write_text("x\n")
    outcome = coder("a.py", "b.py", "c.py")
    assert outcome.err == (
        "coder: no verdict from ruff on a.py and 2 more: ruff is not installed\nno findings in 3 files\n"
    )
    assert outcome.code == 0


def given_model(monkeypatch: pytest.MonkeyPatch, engine: ScriptedEngine) -> list[str | None]:
    """Make `engine` the model that opens, and return the list of names it was asked for by."""
    import inference.models

    asked: list[str | None] = []

    def open_engine(model: str | None) -> ScriptedEngine:
        asked.append(model)
        return engine

    monkeypatch.setattr(inference.models, "open_engine", open_engine)
    return asked


def test_the_model_judges_when_it_is_named(coder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy())
    asked = given_model(monkeypatch, judge_of_newlines("house:R1"))
    Path("a.py").write_text("  x = 1\n")
    assert coder("a.py", "--model", "m.gguf").out == "a.py:1:3: info R1 likely house R1 [coder 1.00]\n"
    assert asked == ["m.gguf"]


def test_no_model_is_opened_unless_it_is_named(coder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy())
    asked = given_model(monkeypatch, judge_of_newlines("house:R1"))
    Path("a.py").write_text("x = 1\n")
    assert coder("a.py").code == 0
    monkeypatch.setenv("CODER_MODEL", "env.gguf")
    assert coder("a.py", "--no-model").code == 0
    assert asked == []
    assert coder("a.py").code == 1
    assert asked == ["env.gguf"]


def test_a_model_without_head_is_told(coder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy())
    given_model(monkeypatch, ScriptedEngine())
    Path("a.py").write_text("x = 1\n")
    outcome = coder("a.py", "--model", "base.gguf")
    assert outcome.err.startswith("coder: base.gguf has no quality head, so only the tools are asked\n")
    assert outcome.code == 0


def test_a_line_shows_control_characters_instead_of_obeying_them() -> None:
    line = "".join(text for text, _ in parts(finding(path="a\x1b[31m.py", message="two\nlines é")))
    assert line == "a\\x1b[31m.py:1:8: warning F401 two lines é [ruff]"


def test_a_confidence_is_shown_when_there_is_one() -> None:
    assert parts(finding(confidence=0.834))[-1][0] == "[ruff 0.83]"


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    finding_lines.print_findings([finding(message="[bold]x[/bold] " * 20)])
    out = capsys.readouterr().out
    assert "\x1b[" in out
    assert "[bold]x[/bold]" in out
    assert out.count("\n") == 1


def test_sarif(coder: Any) -> None:
    require_tool("ruff")
    Path("a.py").write_text("import os\n")
    log = json.loads(coder("a.py", "--format", "sarif").out)
    assert log["version"] == "2.1.0"
    (only_run,) = log["runs"]
    assert only_run["tool"]["driver"]["name"] == "ruff"
    (result,) = only_run["results"]
    assert only_run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "F401"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a.py"}
    assert place["region"] == {"startLine": 1, "startColumn": 8, "endLine": 1, "endColumn": 10}


def test_sarif_has_one_run_a_tool() -> None:
    log = sarif_log([finding(), finding(source="bandit", check="B101", cwe="CWE-703", severity="error"), finding()])
    assert [run["tool"]["driver"]["name"] for run in log["runs"]] == ["bandit", "ruff"]
    bandit, ruff = log["runs"]
    assert bandit["tool"]["driver"]["rules"][0]["properties"]["tags"] == ["correctness", "external/cwe/cwe-703"]
    assert bandit["results"][0]["level"] == "error"
    assert len(ruff["tool"]["driver"]["rules"]) == 1
    assert ruff["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "lib/a%20b.py"
    assert sarif_log([finding(path="/src/a.py")])["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ] == {"uri": "file:///src/a.py"}


def test_sarif_fingerprints_survive_moved_lines_and_are_unique() -> None:
    moved = finding(range=Range(Position(5, 7), Position(5, 9)))
    prints = [
        [result["partialFingerprints"]["coderFinding/v1"] for result in sarif_log(findings)["runs"][0]["results"]]
        for findings in ([finding(), finding()], [moved, moved])
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2


def test_sarif_carries_the_fix() -> None:
    span = Range(Position(0, 0), Position(1, 0))
    (run_,) = sarif_log([finding(fix=Fix("Remove it", ((span, ""),)))])["runs"]
    (fix,) = run_["results"][0]["fixes"]
    assert fix["description"] == {"text": "Remove it"}
    (change,) = fix["artifactChanges"]
    assert change["replacements"] == [
        {
            "deletedRegion": {"startLine": 1, "startColumn": 1, "endLine": 2, "endColumn": 1},
            "insertedContent": {"text": ""},
        }
    ]


def test_sarif_of_a_clean_check_has_an_empty_run() -> None:
    (only_run,) = sarif_log([])["runs"]
    assert only_run["results"] == []


def test_importing_the_command_imports_no_tool() -> None:
    heavy = {"tree_sitter", "bandit", "numpy", "rich", "concurrent.futures"}
    code = f"import sys, inference.cli.check; print(sorted({heavy!r} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
