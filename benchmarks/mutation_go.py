"""Mutation testing of Go: all mutants in one binary, beside a build of its own for each mutant. One module, one run.

    nice -n 10 python benchmarks/mutation_go.py [--peers 10]

Prints how long building takes, and then milliseconds a mutant: the tests that cover it, started once. The peer puts
each mutant in place with `go test -overlay`, which compiles and links again, and runs all tests. It gets a sample,
because it is slow; its verdicts have to be ours. Mutants that never end are left out of the module on purpose.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from languages.linters.go_output import OFFLINE
from languages.linters.process import find_program
from languages.mutation.go_engine import GoTests, mutate_go
from languages.mutation.mutant import apply
from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun

SOURCE = """\

func Price(count, rate int, vip bool) (int, error) {
	if count < 0 || rate < 0 {
		return 0, errors.New("negative")
	}
	total := count * rate
	if vip && total > 100 {
		total -= total / 10
	}
	return total, nil
}

func Label(name string, count int) string {
	if name == "" {
		return "none"
	}
	return fmt.Sprintf("%s x%d", name, count+1)
}
"""
TESTS = """\

func TestPrice(t *testing.T) {
	if total, err := Price(2, 3, false); total != 6 || err != nil {
		t.Error(total, err)
	}
	if total, _ := Price(100, 2, true); total != 180 {
		t.Error(total)
	}
	if _, err := Price(-1, 2, true); err == nil {
		t.Error("no error")
	}
}

func TestLabel(t *testing.T) {
	if got := Label("pen", 1); got != "pen x2" || Label("", 1) == "" {
		t.Error(got)
	}
}
"""
#: How often the functions and their tests are repeated under new names.
COPIES = 8


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=int, default=10, help="how many mutants are built one by one (default: 10)")
    peers: int = parser.parse_args().peers
    with tempfile.TemporaryDirectory() as name:
        file = _module(Path(name))
        _mutate(file, sample=1)  # Go builds its own packages once
        run, figures = _ours(file)
        if peers:
            figures["ms_a_mutant_built_alone"] = _alone(file, run, peers)
    for what, figure in figures.items():
        print(f"{what:28} {figure:10.2f}")
    print(json.dumps({"benchmark": "mutation_go", **figures, "processors": os.cpu_count()}))


def _module(folder: Path) -> Path:
    copies = range(COPIES)
    head = 'package basket\n\nimport (\n\t"errors"\n\t"fmt"\n)\n'
    (folder / "go.mod").write_text("module basket\n\ngo 1.22\n")
    (folder / "basket.go").write_text(head + "".join(_copy(SOURCE, number) for number in copies))
    tests = "".join(_copy(TESTS, number) for number in copies)
    (folder / "basket_test.go").write_text('package basket\n\nimport "testing"\n' + tests)
    return folder / "basket.go"


def _copy(text: str, number: int) -> str:
    """`text` with functions of its own."""
    return text.replace("Price", f"Price{number}").replace("Label", f"Label{number}")


def _mutate(file: Path, sample: int | None = None) -> tuple[MutationRun, float]:
    """The run, and when the first test binary was started: building was done then."""
    starts: list[float] = []

    def confine(command: Sequence[str], _: Path) -> Sequence[str]:
        starts.append(time.perf_counter())
        return command

    run = mutate_go(file, GoTests(folder=file.parent), MutationOptions(sample=sample, confine=confine))
    return run, min(starts)


def _ours(file: Path) -> tuple[MutationRun, dict[str, float]]:
    started = time.perf_counter()
    run, built = _mutate(file)
    ended = time.perf_counter()
    mutants = len(run.outcomes)
    return run, {
        "mutants": mutants,
        "killed": run.count("Killed"),
        "timed_out": run.count("Timeout"),
        "build_seconds": built - started,
        "ms_a_mutant_after_build": (ended - built) / mutants * 1000,
        "ms_a_mutant_with_build": (ended - started) / mutants * 1000,
    }


def _alone(file: Path, run: MutationRun, sample: int) -> float:
    """Milliseconds a mutant of a `sample` that is built one by one; another verdict than ours ends the benchmark."""
    chosen = random.Random(1).sample(run.outcomes, sample)
    go = find_program("go")
    mutated, overlay = file.with_name("mutated.txt"), file.with_name("overlay.json")
    overlay.write_text(json.dumps({"Replace": {str(file): str(mutated)}}))
    started = time.perf_counter()
    for outcome in chosen:
        mutated.write_bytes(apply(run.text.encode(), outcome.mutant))
        command = [str(go), "test", "-vet=off", "-count=1", "-overlay", str(overlay), "."]
        ended = subprocess.run(command, cwd=file.parent, env={**os.environ, **OFFLINE}, capture_output=True)
        if (ended.returncode == 0) != (outcome.status in ("Survived", "NoCoverage")):
            raise SystemExit(f"mutant {outcome.id} is {outcome.status}, but go test ends with {ended.returncode}")
    return (time.perf_counter() - started) / sample * 1000


if __name__ == "__main__":
    main()
