from __future__ import annotations

from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation import engine
from languages.mutation.cache import MutationCache
from languages.mutation.engine import mutate, suite_of
from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests
from languages.mutation.results import MutationRun

OPTIONS = MutationOptions(parallel=1, sample=3)


def project(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    (folder / "src/shop.py").write_text("def price(n):\n    return n * 3\n")
    (folder / "tests/test_shop.py").write_text("import shop\n\ndef test_price():\n    assert shop.price(2) == 6\n")
    return folder / "src/shop.py"


def test_the_tests_of_a_python_file_are_found(tmp_path: Path) -> None:
    file = project(tmp_path)
    found = suite_of(file)
    assert isinstance(found, PythonTests)
    assert (found.folder, found.arguments) == (tmp_path, (str(tmp_path / "tests/test_shop.py"),))
    other = suite_of(tmp_path / "src/other.py")
    assert isinstance(other, PythonTests)
    assert other.arguments == ()
    named = suite_of(file, [tmp_path / "tests"])
    assert isinstance(named, PythonTests)
    assert named.arguments == (str(tmp_path / "tests"),)
    assert mutate(file, found, OPTIONS).count("Killed") == 3


def test_the_tests_of_go_and_elixir_files_are_found(tmp_path: Path) -> None:
    (tmp_path / "mix.exs").write_text("")
    assert suite_of(tmp_path / "cart.go").folder == tmp_path
    elixir = suite_of(tmp_path / "lib/cart.ex", [tmp_path / "test/cart_test.exs"])
    assert (elixir.folder, getattr(elixir, "patterns", None)) == (tmp_path, ("test/cart_test.exs",))


def test_a_file_of_no_language_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(CoderError) as caught:
        suite_of(tmp_path / "notes.txt")
    assert caught.value.code == "unknown_language"


def test_a_run_made_before_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project(tmp_path / "project")
    cache, made = MutationCache(tmp_path / "cache"), []
    original = engine.mutate_python

    def counted(path: Path, tests: PythonTests, options: MutationOptions) -> MutationRun:
        made.append(path)
        return original(path, tests, options)

    monkeypatch.setattr(engine, "mutate_python", counted)
    first = mutate(file, suite_of(file), OPTIONS, cache=cache)
    assert mutate(file, suite_of(file), OPTIONS, cache=cache) == first
    assert len(made) == 1
    (tmp_path / "project/src/rates.py").write_text("RATE = 3\n")  # which the tests may import
    mutate(file, suite_of(file), OPTIONS, cache=cache)
    assert len(made) == 2


def test_progress_is_told(tmp_path: Path) -> None:
    file = project(tmp_path)
    told: list[tuple[int, int]] = []
    options = MutationOptions(parallel=1, progress=lambda done, of: told.append((done, of)))
    run = mutate(file, suite_of(file), options)
    assert told[-1] == (len(run.outcomes), len(run.outcomes))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
