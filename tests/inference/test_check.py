from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from inference.assistant import check
from inference.assistant.check import check_paths, check_text, expand
from languages.errors import CoderError
from languages.finding import Finding, Position, Range, Severity
from languages.linters.linter import LinterFailure, LintReport
from tests.inference.toys import Says, Toy, judge_of_newlines, use
from tests.tools import require_tool


def finding(source: str, check: str, line: int, category: str = "style", severity: Severity = "info") -> Finding:
    span = Range(Position(line, 0), Position(line, 1))
    return Finding(
        path="a.py", range=span, check=check, category=category, severity=severity, message="m", source=source
    )  # fmt: skip


TREE = finding("tree-sitter", "syntax-error", 0, "syntax", "error")


def test_findings_of_all_tools_come_in_order_of_place(monkeypatch: pytest.MonkeyPatch) -> None:
    early, late = finding("b", "B1", 0), finding("a", "A1", 4)
    use(monkeypatch, Toy((Says("a", LintReport((late,))), Says("b", LintReport((early,))))))
    report = check_text("a.py", "x\n")
    assert report.findings == (early, late)
    assert report.failures == ()


def test_linters_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy(tuple(Says(name, LintReport(), delay=0.4) for name in "abc")))
    started = time.monotonic()
    check_text("a.py", "x\n")
    assert time.monotonic() - started < 0.9


def test_a_tool_without_verdict_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = LinterFailure("a", "a is not installed")
    found = finding("b", "B1", 0)
    use(monkeypatch, Toy((Says("a", LintReport(failure=failure)), Says("b", LintReport((found,))))))
    report = check_text("a.py", "x\n")
    assert report.failures == (failure,)
    assert report.findings == (found,)


def test_the_languages_own_parser_speaks_for_tree_sitter(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = finding("ruff", "invalid-syntax", 0, "syntax", "error")
    use(monkeypatch, Toy((Says("ruff", LintReport((exact,))),), [TREE]))
    assert check_text("a.py", "x\n").findings == (exact,)
    use(monkeypatch, Toy((Says("ruff", LintReport()),), [TREE]))
    assert check_text("a.py", "x\n").findings == ()


def test_tree_sitter_speaks_where_no_parser_could(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = LinterFailure("ruff", "ruff is not installed")
    use(monkeypatch, Toy((Says("ruff", LintReport(failure=failure)), Says("bandit", LintReport())), [TREE]))
    assert check_text("a.py", "x\n").findings == (TREE,)


def test_tree_sitter_speaks_where_the_parser_was_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy((Says("elixir", LintReport(skipped="elixir is not installed")),), [TREE]))
    report = check_text("a.py", "x")
    assert (report.findings, report.failures) == ((TREE,), ())


def test_go_vet_does_not_repeat_what_gofmt_said(monkeypatch: pytest.MonkeyPatch) -> None:
    syntax = finding("gofmt", "syntax-error", 3, "syntax", "error")
    repeated, other = finding("go vet", "compile", 3), finding("go vet", "compile", 5)
    use(monkeypatch, Toy((Says("gofmt", LintReport((syntax,))), Says("go vet", LintReport((repeated, other))))))
    assert check_text("a.py", "x\n").findings == (syntax, other)


def test_an_empty_text_has_no_findings() -> None:
    for name in ("a.py", "a.go", "a.ex"):
        assert check_text(name, "").findings == ()
        assert check_text(name, "").failures == ()


def test_the_model_is_asked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Toy())
    findings = check_text("a.py", "x\ny\n", judge_of_newlines("house:R1")).findings
    assert [(f.source, f.check, f.range.start.line) for f in findings] == [("coder", "R1", 0), ("coder", "R1", 1)]


def test_a_model_that_fails_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = judge_of_newlines("house:R1")
    use(monkeypatch, Toy())

    def broken(*args: object, **options: object) -> None:
        raise CoderError("the model is gone; start it again")

    monkeypatch.setattr(engine, "hidden_states", broken)
    report = check_text("a.py", "x\n", engine)
    assert report.failures == (LinterFailure("coder", "the model is gone; start it again"),)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(CoderError, match=r"notes\.txt is in no language .* \.ex \.exs .* \.go \.py"):
        check_text("notes.txt", "x")


def test_lone_surrogates_do_no_harm() -> None:
    require_tool("ruff")
    assert check_text("a.py", "x = '\ud800'\n").findings == ()


def test_live_python(tmp_path: Path) -> None:
    require_tool("ruff")
    require_tool("bandit")
    report = check_text(tmp_path / "a.py", "import os\neval(input())\n")
    assert {("ruff", "F401"), ("bandit", "B307")} <= {(f.source, f.check) for f in report.findings}
    assert report.failures == ()


def test_live_syntax_errors_are_told_once(tmp_path: Path) -> None:
    require_tool("ruff")
    assert {f.source for f in check_text(tmp_path / "a.py", "x = = 1\n").findings} == {"ruff"}
    require_tool("gofmt")
    assert {f.source for f in check_text(tmp_path / "a.go", "package a\n\nvar x = = 1\n").findings} == {"gofmt"}
    require_tool("elixir")
    assert {f.source for f in check_text(tmp_path / "a.ex", "f(1, [2, 3)\n").findings} == {"elixir"}


def test_directories_are_looked_through(tmp_path: Path) -> None:
    wanted = ["b.go", "lib/a.ex", "lib/a.exs", "lib/sub/c.py"]
    others = ["README.md", ".git/x.py", "deps/d.ex", "_build/e.ex", "vendor/f.go", "node_modules/g.py", "env/lib/h.py"]
    for name in wanted + others:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "env/pyvenv.cfg").touch()
    assert expand([tmp_path]) == [tmp_path / name for name in wanted]


def test_templates_and_the_lock_are_judged_with_elixir(tmp_path: Path) -> None:
    (tmp_path / "page.html.heex").write_text("<p><%= raw @name %></p>\n")
    (tmp_path / "mix.lock").write_text('%{"plug": {:hex, :plug, "1.3.0", "0", [:mix], [], "hexpm", "0"}}\n')
    reports = {Path(report.path).name: report for report in check_paths([tmp_path])}
    assert {name: report.failures for name, report in reports.items()} == {"mix.lock": (), "page.html.heex": ()}
    assert "Vuln.Plug" in {finding.check for finding in reports["mix.lock"].findings}
    assert [finding.check for finding in reports["page.html.heex"].findings] == ["XSS.Raw"]


def test_a_named_file_is_checked_wherever_it_is_and_once(tmp_path: Path) -> None:
    file = tmp_path / "vendor" / "a.go"
    file.parent.mkdir()
    file.touch()
    assert expand([file, file, file.parent]) == [file]


def test_paths_are_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/a.py").touch()
    monkeypatch.chdir(tmp_path)
    assert [report.path for report in check_paths(["lib", "."])] == ["lib/a.py"]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff")
    (tmp_path / "b.py").write_bytes(b"a\0b")
    (tmp_path / "c.py").touch()
    with (tmp_path / "d.py").open("wb") as big:
        big.truncate(50_000_000)
    paths = [tmp_path, tmp_path / "nope.py", tmp_path / "notes.txt"]
    (tmp_path / "notes.txt").touch()
    codes = [report.error.code if report.error else None for report in check_paths(paths)]
    assert codes == ["not_utf8", "binary", None, "too_large", "not_found", "unknown_language"]


def test_a_reader_who_leaves_stops_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checked: list[Path] = []
    lock = threading.Lock()

    def count(file: Path, engine: object) -> check.CheckReport:
        with lock:
            checked.append(file)
        return check.CheckReport(str(file))

    monkeypatch.setattr(check, "_check_file", count)
    reports = check.check_files(tmp_path / str(number) for number in range(1000))
    next(reports)
    reports.close()
    assert len(checked) < 20
