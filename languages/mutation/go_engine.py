"""Mutation testing of a Go file with the tests of its package, or of others.

All mutants are in one test binary, which starts once a mutant. Coverage comes first: each test runs alone once, and
says which mutants it reaches; a mutant runs the tests that reach it, no others. The user's folders are never written by
this; what the tests write is theirs. They run with the rights of this process unless `options.confine` says otherwise,
and a command that confines has to let them read the temporary folder in which their binary is.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from languages.errors import CoderError
from languages.linters.go_module import module_root
from languages.linters.process import find_program
from languages.mutation.go_build import GoBinary, GoBuild, GoFolder, GoTarget, does_not_build
from languages.mutation.go_operators import go_mutants
from languages.mutation.go_process import Ended, run_binary
from languages.mutation.go_schemata import CHOICE, REACHED, Instrumenter
from languages.mutation.options import MutationOptions, Numbered
from languages.mutation.results import MutationRun, Outcome
from languages.source import read_source

#: Mutants whose copies together are larger than this, in bytes, are built as several programs.
_BATCH_BYTES = 1_500_000
_LISTED = re.compile(r"^(?:Test|Fuzz|Example)\w*$", re.MULTILINE)
#: `-test.run` takes one argument, and the kernel limits the length of one.
_LONGEST_PATTERN = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTests:
    """The tests of `packages` (as `go test` takes them), from `folder`, which is in the module; `tags` are build tags.

    Without `packages` they are those of the file's own package. `go` is a program to use instead of the one that is
    found.
    """

    folder: Path
    packages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    go: Path | None = None


def mutate_go(path: Path, tests: GoTests, options: MutationOptions) -> MutationRun:
    """Run the mutants of the file `path`.

    Raises `CoderError`: `breaks_syntax`, `no_module`, `no_go`, `left_out` (by build constraints), `not_source` (a test,
    or cgo), `does_not_build`, `tests_fail` (each must pass alone, without a mutant), `no_tests`, `worker_failed`, and
    those of `read_source`.
    """
    text = read_source(path).text
    mutants = go_mutants(text)
    source = Instrumenter(text)
    mutants = [mutant for mutant in mutants if source.place(mutant) is not None]
    chosen = options.choose(mutants)
    with tempfile.TemporaryDirectory(prefix="coder-mutation-") as scratch:
        session = _Session(path, tests, options, Path(scratch))
        outcomes: list[Outcome] = []
        for outcome in (outcome for batch in _batches(source, chosen) for outcome in session.run(source, batch)):
            outcomes.append(outcome)
            options.progress(len(outcomes), len(chosen))
    return MutationRun(str(path), "go", text, len(mutants), tuple(outcomes))


def _batches(source: Instrumenter, chosen: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """At least one, so that tests that fail are an error even where there is nothing to change."""
    batch: list[Numbered] = []
    size = 0
    for numbered in chosen:
        placed = source.place(numbered[1])
        assert placed is not None
        size += placed.unit.end - placed.unit.start
        if batch and size > _BATCH_BYTES:
            yield batch
            batch, size = [], placed.unit.end - placed.unit.start
        batch.append(numbered)
    yield batch


@dataclass(frozen=True, slots=True)
class _Test:
    """One top-level test: how it ends without a mutant, and the mutants that it reaches then."""

    binary: GoBinary
    name: str
    ended: Ended
    reached: frozenset[int]

    @property
    def id(self) -> str:
        return f"{self.binary.package.test_files.get(self.name, self.binary.package.import_path)}::{self.name}"


class _Session:
    """The packages of one run, and what is done with each batch of its mutants."""

    def __init__(self, path: Path, tests: GoTests, options: MutationOptions, scratch: Path) -> None:
        if module_root(path) is None:
            raise CoderError(f"{path} is in no Go module; make one with `go mod init NAME`", code="no_module")
        go = tests.go or find_program("go")
        if go is None:
            raise CoderError("go is not installed; install Go from https://go.dev/dl", code="no_go")
        flags = (f"-tags={','.join(tests.tags)}",) if tests.tags else ()
        self._build = GoBuild(go, tests.folder, flags, scratch, options.test_timeout)
        self._options = options
        self._folder = tests.folder
        package = _holding(path, self._build.packages([str(path.resolve().parent)]))
        packages = self._build.packages(tests.packages) if tests.packages else [package]
        tested = [package for package in packages if package.test_files]
        if not tested:
            raise CoderError("there are no Go tests; name the packages that hold them", code="no_tests")
        self._target = GoTarget(path, package, tested)

    def run(self, source: Instrumenter, batch: Sequence[Numbered]) -> Iterator[Outcome]:
        """What became of the mutants, in their order, as it becomes known."""
        built = self._build.build(self._target, source, batch)
        with ThreadPoolExecutor(max(1, self._options.parallel)) as pool:
            named = [(binary, name) for binary in built.binaries for name in self._names(binary)]
            if not named:
                raise CoderError("go found no tests; name the packages that hold them", code="no_tests")
            highest = max((number for number, _ in batch), default=1)
            tests = list(pool.map(lambda test: self._alone(test[0], test[1], highest), named))

            def outcome(numbered: Numbered) -> Outcome:
                number, mutant = numbered
                if number in built.broken:
                    return Outcome(number, mutant, "CompileError", reason=built.broken[number])
                return self._outcome(numbered, [test for test in tests if number in test.reached])

            yield from pool.map(outcome, batch)

    def _names(self, binary: GoBinary) -> list[str]:
        listed = self._start(binary, ["-test.list=."], 0)
        if listed.how != "passed":
            sentence = f"the tests of {binary.package.import_path} do not start ({listed.reason()}); mend them first"
            raise CoderError(sentence, code="tests_fail")
        return list(dict.fromkeys(_LISTED.findall(listed.output.decode("utf-8", "replace"))))

    def _alone(self, binary: GoBinary, name: str, highest: int) -> _Test:
        """The test without a mutant, which says what it reaches."""
        ended = self._start(binary, _only([name]), -highest)
        test = _Test(binary, name, ended, frozenset(map(int, REACHED.findall(ended.output))))
        if ended.how == "passed":
            return test
        why = {"late": "it takes too long", "loud": "it prints too much"}.get(ended.how) or ended.reason()
        raise CoderError(f"{test.id} fails alone, without any mutant ({why}); mend the tests first", code="tests_fail")

    def _outcome(self, numbered: Numbered, tests: Sequence[_Test]) -> Outcome:
        number, mutant = numbered
        ids = tuple(test.id for test in tests)
        for binary in dict.fromkeys(test.binary for test in tests):
            its = [test for test in tests if test.binary is binary]
            ended = self._mutated(number, its)
            if ended.how == "failed":
                killer, ended = self._killer(number, its, ended)
                return Outcome(number, mutant, "Killed", ids, killer, ended.reason())
            if ended.how != "passed":
                reason = "it printed too much" if ended.how == "loud" else None
                return Outcome(number, mutant, "Timeout", ids, reason=reason)
        return Outcome(number, mutant, "Survived" if tests else "NoCoverage", ids)

    def _killer(self, number: int, tests: Sequence[_Test], ended: Ended) -> tuple[str | None, Ended]:
        """The test that failed. One that ended the whole process has no name in the output: then each runs alone."""
        name = ended.failed_test()
        named = next((test for test in tests if test.name == name), tests[0] if len(tests) == 1 else None)
        if named is not None:
            return named.id, ended
        for test in tests:
            again = self._mutated(number, [test])
            if again.how == "failed":
                return test.id, again
        return None, ended

    def _mutated(self, number: int, tests: Sequence[_Test]) -> Ended:
        """These tests of one binary, with the mutant of this number."""
        timeout = self._options.timeout(sum(test.ended.seconds for test in tests))
        processor = self._options.processor_timeout(sum(test.ended.processor_seconds for test in tests))
        return self._start(tests[0].binary, _only([test.name for test in tests]), number, (timeout, processor))

    def _start(
        self, binary: GoBinary, arguments: Sequence[str], choice: int, allowed: tuple[float, float] | None = None
    ) -> Ended:
        """Run the binary; `allowed` are seconds and seconds of a processor."""
        command = self._options.confine([str(binary.path), *arguments], self._folder)
        timeout, processor_timeout = allowed or (self._options.test_timeout, math.inf)
        return run_binary(
            command,
            directory=binary.package.directory,
            environment={CHOICE: str(choice)},
            timeout=timeout,
            processor_timeout=processor_timeout,
        )


def _only(names: Sequence[str]) -> list[str]:
    """The arguments that run these tests, one after another, up to the first that fails."""
    pattern = f"-test.run=^({'|'.join(names)})$"
    chosen = [pattern] if len(pattern) <= _LONGEST_PATTERN else []
    return [*chosen, "-test.failfast", "-test.parallel=1", "-test.paniconexit0", "-test.timeout=0"]


def _holding(path: Path, packages: Sequence[GoFolder]) -> GoFolder:
    """The package whose source the file is; a sentence that says why it is in none."""
    if not packages:
        raise does_not_build(f"{path} is in no package")
    package = packages[0]
    if path.name in package.left_out:
        raise CoderError(f"build constraints leave {path} out on this machine; give its build tags", code="left_out")
    if path.name not in package.files:
        raise CoderError(f"{path} is a test or uses cgo; give a source file of Go alone", code="not_source")
    return package
