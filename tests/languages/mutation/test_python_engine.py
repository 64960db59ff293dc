from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests, mutate_python
from languages.mutation.report import stryker_report
from languages.mutation.results import MutationRun

SHOP = """\
RATE = 3


def price(n):
    total = n * RATE
    if total > 10:
        total -= 1
    return total


def count(n):
    i = 0
    while i < n:
        i += 1
    return i


def added(function):
    def inner(x):
        return function(x) + 1
    return inner


@added
def twice(x):
    return x * 2


def unused(x):
    return x + 1
"""
TESTS = """\
from shop import count, price, twice


def test_price():
    assert price(2) == 6


def test_count(tmp_path):
    assert count(3) == 3


def test_twice():
    assert twice(2) == 5
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(TESTS)
    return tmp_path / "shop.py"


def mutate(file: Path, options: MutationOptions | None = None) -> MutationRun:
    tests = PythonTests(folder=file.parent, arguments=("test_shop.py",), plugins=False)
    return mutate_python(file, tests, options or MutationOptions(parallel=2))


def statuses(run: MutationRun) -> dict[tuple[int, str], str]:
    """Status by (line, replacement)."""
    return {
        (run.text.encode()[: o.mutant.start].count(b"\n") + 1, o.mutant.replacement): o.status for o in run.outcomes
    }


def test_verdicts(shop: Path) -> None:
    run = mutate(shop)
    found = statuses(run)
    assert found[1, "4"] == "Killed"  # runs at import
    assert found[6, ">="] == "Survived"
    assert found[7, "+="] == "NoCoverage"
    assert found[14, "pass"] == "Timeout"
    assert found[20, "-"] == "Killed"  # a closure made at import
    assert found[26, "/"] == "Killed"
    assert found[30, "-"] == "NoCoverage"
    killer = next(o for o in run.outcomes if o.mutant.lines == (25, 25) and o.mutant.replacement == "/")
    assert (killer.covered_by, killer.killed_by) == (("test_shop.py::test_twice",), "test_shop.py::test_twice")
    assert any("-    if total > 10:\n+    if total >= 10:" in diff for diff in run.survivor_diffs())
    assert MutationRun.from_json(run.to_json()) == run


def test_the_same_again_and_nothing_is_left(shop: Path) -> None:
    before = sorted(shop.parent.iterdir())
    options = MutationOptions(sample=8, seed=3, parallel=2)
    first = mutate(shop, options)
    assert mutate(shop, MutationOptions(sample=8, seed=3, parallel=1)) == first
    assert len(first.outcomes) == 8 < first.generated
    assert sorted(shop.parent.iterdir()) == before
    assert shop.read_text() == SHOP


def test_what_a_test_starts_ends_with_its_mutant(shop: Path) -> None:
    marker = shop.parent / "pids"
    (shop.parent / "test_shop.py").write_text(
        "import subprocess\nimport shop\n\ndef test_it():\n"
        f"    child = subprocess.Popen(['sleep', '600'])\n    open({str(marker)!r}, 'a').write(f'{{child.pid}}\\n')\n"
        "    assert shop.price(2) == 6\n"
    )
    mutate(shop, MutationOptions(sample=6, parallel=2))
    pids = [int(line) for line in marker.read_text().split()]
    assert pids
    assert [pid for pid in pids if _sleeps(pid)] == []


def _sleeps(pid: int) -> bool:
    """True when the process still runs; a zombie that waits for init to take it does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_tests_that_fail_are_a_typed_error(shop: Path) -> None:
    (shop.parent / "test_shop.py").write_text("def test_it():\n    assert 1 == 2\n")
    with pytest.raises(CoderError, match="fails without any mutant") as caught:
        mutate(shop)
    assert caught.value.code == "tests_fail"


@pytest.mark.parametrize(
    ("tests", "code"),
    [("x = 1\n", "no_tests"), ("import absent_module\n", "tests_fail"), ("def test_it(:\n", "tests_fail")],
)
def test_tests_that_cannot_run(shop: Path, tests: str, code: str) -> None:
    (shop.parent / "test_shop.py").write_text(tests)
    with pytest.raises(CoderError) as caught:
        mutate(shop)
    assert caught.value.code == code


def test_a_test_that_ends_the_process_is_a_typed_error(shop: Path) -> None:
    (shop.parent / "test_shop.py").write_text("import os\n\ndef test_it():\n    os._exit(3)\n")
    with pytest.raises(CoderError, match="ended the process with code 3"):
        mutate(shop)


def test_the_command_can_be_confined(shop: Path) -> None:
    seen: list[Sequence[str]] = []

    def confine(command: Sequence[str], project: Path) -> Sequence[str]:
        seen.append(command)
        assert project == shop.parent
        return ["env", *command]

    mutate(shop, MutationOptions(sample=1, confine=confine))
    assert len(seen) == 1


def test_a_missing_interpreter_is_a_typed_error(shop: Path) -> None:
    tests = PythonTests(folder=shop.parent, arguments=(), python=str(shop.parent / "absent"))
    with pytest.raises(CoderError, match="could not be started"):
        mutate_python(shop, tests, MutationOptions())


def test_the_report_is_strykers(shop: Path) -> None:
    report = stryker_report([mutate(shop, MutationOptions(sample=10, parallel=2))])
    (file,) = report["files"].values()
    assert report["schemaVersion"] == "2.0"
    assert file["source"] == SHOP
    assert len({mutant["id"] for mutant in file["mutants"]}) == 10
    ids = {test["id"] for test in report["testFiles"]["test_shop.py"]["tests"]}
    for mutant in file["mutants"]:
        assert mutant["status"] in ("Killed", "Survived", "NoCoverage", "Timeout")
        assert {*mutant["coveredBy"], *mutant["killedBy"]} <= ids
        start, end = mutant["location"]["start"], mutant["location"]["end"]
        assert (1, 1) <= (start["line"], start["column"]) < (end["line"], end["column"])
