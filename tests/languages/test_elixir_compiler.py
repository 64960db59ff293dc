from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from languages.linters.elixir_compiler import ElixirCompiler, findings_of
from languages.linters.elixir_output import diagnostics_of
from languages.linters.linter import LintReport
from tests.languages.fakes import TOOLS, fake_program, place
from tests.tools import require_tool

OLD, NEW = "", "_1.18"
UNUSED_X = 'variable "x" is unused (if the variable is not meant to be used, prefix it with an underscore)'


def output(name: str, version: str) -> str:
    """What the real compiler printed, stderr before stdout."""
    files = [TOOLS / f"{name}{version}{suffix}" for suffix in (".stderr", ".txt")]
    return "\n".join(file.read_text() for file in files if file.is_file())


def rows(report: LintReport) -> list[tuple[object, ...]]:
    assert report.failure is None
    return [(*place(f), f.check, f.severity, f.message) for f in report.findings]


def recorded(name: str, version: str, path: str, text: str) -> list[tuple[object, ...]]:
    return rows(LintReport(findings_of(diagnostics_of(output(name, version)), Path("/shop") / path, text)))


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "elixir"
    return report.failure.reason


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("bad_token", OLD, (2, 22, 2, 23, "syntax error before: '*'")),
        ("bad_token", NEW, (2, 22, 2, 23, "syntax error before: '*'")),
        ("missing_end", OLD, (6, 3, 6, 4, 'missing terminator: end (for "do" starting at line 1)')),
        ("missing_end", NEW, (6, 3, 6, 4, "missing terminator: end")),
        ("open_string", OLD, (3, 3, 3, 4, 'missing terminator: " (for string starting at line 2)')),
        ("open_string", NEW, (3, 3, 3, 4, 'missing terminator: " (for string starting at line 2)')),
        ("wrong_bracket", OLD, (2, 21, 2, 22, 'unexpected token: ). The "[" at line 2 is missing terminator "]"')),
        ("wrong_bracket", NEW, (2, 21, 2, 22, "unexpected token: )")),
    ],
)
def test_recorded_syntax_errors(name: str, version: str, expected: tuple[object, ...]) -> None:
    text = (TOOLS / f"elixirc/{name}.ex").read_text()
    *where, message = expected
    assert recorded(f"elixirc/{name}", version, f"{name}.ex", text) == [(*where, "syntax-error", "error", message)]


def test_a_recorded_undefined_name() -> None:
    text = (TOOLS / "elixirc/undefined_name.ex").read_text()
    assert recorded("elixirc/undefined_name", NEW, "undefined_name.ex", text) == [
        (2, 11, 2, 12, "unused-variable", "warning", UNUSED_X),
        (2, 19, 2, 20, "undefined-variable", "error", 'undefined variable "y"'),
    ]
    old = recorded("elixirc/undefined_name", OLD, "undefined_name.ex", text)
    assert [row[:6] for row in old] == [
        (2, 3, 2, 20, "undefined-variable", "warning"),
        (2, 3, 2, 20, "unused-variable", "warning"),
        (2, 3, 2, 20, "undefined-function", "error"),
    ]


WARNINGS = [
    ((6, 5, 6, 10), (6, 5, 6, 6), "unused-variable"),
    ((15, 3, 15, 23), (15, 7, 15, 10), "ungrouped-clauses"),
    ((16, 3, 16, 22), (16, 7, 16, 12), "ungrouped-clauses"),
    ((11, 3, 11, 24), (11, 8, 11, 15), "unused-definition"),
    ((15, 3, 15, 23), (15, 7, 15, 10), "unreachable-clause"),
    ((17, 3, 17, 22), (17, 7, 17, 12), "unreachable-clause"),
    ((3, 3, 3, 16), (3, 3, 3, 16), "unused-definition"),
    ((2, 3, 2, 27), (2, 3, 2, 8), "unused-directive"),
    ((7, 5, 7, 27), (7, 20, 7, 24), "undefined-function"),
    ((8, 5, 8, 31), (8, 12, 8, 28), "undefined-function"),
]


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("warnings", OLD),
        ("warnings", NEW),
        ("warnings_as_errors", OLD),
        ("warnings_diagnostics", OLD),
        ("warnings_diagnostics", NEW),
    ],
)
def test_recorded_warnings_of_mix(name: str, version: str) -> None:
    text = (TOOLS / "mix-compile/warnings/lib/warn.ex").read_text()
    expected = [((new if version else old), check, "warning") for old, new, check in WARNINGS]
    found = recorded(f"mix-compile/{name}", version, "lib/warn.ex", text)
    assert [(row[:4], row[4], row[5]) for row in found] == expected


@pytest.mark.parametrize("name", ["errors", "errors_diagnostics"])
def test_recorded_errors_of_mix(name: str) -> None:
    text = (TOOLS / "mix-compile/errors/lib/err.ex").read_text()
    old, new = (recorded(f"mix-compile/{name}", version, "lib/err.ex", text) for version in (OLD, NEW))
    assert [row[:6] for row in old] == [
        (3, 5, 3, 27, "undefined-variable", "warning"),
        (8, 3, 8, 39, "undefined-function", "error"),
    ]
    assert [row[:6] for row in new] == [
        (8, 20, 8, 21, "undefined-function", "error"),
        (3, 5, 3, 23, "undefined-variable", "error"),
    ]


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("name", ["warnings", "errors"])
def test_the_text_agrees_with_mix_diagnostics(name: str, version: str) -> None:
    """Mix returned the same diagnostics as values, which the recording prints: file, line, column, severity."""
    printed = output(f"mix-compile/{name}_diagnostics", version)
    value = re.compile(r'file: "([^"]+)".*?position: \{?(\d+)(?:, (\d+)\})?')
    structs = [line for line in printed.splitlines() if line.startswith("%{")]
    places = [re.search(r"position: \{?(\d+)(?:, (\d+)\})?", line) for line in structs]
    severities = [re.search(r"severity: :(\w+)", line) for line in structs]
    assert all(value.search(line) or "file:" in line for line in structs)
    wanted = sorted((int(at[1]), at[2], level[1]) for at, level in zip(places, severities, strict=True) if at and level)
    found = [*diagnostics_of(printed)]
    ours = [(d.line + 1, None if d.column is None else str(d.column + 1), d.severity) for d in found]
    # Position 0 announces that errors were printed; it is none itself.
    assert sorted(ours, key=str) == sorted((row for row in wanted if row[0]), key=str)


def test_diagnostics_in_other_files_are_left_out() -> None:
    printed = output("mix-compile/warnings", NEW)
    assert findings_of(diagnostics_of(printed), Path("/shop/lib/other.ex"), "x") == ()
    assert findings_of(diagnostics_of(printed), Path("/shop/lib/my_warn.ex"), "x") == ()


def test_a_message_of_several_lines_at_several_places() -> None:
    printed = (
        "warning: Old.call/1 is deprecated. Use:\n\n    * New.call/1\n\nInvalid call found at 2 locations:\n"
        "  lib/a.ex:1: A.run/0\n  lib/b.ex:4: B.run/0\n\nwarning: unused alias C\n  lib/a.ex:2\n"
    )
    found = [(d.file, d.line, d.message.split(".")[0]) for d in diagnostics_of(printed)]
    assert found == [("lib/a.ex", 0, "Old"), ("lib/b.ex", 3, "Old"), ("lib/a.ex", 1, "unused alias C")]


def test_a_crash_is_not_a_diagnostic() -> None:
    assert [*diagnostics_of((TOOLS / "errors/elixir_crash.stderr").read_text())] == []


@pytest.mark.parametrize("compiles", [False, True])
def test_a_crashing_compiler_is_a_failure(tmp_path: Path, compiles: bool) -> None:
    program = fake_program(tmp_path, f"cat {TOOLS / 'errors/elixir_crash.stderr'} >&2; exit 1")
    said = reason(ElixirCompiler(program=program, compiles=compiles).lint(Path("a.ex"), "x"))
    assert said.endswith("** (RuntimeError) tool crashed")


@pytest.mark.parametrize("body", ["echo hello", "exit 0", "printf '\\0\\0\\0\\2{}' >&4", "echo ok >&4"])
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    said = reason(ElixirCompiler(program=fake_program(tmp_path, body)).lint(Path("a.ex"), ""))
    assert re.search("ended early|wrote into the answer|answered with", said)


def test_live_warnings_of_the_parser() -> None:
    require_tool("elixir")
    [finding] = ElixirCompiler().lint(Path("lib/a.ex"), "x =\n  ?\t\n").findings
    assert (finding.severity, finding.check, place(finding)[:2]) == ("warning", "compiler-warning", (2, 3))


def test_a_hanging_or_missing_compiler_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.2 s" in reason(ElixirCompiler(program=program).lint(Path("a.ex"), "", timeout=0.2))
    assert "could not be started" in reason(ElixirCompiler(program=tmp_path / "nope").lint(Path("a.ex"), ""))


def test_not_installed_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("languages.linters.elixir_compiler.find_program", lambda name: None)
    report = ElixirCompiler().lint(Path("a.ex"), "")
    assert (report.findings, report.failure) == ((), None)
    assert report.skipped is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("defmodule A do\n  def f, do: :é\nend\n", []),
        ("", []),
        ("x = 1\r\ny = [é, ü}\r\n", [(2, 10, 2, 11)]),
        ("a = (\n\n", [(1, 5, 1, 6)]),
        ("@foo +", [(1, 6, 1, 7)]),
        ("\0", [(1, 1, 1, 2)]),
        ("{" * 2000, [(1, 2000, 1, 2001)]),
    ],
)
def test_live_parsing(text: str, expected: list[tuple[int, ...]]) -> None:
    require_tool("elixir")
    report = ElixirCompiler().lint(Path("lib/a.ex"), text)
    assert report.failure is None
    assert [place(finding) for finding in report.findings] == expected
    assert {finding.check for finding in report.findings} <= {"syntax-error"}


def test_live_parsing_runs_nothing(tmp_path: Path) -> None:
    require_tool("elixir")
    text = f'File.write!("{tmp_path}/ran", "")\ndefmodule A do\n  File.write!("{tmp_path}/ran", "")\nend\n'
    assert ElixirCompiler().lint(Path("a.ex"), text) == LintReport()
    assert not (tmp_path / "ran").exists()


def test_live_compiling() -> None:
    require_tool("elixirc")
    text = "defmodule A do\n  def f(x), do: 1\n  def g, do: y()\nend\n"
    report = ElixirCompiler(compiles=True).lint(Path("lib/a.ex"), text)
    found = {(finding.range.start.line + 1, finding.check, finding.severity) for finding in report.findings}
    assert (2, "unused-variable", "warning") in found
    assert (3, "undefined-function", "error") in found
    raised = ElixirCompiler(compiles=True).lint(Path("lib/a.ex"), 'defmodule A do\n  raise "no"\nend\n')
    assert [(place(f)[0], f.check, f.message) for f in raised.findings] == [(2, "compile", "(RuntimeError) no")]


#: Pieces of what the compiler prints, in any order and cut anywhere.
PIECES = st.sampled_from(
    (
        output("elixirc/missing_end", NEW) + output("mix-compile/errors", NEW) + output("mix-compile/errors", OLD)
    ).splitlines()
)


@given(st.lists(PIECES | st.text(max_size=30), max_size=30), st.text(max_size=40))
def test_any_output_gives_places_inside_the_text(printed: list[str], text: str) -> None:
    for finding in findings_of(diagnostics_of("\n".join(printed)), Path("/shop/lib/err.ex"), text):
        rows = text.split("\n")
        for at in (finding.range.start, finding.range.end):
            assert 0 <= at.line < len(rows)
            assert 0 <= at.character <= len(rows[at.line])
        assert finding.range.start <= finding.range.end
