from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.compilers import go
from languages.compilers.cache import VerdictCache
from languages.compilers.elixir import ElixirCompiler
from languages.compilers.go import GoCompiler, standard_imports
from languages.compilers.verdict import Depth, Verdict
from languages.compiling import check_snippet, check_snippets, compiler_of
from languages.errors import CoderError
from languages.finding import Finding, Position, Range
from languages.linters.process import ToolFailure, ToolOutput
from languages.workers.beam import BeamWorker
from tests.languages.fakes import fake_program, place
from tests.tools import require_tool


@pytest.fixture(scope="module")
def elixir() -> Iterator[ElixirCompiler]:
    require_tool("elixir")
    with BeamWorker() as worker:
        yield ElixirCompiler(lambda: worker, lambda: worker)


@dataclass
class Counting:
    """A compiler that counts what it is asked; texts with "?" it cannot judge."""

    language: str = "python"
    version: str = "1"
    asked: list[str] = field(default_factory=list)

    def identity(self) -> str:
        return self.version

    def verdicts(self, texts: Sequence[str], depth: Depth, *, timeout: float) -> list[Verdict]:
        self.asked.extend(texts)
        return [self._verdict(text) for text in texts]

    def _verdict(self, text: str) -> Verdict:
        if "?" in text:
            return Verdict(failure=ToolFailure("timeout", "it took too long"))
        span = Range(Position(1, 2), Position(3, 4))
        finding = Finding(
            path="a", range=span, check="compile", category="c", severity="error", message=f"é {text}", source="s"
        )
        return Verdict((finding,))


def described(verdict: Verdict) -> tuple[bool, bool, list[str]]:
    return verdict.parses, verdict.passes, [finding.message for finding in verdict.findings]


@pytest.mark.parametrize(
    ("text", "parses", "passes", "message"),
    [
        ("x = (", False, False, "'(' was never closed"),
        ("return 1\n", True, False, "'return' outside function"),
        ("def f():\n\tif 1:\n        pass\n", False, False, "inconsistent use of tabs and spaces in indentation"),
        ("x\0y", False, False, "source code string cannot contain null bytes"),
        ("(" * 300, False, False, "too many nested parentheses"),
        ("-" * 100_000 + "1", False, False, "it nests deeper than Python's compiler can go"),
        ('x = "\\d"\n', True, True, "invalid escape sequence '\\d'"),
    ],
)
def test_python_that_is_not_clean(text: str, parses: bool, passes: bool, message: str) -> None:
    assert described(check_snippet("python", text)) == (parses, passes, [message])


def test_python_places() -> None:
    [finding] = check_snippet("python", "é = )\r\n").findings
    assert (place(finding), finding.check, finding.path) == ((1, 5, 1, 6), "syntax-error", "snippet.py")


@pytest.mark.parametrize("text", ["", "x = 1\r\n", "# -*- coding: utf-8 -*-\nx = 'é'\n"])
def test_python_that_compiles(text: str) -> None:
    assert described(check_snippet("python", text)) == (True, True, [])


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=80) | st.text("def x():\n \treturn(1)[]'\"\\#", max_size=80))
def test_any_python_gets_a_verdict(text: str) -> None:
    for finding in check_snippet("python", text).findings:
        assert finding.range.start <= finding.range.end


@pytest.mark.parametrize(
    ("text", "parses", "passes", "message"),
    [
        ('package a\n\nimport "fmt"\n\nfunc F() { fmt.Println(1) }\n', True, True, None),
        ("package a\n\nfunc F() int { return é }\n", True, False, "undefined: é"),
        ("package a\nfunc F( {\n", False, False, "unexpected {, expected )"),
        ('package a\n\nimport ("os"; "strings")\n', True, False, '"os" imported and not used'),
        (
            'package a\n\nimport x "example.test/y"\n',
            True,
            False,
            "could not import example.test/y (open : no such file",
        ),
        ("", False, False, "package statement must be first"),
        ("package a\0", False, False, "invalid NUL character"),
    ],
)
def test_go(text: str, parses: bool, passes: bool, message: str | None) -> None:
    require_tool("go")
    verdict = check_snippet("go", text, timeout=120)
    assert verdict.failure is None
    assert (verdict.parses, verdict.passes) == (parses, passes)
    assert [finding.message[: len(message or "")] for finding in verdict.findings[:1]] == ([message] if message else [])


def test_go_without_its_compiler() -> None:
    require_tool("gofmt")
    [broken, unknown] = check_snippets("go", ["package a\nfunc F( {\n", "package a\nvar x = y\n"], depth="parse")
    assert not broken.parses
    assert broken.findings[0].source == "gofmt"
    assert unknown.passes


def test_the_go_compiler_writes_into_its_own_folder_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It deletes its output file when the code is broken, so that must never be a device."""
    outputs: list[tuple[Path, Path]] = []

    def record(command: Sequence[str | Path], *, directory: Path = Path(), **_options: object) -> ToolOutput:
        if "-o" in command:
            outputs.append((Path(command[command.index("-o") + 1]), directory))
        return ToolOutput(0, "compile", "")

    monkeypatch.setattr(go, "run_tool", record)
    GoCompiler(Path("go")).verdicts(["package a", "package b"], "compile", timeout=5)
    assert len(outputs) == 2
    assert all(output.parent == directory for output, directory in outputs)


def test_imports_of_go() -> None:
    texts = ['import "fmt"\nimport (\n\tx "net/http"\n\t. "os"\n\t"C"\n)\n', 'import ("strings"; "example.test/a")\n']
    assert standard_imports(texts) == ["fmt", "net/http", "os", "strings"]


def test_a_go_that_gives_no_verdict(tmp_path: Path) -> None:
    [verdict] = GoCompiler(fake_program(tmp_path, "echo no >&2; exit 2")).verdicts(["x"], "compile", timeout=5)
    assert verdict.failure is not None
    assert not verdict.parses
    assert not verdict.passes


def test_elixir(elixir: ElixirCompiler) -> None:
    texts = [
        "defmodule A do\n  def f(x), do: x\nend\n",
        "defmodule A do\n  def f(x), do: y()\nend\n",
        "defmodule A do\n  def f(x, do: 1\nend\n",
        "System.halt(1)",
        "defmodule A do\n  def f(_), do: 1\nend\n",
    ]
    clean, undefined, broken, halted, after = check_snippets("elixir", texts, compiler=elixir, timeout=60)
    assert described(clean) == (True, True, [])
    assert (undefined.parses, undefined.passes) == (True, False)
    assert (broken.parses, broken.passes) == (False, False)
    assert halted.failure is not None
    assert described(after) == (True, True, [])


def test_elixir_that_is_only_parsed_is_not_run(elixir: ElixirCompiler) -> None:
    [verdict] = check_snippets("elixir", ["System.halt(1)"], depth="parse", compiler=elixir, timeout=60)
    assert verdict.parses


def test_equal_texts_are_looked_at_once() -> None:
    compiler = Counting()
    verdicts = check_snippets("python", ["a", "b", "a"], compiler=compiler)
    assert compiler.asked == ["a", "b"]
    assert verdicts[0] == verdicts[2] != verdicts[1]


def test_the_cache_gives_back_what_it_got(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    with VerdictCache(tmp_path) as cache:
        before = check_snippets("python", ["a", "b"], cache=cache, compiler=first)
    with VerdictCache(tmp_path) as cache:
        after = check_snippets("python", ["b", "c", "a"], cache=cache, compiler=second)
    assert second.asked == ["c"]
    assert [after[2], after[0]] == before


def test_a_verdict_is_for_one_compiler_one_depth_and_one_language(tmp_path: Path) -> None:
    with VerdictCache(tmp_path) as cache:
        check_snippets("python", ["a"], cache=cache, compiler=Counting())
        for compiler, depth in ((Counting(version="2"), "compile"), (Counting(), "parse")):
            check_snippets("python", ["a"], depth=depth, cache=cache, compiler=compiler)  # type: ignore[arg-type]
            assert compiler.asked == ["a"]
        other = Counting()
        check_snippets("go", ["a"], cache=cache, compiler=other)
        assert other.asked == ["a"]


def test_no_verdict_is_not_kept(tmp_path: Path) -> None:
    compiler = Counting()
    with VerdictCache(tmp_path) as cache:
        for _ in range(2):
            [verdict] = check_snippets("python", ["?"], cache=cache, compiler=compiler)
            assert verdict.failure is not None
    assert compiler.asked == ["?", "?"]


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    with VerdictCache(tmp_path, size=200_000) as cache:
        check_snippets(
            "python", [f"{number} {number * 7919}" * 200 for number in range(500)], cache=cache, compiler=Counting()
        )
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 1_000_000


def test_an_entry_of_another_shape_counts_as_none(tmp_path: Path) -> None:
    with VerdictCache(tmp_path) as cache:
        cache._cache.set("key", [{"range": 1}])
        assert cache.get("key") is None


def test_a_thousand_snippets() -> None:
    verdicts = check_snippets("python", [f"x = {number}\n" if number % 2 else "x = (" for number in range(1000)])
    assert [verdict.passes for verdict in verdicts] == [False, True] * 500


def test_languages() -> None:
    assert [compiler_of(name).language for name in ("elixir", "go", "python")] == ["elixir", "go", "python"]
    with pytest.raises(CoderError, match="elixir, go or python"):
        compiler_of("rust")
