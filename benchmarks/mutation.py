"""Our mutation engine beside mutmut and cosmic-ray: one Python module, one test file, one run.

    python benchmarks/mutation.py --peers PYTHON

Prints mutants a second of each program, set-up and all, and the ratio of ours to theirs (above 1: we are faster).
PYTHON
is an interpreter whose environment holds mutmut, cosmic-ray and pytest; the peers start from there. Each program
makes its
own mutants, so the count differs; the rate is what is compared. Timeouts are left out of the module on purpose.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests, mutate_python

MODULE = """\
def price(count, rate, vip):
    total = count * rate
    if vip and total > 100:
        total = total - total // 10
    return total


def label(name, count):
    if not name:
        raise ValueError("a name is missing")
    return name + " x" + str(count + 1)
"""
TESTS = """\
import pytest
from basket import label, price


def test_price():
    assert price(2, 3, False) == 6
    assert price(100, 2, True) == 180


def test_label():
    assert label("pen", 1) == "pen x2"
    with pytest.raises(ValueError):
        label("", 1)
"""
COSMIC = """\
[cosmic-ray]
module-path = "basket.py"
timeout = 20.0
excluded-modules = []
test-command = "{python} -m pytest -x -q"
[cosmic-ray.distributor]
name = "local"
"""
MUTMUT = '[tool.mutmut]\npaths_to_mutate = ["basket.py"]\n'
#: How often the functions and their tests are repeated under new names, so that not all is start-up.
COPIES = 8
Measure = Callable[[Path, Path], int]


def main() -> None:
    """Run the three and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="an interpreter beside mutmut and cosmic-ray (default: ours alone)")
    peers: Path | None = parser.parse_args().peers
    rates = {"ours": _rate(_ours, Path())}
    if peers is not None:
        rates |= {name: _rate(measure, peers) for name, measure in (("mutmut", _mutmut), ("cosmic-ray", _cosmic_ray))}
    for name, rate in rates.items():
        print(f"{name:12} {rate:8.2f} mutants/s   ours is {rates['ours'] / rate:.1f} times that")
    print(json.dumps({"benchmark": "mutation", "mutants_per_second": rates, "processors": os.cpu_count()}))


def _rate(measure: Measure, peers: Path) -> float:
    """Mutants a second over a whole run in a fresh project."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "basket.py").write_text("\n\n".join(_copy(MODULE, number) for number in range(COPIES)))
        (folder / "test_basket.py").write_text("\n\n".join(_copy(TESTS, number) for number in range(COPIES)))
        started = time.perf_counter()
        mutants = measure(folder, peers)
        return mutants / (time.perf_counter() - started)


def _copy(text: str, number: int) -> str:
    """`text` with functions of its own."""
    return text.replace("price", f"price{number}").replace("label", f"label{number}")


def _ours(folder: Path, _: Path) -> int:
    tests = PythonTests(folder=folder, arguments=("test_basket.py",), plugins=False)
    return len(mutate_python(folder / "basket.py", tests, MutationOptions()).outcomes)


def _mutmut(folder: Path, python: Path) -> int:
    (folder / "pyproject.toml").write_text(MUTMUT)
    _run(folder, python, "mutmut", "run")
    metas = folder.rglob("*.meta")
    return sum(len(json.loads(meta.read_text())["exit_code_by_key"]) for meta in metas)


def _cosmic_ray(folder: Path, python: Path) -> int:
    (folder / "cosmic.toml").write_text(COSMIC.format(python=python))
    _run(folder, python, "cosmic-ray", "init", "cosmic.toml", "session.sqlite")
    _run(folder, python, "cosmic-ray", "exec", "cosmic.toml", "session.sqlite")
    return len(_run(folder, python, "cosmic-ray", "dump", "session.sqlite").splitlines())


def _run(folder: Path, python: Path, program: str, *arguments: str) -> str:
    """What the peer's program prints; its failure ends the benchmark."""
    command = [str(python.with_name(program)), *arguments]
    environment = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment).stdout


if __name__ == "__main__":
    main()
