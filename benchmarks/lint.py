"""Checking one changed file of 500 lines, warm, as an editor does, beside the same tools started by hand.

    python benchmarks/lint.py [--rounds 15]

Each line is the median in milliseconds of `check_text` (every linter of the language that is installed, at once, and
tree-sitter), then of the tools' own commands one after another, then the ratio. The text is another one in each round.
Go: vet judges the package in a module, whose dependencies are in Go's build cache after the first round.
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
from pathlib import Path

from inference.assistant.check import check_text
from languages.linters.process import find_program
from languages.registry import language_of

LINES = 500
PYTHON = '''
class Account{n}:
    """Money of one customer."""

    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner = owner
        self.balance = balance

    def transfer(self, other: "Account{n}", amount: int) -> bool:
        if amount <= 0 or amount > self.balance:
            return False
        self.balance -= amount
        other.balance += amount
        return True

    def describe(self) -> str:
        lines = [f"{{self.owner}}: {{self.balance}}"]
        for step in range({n} + {round}):
            if step % 2 == 0:
                lines.append(str(step))
        return "; ".join(lines)
'''
GO = """
type account{n} struct {{
	owner   string
	balance int
}}

func (a *account{n}) transfer(other *account{n}, amount int) error {{
	if amount <= 0 || amount > a.balance {{
		return fmt.Errorf("%s cannot transfer %d", a.owner, amount)
	}}
	a.balance -= amount
	other.balance += amount
	return nil
}}

func (a *account{n}) describe() string {{
	lines := []string{{a.owner}}
	for step := 0; step < {n}+{round}; step++ {{
		lines = append(lines, fmt.Sprint(step))
	}}
	return strings.Join(lines, "; ")
}}
"""
ELIXIR = """
defmodule Bank.Account{n} do
  @moduledoc "Money of one customer."

  defstruct owner: "", balance: 0

  def transfer(%__MODULE__{{}} = from, %__MODULE__{{}} = to, amount) when amount > 0 do
    if amount > from.balance do
      {{:error, :too_little}}
    else
      {{:ok, %{{from | balance: from.balance - amount}}, %{{to | balance: to.balance + amount}}}}
    end
  end

  def describe(%__MODULE__{{owner: owner, balance: balance}}) do
    steps = Enum.map(1..{n}+{round}, fn step -> step * 2 end)

    "#{{owner}}: #{{balance}} " <> Enum.join(steps, "; ")
  end
end
"""
#: File, text before the blocks, the block, and the tools' own commands with the file as FILE.
Subject = tuple[str, str, str, tuple[tuple[str, ...], ...]]
SUBJECTS: tuple[Subject, ...] = (
    ("account.py", '"""Accounts."""\n', PYTHON, (("ruff", "check", "FILE"), ("bandit", "-q", "FILE"))),
    (
        "account.go",
        'package bank\n\nimport (\n\t"fmt"\n\t"strings"\n)\n',
        GO,
        (("gofmt", "-d", "FILE"), ("go", "vet", "."), ("staticcheck", "."), ("gosec", "-quiet", ".")),
    ),
    (
        "account.ex",
        "",
        ELIXIR,
        (("elixir", "-e", 'Code.string_to_quoted!(File.read!("FILE"))'),),
    ),
)


def main() -> None:
    """Measure each language whose first tool is installed, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="changed files of each language (default: 15)")
    rounds = max(1, parser.parse_args().rounds)
    rows: dict[str, dict[str, float]] = {}
    for subject in SUBJECTS:
        with tempfile.TemporaryDirectory(prefix="coder-bench-") as folder:
            row = _measure(subject, Path(folder), rounds)
        if row is not None:
            rows[subject[0]] = row
    print(json.dumps({"benchmark": "lint", "lines": LINES, "rounds": rounds, "files": rows}))


def _measure(subject: Subject, folder: Path, rounds: int) -> dict[str, float] | None:
    name, _, _, commands = subject
    installed = [command for command in commands if find_program(command[0]) is not None]
    if not installed:
        print(f"{name}: {commands[0][0]} is not installed", file=sys.stderr)
        return None
    path = folder / name
    (folder / "go.mod").write_text("module example.test/bank\n\ngo 1.21\n", encoding="utf-8")

    def ours(number: int) -> None:
        path.write_text(_text(subject, number), encoding="utf-8")
        report = check_text(path, path.read_text(encoding="utf-8"))
        if report.error or report.failures:
            raise RuntimeError(f"{name} was not checked: {report}")

    def by_hand(number: int) -> None:
        path.write_text(_text(subject, number), encoding="utf-8")
        for command in installed:
            _call([part.replace("FILE", str(path)) for part in command], folder)

    mine, theirs = _median(ours, 0, rounds), _median(by_hand, 1000, max(3, rounds // 3))
    language = language_of(name)
    assert language is not None
    print(f"{language.name:8} coder {mine:6.1f} ms   by hand {theirs:7.1f} ms   ratio {theirs / mine:.1f}")
    return {"ours_ms": mine, "by_hand_ms": theirs, "ratio": theirs / mine}


def _text(subject: Subject, number: int) -> str:
    _, head, block, _ = subject
    copies = LINES // block.count("\n") + 1
    text = head + "".join(block.format(n=copy, round=number) for copy in range(copies))
    return "".join(text.splitlines(keepends=True)[: _last_block(text, block)])


def _last_block(text: str, block: str) -> int:
    """The number of whole blocks' lines that come nearest to `LINES`."""
    size, total = block.count("\n"), text.count("\n")
    return total - size * max(0, round((total - LINES) / size))


def _median(work: Callable[[int], None], first: int, rounds: int) -> float:
    """Milliseconds; the first round, which starts things, does not count."""
    times = []
    for number in range(first, first + rounds + 1):
        start = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])


def _call(command: Sequence[str], folder: Path) -> None:
    program = find_program(command[0])
    assert program is not None
    done = subprocess.run([str(program), *command[1:]], cwd=folder, capture_output=True, timeout=120)
    if done.returncode > 1:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-300:]}")


if __name__ == "__main__":
    main()
