"""A tool with the rules in its place: they speak where it was not asked or failed, and never beside its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from languages.elixir import ELIXIR
from languages.finding import Finding, Position, Range
from languages.go import GO
from languages.linters.catalogue import describe
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.structural.fallback import WithRules
from languages.linters.structural.linter import SOURCE, StructuralLinter
from languages.linters.structural.rule import ToolName

INSPECT = "Credo.Check.Warning.IoInspect"
TEXT = "IO.inspect(1)\n"
FAILED = LinterFailure("credo", "credo ran out of time")


@dataclass(frozen=True)
class Tool:
    """A tool that says what the test wants."""

    report: LintReport
    name: str = "credo"

    def executable(self) -> Path | None:
        return Path("/opt/credo")

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        return self.report


def linted(report: LintReport, path: Path, text: str = TEXT, tool: ToolName = "credo") -> LintReport:
    return WithRules(Tool(report), StructuralLinter(tool)).lint(path, text)


def found(check: str = INSPECT, line: int = 0) -> Finding:
    span = Range(Position(line, 0), Position(line, 1))
    return Finding(
        path="a", range=span, check=check, category="warning", severity="warning", message="m", source="credo"
    )


def told(report: LintReport) -> list[tuple[str, str]]:
    return [(finding.source, finding.check) for finding in report.findings]


def test_the_rules_speak_where_the_tool_was_not_asked(tmp_path: Path) -> None:
    report = linted(LintReport(skipped="credo is not in the project"), tmp_path / "a.exs")
    assert told(report) == [(SOURCE, INSPECT)]
    assert report.skipped == "credo is not in the project"
    assert report.failure is None


@pytest.mark.parametrize("findings", [(), (found(),), (found("Credo.Check.Design.TagTODO"),)])
def test_a_verdict_stands_alone(tmp_path: Path, findings: tuple[Finding, ...]) -> None:
    report = LintReport(findings)
    assert linted(report, tmp_path / "a.exs") == report


def test_a_failure_is_told_and_the_rules_come_beside_it(tmp_path: Path) -> None:
    report = linted(LintReport(failure=FAILED), tmp_path / "a.exs")
    assert report.failure == FAILED
    assert told(report) == [(SOURCE, INSPECT)]


def test_what_a_failing_tool_still_found_is_not_told_twice(tmp_path: Path) -> None:
    report = linted(LintReport((found(),), failure=FAILED), tmp_path / "a.exs", TEXT + "IO.inspect(2)\n")
    assert told(report) == [("credo", INSPECT), (SOURCE, INSPECT)]
    assert [finding.range.start.line for finding in report.findings] == [0, 1]


@pytest.mark.parametrize(
    ("tool", "name", "text"),
    [
        ("credo", "deps/jason/lib/a.exs", TEXT),
        ("gosec", "vendor/a/a.go", 'package a\nimport "crypto/md5"\n'),
        ("sobelow", "test/a_test.exs", "defmodule A do\n  def a(x), do: File.read!(x)\nend\n"),
        ("sobelow", "priv/repo/seeds.exs", "defmodule A do\n  def a(x), do: File.read!(x)\nend\n"),
    ],
)
def test_what_the_tool_would_not_look_at_gets_no_rules(tmp_path: Path, tool: ToolName, name: str, text: str) -> None:
    for root in (tmp_path, tmp_path / "deps" / "jason"):
        root.mkdir(parents=True, exist_ok=True)
        (root / "mix.exs").write_text("")
    (tmp_path / "go.mod").write_text("module a\n")
    skipped = LintReport(skipped="not installed")
    assert linted(skipped, tmp_path / name, text, tool) == skipped
    plain = tmp_path / "lib" / Path(name).name.replace("_test.exs", ".ex")
    assert told(linted(skipped, plain, text, tool)) != []


def test_a_folder_above_the_project_may_have_any_name(tmp_path: Path) -> None:
    project = tmp_path / "vendor" / "deps" / "shop"
    project.mkdir(parents=True)
    for name in ("mix.exs", "go.mod"):
        (project / name).write_text("")
    skipped = LintReport(skipped="not installed")
    assert told(linted(skipped, project / "lib" / "a.exs")) == [(SOURCE, INSPECT)]
    go = 'package a\nimport "crypto/md5"\n'
    assert told(linted(skipped, project / "a.go", go, "gosec")) == [(SOURCE, "G501")]


def test_sobelows_rules_read_a_plain_file_but_no_plain_test() -> None:
    text = "defmodule A do\n  def a(x), do: File.read!(x)\nend\n"
    skipped = LintReport(skipped="in no project")
    assert told(linted(skipped, Path("/nowhere/a.ex"), text, "sobelow")) == [(SOURCE, "Traversal.FileModule")]
    assert told(linted(skipped, Path("/nowhere/a_test.exs"), text, "sobelow")) == []


def test_by_name_and_place_it_is_the_tool() -> None:
    both = WithRules(Tool(LintReport()), StructuralLinter("credo"))
    assert (both.name, both.executable()) == ("credo", Path("/opt/credo"))


def test_a_finding_leads_to_what_the_tool_says_of_its_check(tmp_path: Path) -> None:
    (finding,) = linted(LintReport(skipped="not there"), tmp_path / "a.exs").findings
    assert finding.url == "https://hexdocs.pm/credo/Credo.Check.Warning.IoInspect.html"
    described = describe(f"{SOURCE}:{INSPECT}")
    assert described is not None
    assert described.name == "Warning.IoInspect"
    assert describe(f"{SOURCE}:G9999") is None


def test_the_languages_have_rules_for_the_tools_that_machines_lack() -> None:
    standing_in = {
        linter.name: linter.rules.tool
        for language in (ELIXIR, GO)
        for linter in language.linters
        if isinstance(linter, WithRules)
    }
    assert standing_in == {"credo": "credo", "sobelow": "sobelow", "gosec": "gosec"}
