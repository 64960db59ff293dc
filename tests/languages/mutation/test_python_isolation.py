"""Tests that leave things behind: no mutant may be judged by what another one left."""

from __future__ import annotations

from pathlib import Path

import pytest

from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests, mutate_python
from languages.mutation.results import MutationRun

PRICES = """\
import functools

SEEN = []
KINDS = {}


@functools.lru_cache
def rate(kind):
    return len(kind) * 2


def price(n):
    SEEN.append(n)
    if n > 10:
        return n - 1
    return n


def register(name):
    KINDS[name] = len(KINDS) + 1
    return KINDS[name]


def double(n):
    return n + n


def clip(n):
    if n < 0:
        return 0
    return n
"""
COUNTER = """\
import prices

CALLS = 0


def test_first_call():
    global CALLS
    CALLS += 1
    assert CALLS == 1
    assert prices.double(2) == 4


def test_clip():
    assert prices.clip(-3) == 0
    assert prices.clip(5) == 5
"""
CACHE = """\
import prices


def test_rate():
    assert prices.rate("ab") == 4


def test_rate_again():
    assert prices.rate("ab") == 4
    assert prices.rate("abc") == 6
"""
REGISTRY = """\
import prices


def test_register():
    assert prices.register("a") == 1
    assert prices.register("b") == 2


def test_price():
    before = len(prices.SEEN)
    assert prices.price(3) == 3
    assert prices.price(12) == 11
    assert len(prices.SEEN) == before + 2
    assert len(prices.SEEN) < 3
"""
ORDER = """\
import prices

READY = []


def test_prepares():
    READY.append(1)
    assert prices.double(1) == 2


def test_needs_the_one_before():
    assert READY
    assert prices.double(2) == 4
    assert prices.clip(4) == 4


def test_ready_only_the_second_time():
    assert READY or not READY.append(1) and False
    assert prices.clip(-1) in (0, -1)
"""
PROCESS = """\
import os, sys, threading
import prices


def test_environment():
    assert "PRICES" not in os.environ
    os.environ["PRICES"] = "1"
    assert prices.double(2) == 4


def test_folder():
    assert not os.getcwd().endswith("/tmp")
    os.chdir("/tmp")
    assert prices.clip(-3) == 0


def test_modules():
    assert "colorsys" not in sys.modules or not hasattr(sys.modules["colorsys"], "seen")
    import colorsys
    colorsys.seen = True
    assert prices.price(3) == 3


def test_thread():
    assert threading.active_count() == 1
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    assert prices.register("a") >= 1
"""
TEMPORARY = """\
import os, tempfile
import pytest
import prices


@pytest.mark.parametrize("n", range(6))
def test_double(tmp_path, n):
    (tmp_path / "x").write_text("1")
    assert not os.path.exists(os.path.join(tempfile.gettempdir(), "mine"))
    open(os.path.join(tempfile.gettempdir(), f"mine"), "w").close() if n == 5 else None
    assert len(os.listdir(tmp_path)) == 1
    assert prices.double(n) == 2 * n
    assert prices.clip(n) == n
    assert prices.clip(-n) == 0
"""
ENDINGS = """\
import os, signal, sys
import prices


def test_double():
    if prices.double(3) != 6:
        os._exit(0)


def test_clip():
    if prices.clip(3) != 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if prices.clip(-3) != 0:
        sys.exit(0)


def test_register():
    def again(n):
        return again(n)
    if prices.register("a") != 1:
        again(1)
"""
SUITES = {
    "counter": COUNTER,
    "cache": CACHE,
    "registry": REGISTRY,
    "order": ORDER,
    "process": PROCESS,
    "temporary": TEMPORARY,
    "endings": ENDINGS,
}


def mutate(folder: Path, tests: str, **options: object) -> MutationRun:
    (folder / "prices.py").write_text(PRICES)
    (folder / "test_prices.py").write_text(tests)
    chosen = MutationOptions(**{"parallel": 2, "processor_patience": 5.0, "patience": 60.0, **options})  # type: ignore[arg-type]
    python_tests = PythonTests(folder=folder, arguments=("test_prices.py",), plugins=False)
    return mutate_python(folder / "prices.py", python_tests, chosen)


def statuses(run: MutationRun) -> dict[tuple[str, str], str]:
    """Status by (line of the file, replacement)."""
    lines = run.text.splitlines()
    number = [run.text.encode()[: outcome.mutant.start].count(b"\n") for outcome in run.outcomes]
    return {(lines[n].strip(), o.mutant.replacement): o.status for n, o in zip(number, run.outcomes, strict=True)}


@pytest.mark.parametrize("name", SUITES)
def test_verdicts_do_not_depend_on_what_runs_beside(tmp_path: Path, name: str) -> None:
    run = mutate(tmp_path, SUITES[name])
    assert {"Killed"} <= {outcome.status for outcome in run.outcomes}
    assert mutate(tmp_path, SUITES[name], parallel=1) == run
    assert not any(outcome.status in ("Timeout", "RuntimeError") for outcome in run.outcomes)


def test_state_that_leaks_neither_kills_nor_saves(tmp_path: Path) -> None:
    assert statuses(mutate(tmp_path, COUNTER))["return n + n", "-"] == "Killed"
    assert statuses(mutate(tmp_path, CACHE))["return len(kind) * 2", "/"] == "Killed"
    registry = statuses(mutate(tmp_path, REGISTRY))
    assert registry["KINDS[name] = len(KINDS) + 1", "-"] == "Killed"
    assert registry["SEEN.append(n)", "pass"] == "Killed"
    assert registry["if n > 10:", ">="] == "Survived"


def test_tests_that_need_others_before_them_do_not_kill_by_that(tmp_path: Path) -> None:
    found = statuses(mutate(tmp_path, ORDER))
    assert found["if n < 0:", "<="] == "Survived"
    assert found["if n < 0:", "(not (n < 0))"] == "Killed"
    assert found["return n + n", "-"] == "Killed"


def test_no_mutant_is_killed_by_the_folders_of_others(tmp_path: Path) -> None:
    run = mutate(tmp_path, TEMPORARY)
    assert run.count("Killed") >= 4
    assert [o.reason for o in run.outcomes if o.killed_by and "AssertionError" not in (o.reason or "")] == []
    assert statuses(run)["if n < 0:", "<="] == "Survived"


def test_however_the_process_ends(tmp_path: Path) -> None:
    run = mutate(tmp_path, ENDINGS)
    found = statuses(run)
    assert found["return n + n", "-"] == found["return n", "return None"] == found["return 0", "1"] == "Killed"
    reasons = " ".join(str(o.reason) for o in run.outcomes if o.status == "Killed")
    assert "ended the process (code 0)" in reasons
    assert "ended the process (code -11)" in reasons
    assert "RecursionError" in reasons
    assert "SystemExit" in reasons


def test_a_mutant_with_the_same_code_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "prices.py").write_text("def f(n):\n    while 1:\n        return n\n")
    (tmp_path / "test_prices.py").write_text("from prices import f\n\ndef test_f():\n    assert f(2) == 2\n")
    tests = PythonTests(folder=tmp_path, arguments=("test_prices.py",), plugins=False)
    run = mutate_python(tmp_path / "prices.py", tests, MutationOptions(parallel=1))
    assert statuses(run)["while 1:", "2"] == "Ignored"
    assert run.score == 1.0
