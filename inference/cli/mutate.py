"""`coder mutate PATH...`: what the tests of a file do not notice, shown by small changes that they let pass.

Surviving changes and the score go to stdout, progress and everything else to stderr.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from languages.mutation.cache import MutationCache
    from languages.mutation.options import MutationOptions
    from languages.mutation.results import MutationRun, Status


def mutate(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, and directories to look through.")],
    tests: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="A file or folder of tests; may be given more than once."),
    ] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Run only so many changes of each file.")] = None,
    seed: Annotated[int, typer.Option(help="Which changes --sample draws: the same for the same seed.")] = 0,
    parallel: Annotated[int | None, typer.Option(min=1, help="Processes at once.  [default: one a processor]")] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=100, help="Exit with 1 when the score is below so many percent.")
    ] = 0.0,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write a report in the Stryker mutation-testing schema."),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Run all, whatever was run in the last day.")] = False,
    warm_up: Annotated[
        bool, typer.Option("--warm-up", help="Only run what was not run in the last day, and print nothing.")
    ] = False,
    confine: Annotated[
        bool | None,
        typer.Option("--confine/--no-confine", help="Run the tests in a sandbox.  [default: Python, where possible]"),
    ] = None,
) -> None:
    """Test the tests of Elixir, Go and Python files by mutation.

    Each change (a + that becomes a -, a condition turned round, a statement left out) is run with the tests that reach
    it. A change that no test notices survives, and is printed as a diff. Your files are not changed. Without --tests,
    Python's are those named after the file, or all of the project; Go's those of the package; Elixir's the project's.

    In the sandbox the tests see the project read-only, without network; tests that write into it need --no-confine.

    Exit code 0: done. 1: the score is below --threshold. 2: wrong use, or a file that could not be done.

    \b
    Examples:
      coder mutate shop/cart.py
      coder mutate cart.go --sample 50 --seed 1
      coder mutate lib/ledger.ex --json report.json --threshold 80
      coder mutate src --tests tests/unit --no-confine
      coder mutate src --warm-up
    """
    from languages.errors import CoderError

    files = _files(paths)
    if not files:
        named = " ".join(paths)
        raise CoderError(f"there is no Elixir, Go or Python file to change in {named}; give a path that has some")
    chosen, named_tests = _options(sample, seed, parallel), [Path(test) for test in tests or ()]
    say = _silent if warm_up else _say
    cache = None if no_cache and not warm_up else _cache()
    runs: list[MutationRun] = []
    failed = False
    try:
        for number, file in enumerate(files, start=1):
            try:
                runs.append(_run(file, named_tests, _confined(chosen, file, confine, say), cache, (number, len(files))))
            except CoderError as error:
                named = "" if str(file) in error.message else f"{file}: "
                typer.echo(f"coder: {named}{error.message}", err=True)
                failed = True
    except KeyboardInterrupt:
        typer.echo(f"\ncoder: stopped after {len(runs)} of {len(files)} files", err=True)
        _finish(runs, json, warm_up)
        raise typer.Exit(130) from None
    _finish(runs, json, warm_up)
    raise typer.Exit(2 if failed else int(any(_is_below(run, threshold) for run in runs)))


def _files(paths: Sequence[str]) -> list[Path]:
    """The given files, and of each directory those that are no tests."""
    from inference.assistant.check import expand
    from languages.registry import language_of

    given = {Path(path) for path in paths}
    found = (file for file in expand(paths) if file in given or language_of(file) is not None)
    return [file for file in found if file in given or not _is_test(file)]


def _is_test(file: Path) -> bool:
    stem = file.stem
    return stem.startswith("test_") or stem.endswith("_test") or stem == "conftest" or file.suffix == ".exs"


def _cache() -> MutationCache:
    from languages.cache_directory import cache_directory
    from languages.mutation.cache import MutationCache

    return MutationCache(cache_directory() / "mutation")


def _options(sample: int | None, seed: int, parallel: int | None) -> MutationOptions:
    from dataclasses import replace

    from languages.mutation.options import MutationOptions

    options = MutationOptions(sample=sample, seed=seed)
    return options if parallel is None else replace(options, parallel=parallel)


def _confined(options: MutationOptions, file: Path, wanted: bool | None, say: Callable[[str], None]) -> MutationOptions:
    """In a sandbox, if that is wanted, or possible and not unwanted. What was decided is said once."""
    from dataclasses import replace

    from languages.errors import CoderError
    from languages.mutation.confined import confined
    from languages.sandbox.run import usable_backend

    if wanted is False:
        return options
    if file.suffix != ".py":
        if wanted:
            raise CoderError("only Python's tests run in the sandbox; leave --confine out for this file")
        say("tests of Elixir and Go run with your rights, not in the sandbox")
        return options
    try:
        name = usable_backend().name
    except CoderError as error:
        if wanted:
            raise
        say(f"the tests run with your rights: {error.message}")
        return options
    say(
        f"Python's tests run in the sandbox ({name}), where your project is read-only; --no-confine if they write there"
    )
    return replace(options, confine=confined)


def _silent(sentence: str) -> None:
    return


@functools.cache
def _say(sentence: str) -> None:
    typer.echo(f"coder: {sentence}", err=True)


def _run(
    file: Path,
    tests: Sequence[Path],
    options: MutationOptions,
    cache: MutationCache | None,
    place: tuple[int, int],
) -> MutationRun:
    from dataclasses import replace

    from languages.mutation.engine import mutate, suite_of

    line = _Line(f"{file} (file {place[0]} of {place[1]})" if place[1] > 1 else str(file))
    try:
        return mutate(file, suite_of(file, tests), replace(options, progress=line.show), cache=cache)
    finally:
        line.clear()


class _Line:
    """One line on stderr that says how far a file is, where stderr is a terminal."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._is_shown = sys.stderr.isatty()

    def show(self, done: int, of: int) -> None:
        if self._is_shown:
            print(f"\r{self._head}: {done} of {of}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._is_shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _finish(runs: Sequence[MutationRun], json: Path | None, quiet: bool) -> None:
    """Print what is done, and write the report."""
    if not quiet:
        for run in runs:
            _print(run)
    if json is None or not runs:
        return
    from json import dumps

    from languages.errors import CoderError
    from languages.mutation.report import stryker_report

    try:
        json.write_text(dumps(stryker_report(runs), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CoderError(f"{json} cannot be written ({error.strerror}); give another file to --json") from error


def _print(run: MutationRun) -> None:
    for text in run.survivor_diffs():
        typer.echo(text + "\n")
    kinds: tuple[Status, ...] = (
        "Killed",
        "Timeout",
        "Survived",
        "NoCoverage",
        "CompileError",
        "RuntimeError",
        "Ignored",
    )
    names = ("killed", "timed out", "survived", "not covered", "not compiled", "failed to run", "the same code")
    counts = ((run.count(kind), name) for kind, name in zip(kinds, names, strict=True))
    parts = [f"{count} {name}" for count, name in counts if count]
    score = "no score" if run.score is None else f"{run.score:.1%}"
    typer.echo(f"{run.path}: {score} ({', '.join(parts) or 'nothing to change'})")


def _is_below(run: MutationRun, percent: float) -> bool:
    return run.score is not None and run.score * 100 < percent
