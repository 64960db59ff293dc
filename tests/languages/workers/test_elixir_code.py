from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from languages.errors import CoderError
from languages.finding import Finding
from languages.linters.process import ToolFailure
from languages.workers.beam import BeamWorker
from languages.workers.elixir_code import compile_elixir, elixir_syntax_findings, format_elixir, run_ex_unit
from tests.languages.fakes import place
from tests.tools import require_tool


@pytest.fixture(scope="module")
def worker() -> Iterator[BeamWorker]:
    require_tool("elixir")
    with BeamWorker() as worker:
        yield worker


def syntax(worker: BeamWorker, text: str) -> tuple[Finding, ...]:
    findings = elixir_syntax_findings(worker, "a.ex", text, timeout=60)
    assert not isinstance(findings, ToolFailure), findings
    return findings


def compiled(worker: BeamWorker, **files: str) -> tuple[Finding, ...]:
    findings = compile_elixir(worker, {f"lib/{name}.ex": text for name, text in files.items()}, timeout=60)
    assert not isinstance(findings, ToolFailure), findings
    return findings


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("foo(1\n", (1, 5, 1, 6), 'missing terminator: ) (for "(" starting at line 1)'),
        ('x = "é" + )\n', (1, 11, 1, 12), "unexpected token: )"),
        ("foo do ) end", (1, 8, 1, 9), 'unexpected token: ). The "do" at line 1 is missing terminator "end"'),
        ("x = <<1>>\0", (1, 10, 1, 11), "unexpected token: null byte (column 10, code point U+0000)"),
    ],
)
def test_exact_errors_of_syntax(worker: BeamWorker, text: str, where: tuple[int, ...], message: str) -> None:
    [finding] = syntax(worker, text)
    assert (place(finding), finding.message) == (where, message)
    assert (finding.check, finding.severity, finding.source) == ("syntax-error", "error", "elixir")


@pytest.mark.parametrize("text", ["", "\n", "x = 1\r\ny = 2\r\n", "\ty = :é\n", "[" * 500 + "]" * 500])
def test_code_that_parses(worker: BeamWorker, text: str) -> None:
    assert syntax(worker, text) == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(text=st.text(max_size=60) | st.text("do end()[]{}\"'#\\ \n~sfn->%&@:1aé", max_size=60))
def test_any_text_is_answered(worker: BeamWorker, text: str) -> None:
    for finding in syntax(worker, text):
        assert finding.range.start <= finding.range.end
        assert finding.range.end.line < max(1, len(text.split("\n")))


def test_formatting(worker: BeamWorker) -> None:
    assert format_elixir(worker, "a.ex", "x   = [1,2]", timeout=60) == "x = [1, 2]\n"
    broken = format_elixir(worker, "a.ex", "x = [", timeout=60)
    assert isinstance(broken, Finding)
    assert "missing terminator" in broken.message


def test_compiler_errors_and_warnings(worker: BeamWorker) -> None:
    findings = compiled(worker, a="defmodule A do\n  def f(x), do: nope(1)\nend\n")
    assert [(finding.severity, finding.check) for finding in findings] == [("error", "compile"), ("warning", "compile")]
    assert place(findings[0]) == (2, 3, 2, 24)
    assert findings[0].message.startswith("undefined function nope/1")
    assert findings[0].path == "lib/a.ex"
    assert "unused" in findings[1].message


def test_messages_in_parts_are_put_together(worker: BeamWorker) -> None:
    [finding] = compiled(worker, a="defmodule A do\n  def f, do: Nope.call(1)\nend\n")
    assert finding.message.startswith("Nope.call/1 is undefined (module Nope is not available")
    assert finding.severity == "warning"


def test_files_that_need_each_other(worker: BeamWorker) -> None:
    files = {"b": "defmodule B do\n  def f, do: %A{x: 1}\nend\n", "a": "defmodule A do\n  defstruct [:x]\nend\n"}
    assert compiled(worker, **files) == ()


def test_code_that_raises_while_it_compiles(worker: BeamWorker) -> None:
    [finding] = compiled(worker, a='defmodule A do\n  raise "boom"\nend\n')
    assert finding.message.startswith("RuntimeError: boom")


def test_a_module_of_elixir_that_is_redefined(worker: BeamWorker) -> None:
    compile_elixir(worker, {"a.ex": "defmodule Range do\n  def size(_), do: :broken\nend\n"}, timeout=60)
    assert run_ex_unit_ok(worker, "assert Range.size(1..3) == 3")


def run_ex_unit_ok(worker: BeamWorker, body: str) -> bool:
    text = f'defmodule ATest do\n  use ExUnit.Case\n  test "a" do\n    {body}\n  end\nend\n'
    ran = run_ex_unit(worker, {"a_test.exs": text}, timeout=60)
    assert not isinstance(ran, ToolFailure), ran
    return [row["state"] for row in ran.rows if row["event"] == "test"] == ["passed"]


def test_a_test_file_that_did_not_compile_leaves_nothing(worker: BeamWorker) -> None:
    broken = 'defmodule OldTest do\n  use ExUnit.Case\n  test "a" do\n    nope()\n  end\nend\n'
    other = 'defmodule OtherTest do\n  use ExUnit.Case\n  test "b" do\n    assert true\n  end\nend\n'
    ran = run_ex_unit(worker, {"old_test.exs": broken, "other_test.exs": other}, timeout=60)
    assert not isinstance(ran, ToolFailure)
    assert not ran.compiled
    assert run_ex_unit_ok(worker, "assert true")


def test_failures_that_cannot_be_printed(worker: BeamWorker) -> None:
    text = (
        'defmodule Bad do\n  defexception [:x]\n  def message(_), do: raise("no")\nend\n'
        'defmodule ATest do\n  use ExUnit.Case\n  test "a" do\n    raise Bad\n  end\n'
        '  test "b" do\n    flunk(<<255, 254>>)\n  end\nend\n'
    )
    ran = run_ex_unit(worker, {"a_test.exs": text}, timeout=60)
    assert not isinstance(ran, ToolFailure), ran
    assert [row["state"] for row in ran.rows if row["event"] == "test"] == ["failed", "failed"]


@pytest.mark.parametrize("name", ["../a.ex", "/a.ex", "", "a\0.ex"])
def test_names_that_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(CoderError, match="relative path"):
        compile_elixir(BeamWorker(), {name: ""})
