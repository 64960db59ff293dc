"""Checking code through processes that stay alive, beside starting the tool once a file, as scripts do.

    python benchmarks/check.py [--rounds 20] [--batch 1000]

Each line is the median in milliseconds of one file of 500 lines: ours warm, then the tool's own command, then how many
times faster ours is; then one JSON row. Elixir: parse and format, and compile a module and run its two tests. Go:
compile twenty files. Python: compile. The files are new each round, so nothing comes from a cache. Then the same batch
of small snippets, one in ten broken, is compiled twice: snippets a second at first, and from the cache.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from languages.compilers.cache import VerdictCache
from languages.compilers.go import GoCompiler
from languages.compilers.verdict import Verdict
from languages.compiling import check_snippet, check_snippets
from languages.linters.process import ToolFailure
from languages.workers.beam import BeamWorker
from languages.workers.elixir_code import elixir_syntax_findings, format_elixir, run_ex_unit

#: Lines of each file.
LINES = 500
#: Go files that are checked together: what Go asks of its build cache is asked once.
BATCH = 20
_MODULE = "defmodule Cart do\n  def total(n), do: 3 * n + {}\nend\n"
_TESTS = (
    "defmodule CartTest do\n  use ExUnit.Case\n"
    '  test "one" do\n    assert is_integer(Cart.total(1))\n  end\n'
    '  test "two" do\n    assert Cart.total(2) > Cart.total(1)\n  end\nend\n'
)
_SNIPPETS = {
    "python": "def fNUMBER(x):\n    return x + NUMBER\n",
    "elixir": "defmodule ANUMBER do\n  def f(x), do: x + NUMBER\nend\n",
    "go": 'package a\n\nimport "fmt"\n\nfunc F(x int) string { return fmt.Sprint(x + NUMBER) }\n',
}


@dataclass(frozen=True, slots=True)
class Contest:
    """The same work done by us and by a fresh process; each gets the number of the round and raises when it fails."""

    name: str
    ours: Callable[[int], None]
    fresh: Callable[[int], None]


def main() -> None:
    """Run the contests whose tools are installed and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="files of each kind")
    parser.add_argument("--batch", type=int, default=1000, help="snippets of the batch (default: 1000)")
    given = parser.parse_args()
    rounds = given.rounds
    medians: dict[str, dict[str, float]] = {}
    with BeamWorker() as worker, tempfile.TemporaryDirectory(prefix="coder-bench-") as folder:
        for contest in [*_elixir(worker, Path(folder)), *_go(Path(folder)), _python(Path(folder))]:
            ours, fresh = _median(contest.ours, rounds), _median(contest.fresh, max(3, rounds // 4))
            print(f"{contest.name:<26} coder {ours:7.1f} ms   fresh process {fresh:7.1f} ms   ratio {fresh / ours:.1f}")
            medians[contest.name] = {"ours_ms": ours, "fresh_ms": fresh, "ratio": fresh / ours}
    batches = {language: _batch(language, snippet, given.batch) for language, snippet in _SNIPPETS.items()}
    for language, (first, cached) in batches.items():
        print(f"{language:<8} {given.batch} snippets: {first:7.0f}/s at first, {cached:7.0f}/s from the cache")
    print(json.dumps({"benchmark": "check", "lines": LINES, "rounds": rounds, "medians": medians, "batches": batches}))


def _batch(language: str, snippet: str, size: int) -> tuple[float, float]:
    """Snippets a second, first without and then with everything in the cache."""
    texts = [
        snippet.replace("NUMBER", str(number)).replace("x +", "x +" if number % 10 else "(") for number in range(size)
    ]
    rates = []
    with tempfile.TemporaryDirectory(prefix="coder-bench-") as folder, VerdictCache(Path(folder)) as cache:
        for _ in range(2):
            start = time.perf_counter()
            verdicts = check_snippets(language, texts, cache=cache)
            rates.append(size / (time.perf_counter() - start))
            if any(verdict.passes != bool(number % 10) for number, verdict in enumerate(verdicts)):
                raise RuntimeError(f"a verdict on {language} is wrong")
    return rates[0], rates[1]


def _median(work: Callable[[int], None], rounds: int) -> float:
    """Milliseconds; the first round, which starts things, does not count."""
    times = []
    for number in range(rounds + 1):
        start = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])


def _elixir(worker: BeamWorker, folder: Path) -> list[Contest]:
    program = worker.executable()
    if program is None:
        return []

    def judge(number: int) -> None:
        text = _elixir_file(number)
        if elixir_syntax_findings(worker, "a.ex", text) or not isinstance(format_elixir(worker, "a.ex", text), str):
            raise RuntimeError("the Elixir file was refused")

    def judge_fresh(number: int) -> None:
        file = _written(folder / "a.ex", _elixir_file(number))
        _call([program, "-e", f'"{file}" |> File.read!() |> Code.format_string!()'])

    def test(number: int) -> None:
        ran = run_ex_unit(worker, {"cart.ex": _MODULE.format(number), "cart_test.exs": _TESTS})
        if isinstance(ran, ToolFailure) or [row.get("state") for row in ran.rows] != ["passed", "passed"]:
            raise RuntimeError(f"the Elixir tests did not pass: {ran}")

    def test_fresh(number: int) -> None:
        module, tests = _written(folder / "cart.ex", _MODULE.format(number)), _written(folder / "t.exs", _TESTS)
        _call([program, "-r", module, "-e", f'ExUnit.start(); Code.require_file("{tests}")'])

    return [
        Contest("Elixir parse and format", judge, judge_fresh),
        Contest("Elixir compile, 2 tests", test, test_fresh),
    ]


def _go(folder: Path) -> list[Contest]:
    program = GoCompiler().executable()
    if program is None:
        return []

    def check(number: int) -> None:
        for verdict in check_snippets("go", _go_files(number)):
            _passed(verdict)

    def build(number: int) -> None:
        _written(folder / "go.mod", "module example.test/bench\n\ngo 1.21\n")
        for text in _go_files(number):
            _written(folder / "a.go", text)
            _call([program, "build", "./..."], folder)

    return [Contest(f"Go compile, {BATCH} files", check, build)]


def _python(folder: Path) -> Contest:
    def fresh(number: int) -> None:
        _call([sys.executable, "-m", "py_compile", _written(folder / "a.py", _python_file(number))])

    return Contest("Python compile", lambda number: _passed(check_snippet("python", _python_file(number))), fresh)


def _elixir_file(number: int) -> str:
    functions = "".join(f"  def f{line}(x),   do: x + {line}\n" for line in range(LINES - 2))
    return f"defmodule Bench{number} do\n{functions}end\n"


def _go_files(number: int) -> list[str]:
    return [_go_file(number * BATCH + index) for index in range(BATCH)]


def _go_file(number: int) -> str:
    functions = "".join(f"func F{line}(x int) int {{ return x + {line * number} }}\n" for line in range(LINES - 4))
    return f'package bench\n\nimport "fmt"\n\n{functions}func Say() {{ fmt.Println(F1({number})) }}\n'


def _python_file(number: int) -> str:
    return "".join(f"def f{line}(x): return x + {line * number}\n" for line in range(LINES))


def _passed(verdict: Verdict) -> None:
    if not verdict.passes:
        raise RuntimeError(f"the file was refused: {verdict}")


def _written(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def _call(command: Sequence[str | Path], folder: Path | None = None) -> None:
    subprocess.run([str(part) for part in command], cwd=folder, check=True, capture_output=True, timeout=120)


if __name__ == "__main__":
    main()
