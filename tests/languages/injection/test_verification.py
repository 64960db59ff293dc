from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.injection import verification
from languages.injection.planting import Planted, ToolName
from languages.injection.verification import detected, detected_all
from languages.linters.linter import Linter, LintReport
from languages.linters.ruff import Ruff
from languages.syntax import GrammarName
from tests.languages.fakes import fake_program
from tests.tools import require_tool


def pair(
    clean: str, violating: str, check: str, *, line: int, tool: ToolName = "bandit", language: GrammarName = "python"
) -> Planted:
    return Planted(language=language, clean=clean, violating=violating, check=check, tool=tool, cwe=None, line=line)


ASSERTED = pair("x = 1\n", "x = 1\nassert x\n", "B101", line=1)
PRINTED = pair("x = 1\n", "print(1)\nx = 1\n", "T201", line=0, tool="ruff")
INSPECTED = pair(
    "defmodule A do\n  def f(x), do: x\nend\n",
    "defmodule A do\n  def f(x), do: IO.inspect(x)\nend\n",
    "Credo.Check.Warning.IoInspect",
    line=1,
    tool="credo",
    language="elixir",
)
HASHED = pair(
    'package a\n\nimport "crypto/sha256"\n\nvar Sum = sha256.Sum256\n',
    'package a\n\nimport "crypto/md5"\n\nvar Sum = md5.Sum\n',
    "G501",
    line=2,
    tool="gosec",
    language="go",
)
FORMATTED = pair(
    'package a\n\nimport "fmt"\n\nfunc F() { fmt.Printf("%d", 1) }\n',
    'package a\n\nimport "fmt"\n\nfunc F() { fmt.Printf("%d", "x") }\n',
    "printf",
    line=4,
    tool="go vet",
    language="go",
)


@pytest.mark.parametrize("planted", [ASSERTED, PRINTED, INSPECTED, HASHED], ids=lambda planted: planted.tool)
def test_what_is_planted_is_found(planted: Planted) -> None:
    require_tool("ruff")
    assert detected(planted)


def test_go_vet_is_asked_itself() -> None:
    require_tool("go")
    assert detected(FORMATTED)
    assert not detected(replace(FORMATTED, violating=FORMATTED.clean))


@pytest.mark.parametrize(
    "planted",
    [
        replace(ASSERTED, line=0),
        replace(ASSERTED, check="B102"),
        replace(ASSERTED, clean=ASSERTED.violating),
        replace(ASSERTED, violating=ASSERTED.clean),
        pair("assert x\n", "\nassert x\n", "B101", line=1),
    ],
    ids=["another line", "another check", "there before", "not there", "moved"],
)
def test_what_is_not_planted_is_not_found(planted: Planted) -> None:
    assert not detected(planted)


def test_one_more_of_the_same_is_found() -> None:
    assert detected(pair("assert x\n", "assert x\nassert y\n", "B101", line=1))


def test_a_batch_keeps_its_order() -> None:
    require_tool("ruff")
    assert detected_all([PRINTED, replace(ASSERTED, line=0), ASSERTED, INSPECTED]) == (True, False, True, True)
    assert detected_all([]) == ()


def test_a_text_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Counting:
        name = "bandit"

        def executable(self) -> Path | None:
            return None

        def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
            seen.append(text)
            return LintReport()

    linter: Linter = Counting()
    monkeypatch.setattr(verification, "Bandit", lambda: linter)
    assert detected_all([ASSERTED, ASSERTED, replace(ASSERTED, check="B102")]) == (False,) * 3
    assert sorted(seen) == sorted([ASSERTED.clean, ASSERTED.violating])


def test_a_project_that_ignores_a_rule_is_of_no_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool("ruff")
    (tmp_path / "ruff.toml").write_text('[lint]\nignore = ["T201"]\n')
    monkeypatch.chdir(tmp_path)
    assert detected(PRINTED)


def test_code_that_the_tool_cannot_read() -> None:
    with pytest.raises(CoderError, match=r"bandit did not check the planted text: .*mend its syntax") as caught:
        detected(replace(ASSERTED, violating="def f(:\n"))
    assert caught.value.code == "checker_failed"


@pytest.mark.parametrize("body", ["exit 2", "echo garbage", "kill -9 $$"])
def test_a_tool_that_fails(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_program(tmp_path, body)
    monkeypatch.setattr(verification, "Ruff", lambda: Ruff(program))
    with pytest.raises(CoderError, match="ruff did not check the planted text") as caught:
        detected(PRINTED)
    assert caught.value.code == "checker_failed"


def test_a_tool_that_was_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        name = "ruff"

        def executable(self) -> Path | None:
            return None

        def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
            return LintReport(skipped="ruff is not installed")

    monkeypatch.setattr(verification, "Ruff", Absent)
    with pytest.raises(CoderError, match="ruff is not installed"):
        detected(PRINTED)


@pytest.mark.parametrize(
    ("planted", "reason"),
    [
        (replace(INSPECTED, check="Credo.Check.Nothing"), "no rule of ours finds credo's Credo.Check.Nothing"),
        (replace(ASSERTED, tool="credo"), "credo does not check python; the tools that do are: ruff, bandit"),
    ],
)
def test_a_check_that_nobody_looks_for(planted: Planted, reason: str) -> None:
    with pytest.raises(CoderError, match=reason) as caught:
        detected(planted)
    assert caught.value.code == "unknown_check"
