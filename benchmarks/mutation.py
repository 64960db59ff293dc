"""Our mutation engine beside mutmut and cosmic-ray: one Python module, its tests, one run.

    python benchmarks/mutation.py --peers PYTHON [--module FILE --tests FILE] [--cosmic-ray-mutants 60] [--seed 0]

PYTHON is an interpreter whose environment holds mutmut, cosmic-ray and pytest; the peers start from there. Without
--module it is `mutation_project/measures.py`: pure functions and a class, as a small shop would have them, with 67
tests. It has no endless loops to be found, so no program's time limit is measured. Each program makes its own mutants,
so their number differs; what is compared is mutants a second over the whole run, start-up and first test run and all,
and beside it the time a mutant takes once that is done. Ours takes a second, so it runs before, between and after the
others, and the median counts. mutmut runs with as many children as there are processors, as we do. cosmic-ray works on
one mutant after another and takes a second or so for each: it runs a sample drawn with --seed, and the whole run is
worked out from that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests, mutate_python

PROJECT = Path(__file__).parent / "mutation_project"
COSMIC = """\
[cosmic-ray]
module-path = "{module}"
timeout = 20.0
excluded-modules = []
test-command = "{python} -m pytest -x -q {tests}"
[cosmic-ray.distributor]
name = "local"
"""
MUTMUT = """\
[tool.mutmut]
source_paths = ["{module}"]
pytest_add_cli_args_test_selection = ["{tests}"]
"""
_PROCESSORS = os.cpu_count() or 1
#: How mutmut says how fast it is once it has begun.
_MUTMUT_RATE = re.compile(r"([\d.]+) mutations/second")


@dataclass(frozen=True)
class Measured:
    """A program's run: its mutants, the seconds before the first and for all of them; `sampled` of them were run."""

    mutants: int
    setup: float
    running: float
    sampled: int | None = None

    @property
    def rate(self) -> float:
        """Mutants a second over the whole run."""
        return self.mutants / (self.setup + self.running)


@dataclass(frozen=True)
class Project:
    """A module and its tests."""

    module: Path
    tests: Path

    def measured(self, measure: Callable[[Path, Mapping[str, str]], Measured]) -> Measured:
        """What `measure` makes of a fresh copy in a folder, and of the names of the two files."""
        with tempfile.TemporaryDirectory() as name:
            for file in (self.module, self.tests):
                shutil.copy(file, name)
            return measure(Path(name), {"module": self.module.name, "tests": self.tests.name})


def main() -> None:
    """Run the three and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, help="an interpreter beside mutmut and cosmic-ray (default: ours alone)")
    parser.add_argument("--cosmic-ray-mutants", type=int, default=60, help="how many cosmic-ray runs (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="which ones (default: 0)")
    parser.add_argument("--module", type=Path, default=PROJECT / "measures.py", help="a module that stands alone")
    parser.add_argument("--tests", type=Path, default=PROJECT / "test_measures.py", help="its pytest tests")
    arguments = parser.parse_args()
    project = Project(arguments.module, arguments.tests)
    ours = [project.measured(_ours)]
    peers: dict[str, Measured] = {}
    if arguments.peers is not None:
        python = Path(os.path.abspath(arguments.peers))
        peers["mutmut"] = project.measured(lambda folder, names: _mutmut(folder, names, python))
        ours.append(project.measured(_ours))
        sample = (arguments.cosmic_ray_mutants, arguments.seed)
        peers["cosmic-ray"] = project.measured(lambda folder, names: _cosmic_ray(folder, names, python, *sample))
    ours.append(project.measured(_ours))
    runs = {"ours": sorted(ours, key=lambda run: run.rate)[len(ours) // 2], **peers}
    for name, run in runs.items():
        _print(name, run, runs["ours"])
    print(json.dumps({"benchmark": "mutation", "processors": _PROCESSORS, **{n: asdict(r) for n, r in runs.items()}}))


def _print(name: str, run: Measured, ours: Measured) -> None:
    each = run.running / run.mutants
    sampled = "" if run.sampled is None else f" (worked out from {run.sampled})"
    print(
        f"{name:11} {run.mutants:4} mutants, set-up {run.setup:5.2f} s, each {each * 1000:8.2f} ms, "
        f"{run.rate:7.1f} mutants/s; ours is {ours.rate / run.rate:.1f} times that, "
        f"{each / (ours.running / ours.mutants):.0f} times without set-up{sampled}"
    )


def _ours(folder: Path, names: Mapping[str, str]) -> Measured:
    told: list[float] = []
    options = MutationOptions(parallel=_PROCESSORS, progress=lambda done, of: told.append(time.perf_counter()))
    started = time.perf_counter()
    tests = PythonTests(folder=folder, arguments=(names["tests"],), plugins=False)
    run = mutate_python(folder / names["module"], tests, options)
    ended = time.perf_counter()
    return Measured(len(run.outcomes), told[0] - started, ended - told[0])


def _mutmut(folder: Path, names: Mapping[str, str], python: Path) -> Measured:
    (folder / "pyproject.toml").write_text(MUTMUT.format(**names))
    started = time.perf_counter()
    said = _run(folder, python, "mutmut", "run", "--max-children", str(_PROCESSORS))
    seconds = time.perf_counter() - started
    metas = folder.rglob("*.meta")
    mutants = sum(len(json.loads(meta.read_text())["exit_code_by_key"]) for meta in metas)
    running = mutants / float(_MUTMUT_RATE.findall(said)[-1])
    return Measured(mutants, max(0.0, seconds - running), min(running, seconds))


def _cosmic_ray(folder: Path, names: Mapping[str, str], python: Path, sample: int, seed: int) -> Measured:
    (folder / "cosmic.toml").write_text(COSMIC.format(python=python, **names))
    started = time.perf_counter()
    _run(folder, python, "cosmic-ray", "init", "cosmic.toml", "session.sqlite")
    begun = time.perf_counter()
    mutants, kept = _sample(folder / "session.sqlite", sample, seed)
    resumed = time.perf_counter()
    _run(folder, python, "cosmic-ray", "exec", "cosmic.toml", "session.sqlite")
    running = time.perf_counter() - resumed
    return Measured(mutants, begun - started, running * mutants / kept, kept)


def _sample(session: Path, sample: int, seed: int) -> tuple[int, int]:
    """Leave so many mutants in a session of cosmic-ray; how many there were, and are."""
    with sqlite3.connect(session) as connection:
        every = sorted(job for (job,) in connection.execute("select job_id from mutation_specs"))
        kept = set(random.Random(seed).sample(every, min(sample, len(every))))
        gone = [(job,) for job in every if job not in kept]
        connection.executemany("delete from mutation_specs where job_id = ?", gone)
        connection.executemany("delete from work_items where job_id = ?", gone)
    connection.close()
    return len(every), len(kept)


def _run(folder: Path, python: Path, program: str, *arguments: str) -> str:
    """What the peer's program prints; its failure ends the benchmark."""
    command = [str(python.with_name(program)), *arguments]
    environment = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment).stdout


if __name__ == "__main__":
    main()
