"""One entry for all languages: the engine of a file by its suffix, its tests where none are named, earlier runs.

It knows no operator and runs nothing itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from languages.errors import CoderError
from languages.mutation.cache import MutationCache, cache_key, project_parts
from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests, mutate_python
from languages.mutation.results import MutationRun
from languages.registry import language_of
from languages.source import read_source

if TYPE_CHECKING:
    from languages.mutation.elixir_project import ElixirTests
    from languages.mutation.go_engine import GoTests

    Tests = PythonTests | GoTests | ElixirTests

_ROOTS = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", ".git")
_BUILDS = ("mix.exs", "mix.lock", "go.mod", "go.sum", "pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini")


def mutate(
    path: Path, tests: Tests, options: MutationOptions | None = None, *, cache: MutationCache | None = None
) -> MutationRun:
    """Run the mutants of `path` with its tests, or take the run from `cache`, where a fresh one of the same is.

    Raises `CoderError` (`unknown_language`) for a file that is in none of our languages, and the language's own.
    """
    options = options or MutationOptions()
    if cache is None:
        return _run(path, tests, options)
    key = _key(path, tests, options)
    run = cache.get(key)
    if run is None:
        run = _run(path, tests, options)
        cache.put(key, run)
    return run


def suite_of(path: Path, named: Sequence[Path] = ()) -> Tests:
    """The tests of `path`: the `named` files and folders, or those where its language's projects have them.

    Python: files named after it, or else all that pytest finds in the project. Go: those of its package, or the named
    packages' folders. Elixir: the project's. Raises `CoderError` (`unknown_language`).
    """
    language = language_of(path)
    absolute = Path(os.path.abspath(path))
    if language is not None and language.name == "python":
        return _python_tests(absolute, named)
    if language is not None and language.name == "go":
        from languages.mutation.go_engine import GoTests

        folders = [each if each.is_dir() else each.parent for each in named]
        relative = (os.path.relpath(each, absolute.parent) for each in dict.fromkeys(folders))
        return GoTests(folder=absolute.parent, packages=tuple(f"./{each}" for each in relative))
    if language is not None and language.name == "elixir":
        from languages.mutation.elixir_project import ElixirTests

        root = _root(absolute, ("mix.exs",))
        return ElixirTests(folder=root, patterns=tuple(_patterns(named, root)))
    raise _unknown(path)


def _run(path: Path, tests: Tests, options: MutationOptions) -> MutationRun:
    if isinstance(tests, PythonTests):
        return mutate_python(path, tests, options)
    if path.suffix == ".go":
        from languages.mutation.go_engine import GoTests, mutate_go

        assert isinstance(tests, GoTests)
        return mutate_go(path, tests, options)
    if path.suffix in (".ex", ".exs"):
        from languages.mutation.elixir_engine import mutate_elixir
        from languages.mutation.elixir_project import ElixirTests

        assert isinstance(tests, ElixirTests)
        return mutate_elixir(path, tests, options)
    raise _unknown(path)


def _key(path: Path, tests: Tests, options: MutationOptions) -> str:
    language = language_of(path)
    suffixes = (*(language.suffixes if language else ()), *_BUILDS)
    folder = _root(Path(os.path.abspath(path)), ("go.mod",)) if path.suffix == ".go" else tests.folder
    parts = [repr(tests).encode(), *project_parts(folder, suffixes)]
    return cache_key(Path(os.path.abspath(path)), read_source(path).text, parts, options)


def _python_tests(path: Path, named: Sequence[Path]) -> PythonTests:
    from languages.frameworks.pytest import project_python

    root = _root(path, _ROOTS)
    arguments = [os.path.abspath(each) for each in named] or [*_named_after(path, root)]
    return PythonTests(folder=root, arguments=tuple(arguments), python=str(project_python(root)))


def _named_after(path: Path, root: Path) -> Iterator[str]:
    """`test_cart.py` and `cart_test.py` for `cart.py`, wherever they are in the project."""
    names = {f"test_{path.stem}.py", f"{path.stem}_test.py"}
    for place, folders, files in os.walk(root):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and not Path(place, name, "pyvenv.cfg").is_file()
        )
        yield from (os.path.join(place, name) for name in sorted(files) if name in names)


def _patterns(named: Sequence[Path], root: Path) -> Iterator[str]:
    for each in named:
        relative = os.path.relpath(os.path.abspath(each), root)
        yield f"{relative}/**/*_test.exs" if each.is_dir() else relative


def _root(path: Path, marks: Sequence[str]) -> Path:
    """The nearest folder above `path` that holds one of `marks`, or its own."""
    found = (folder for folder in path.parents if any((folder / mark).exists() for mark in marks))
    return next(found, path.parent)


def _unknown(path: Path) -> CoderError:
    return CoderError(f"{path} is no Elixir, Go or Python file; give one that is", code="unknown_language")
