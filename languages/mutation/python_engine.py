"""Mutation testing of a Python file with its pytest (or unittest) tests.

Coverage comes first: a mutant runs the tests that run its statement, no others. Code that runs at import is covered by
every test. The tests run with the rights of this process unless `options.confine` says otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.errors import CoderError
from languages.mutation.mutant import Mutant
from languages.mutation.options import MutationOptions, Numbered
from languages.mutation.python_operators import python_mutants
from languages.mutation.results import MutationRun, Outcome
from languages.mutation.worker_process import Message, Worker
from languages.source import read_source

#: What collecting the tests may take, when a mutant is imported anew.
_IMPORT_SECONDS = 2.0
#: A mutant that waits rather than works gets as many seconds more, times the slowdown: processors may be busy.
_WAITING_SECONDS = 1.0
_SLOW_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonTests:
    """The pytest `arguments` (files, folders, options), from `folder`, with the interpreter `python`.

    Without `plugins`, pytest loads no installed plugin, which starts it faster.
    """

    folder: Path
    arguments: tuple[str, ...]
    python: str = sys.executable
    plugins: bool = True

    def environment(self, scratch: str) -> dict[str, str]:
        """The same hashes in every run, and nothing written into the project."""
        fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": scratch}
        return fixed if self.plugins else {**fixed, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def mutate_python(path: Path, tests: PythonTests, options: MutationOptions) -> MutationRun:
    """Run the mutants of the file `path`.

    Raises `CoderError`: `breaks_syntax`, `tests_fail` (they must pass without a mutant), `no_tests`,
    `worker_failed`, and
    those of `read_source`.
    """
    text = read_source(path).text
    with tempfile.TemporaryDirectory(prefix="coder-mutation-") as scratch:
        setup = {
            "target": str(path.resolve()),
            "source": text,
            "arguments": list(tests.arguments),
            "parallel": max(1, options.parallel),
        }
        environment = tests.environment(scratch)
        with Worker(
            tests.python, setup, folder=tests.folder, confine=options.confine, environment=environment
        ) as worker:
            worker.send({"timeout": options.test_timeout})
            mutants = python_mutants(text)
            outcomes = _Session(worker, options).run(options.choose(mutants))
    return MutationRun(str(path), "python", text, len(mutants), tuple(outcomes))


class _Session:
    """One conversation with a worker: the baseline, the warm mutants, those that need a fresh import."""

    def __init__(self, worker: Worker, options: MutationOptions) -> None:
        self._worker = worker
        self._options = options
        baseline = worker.receive(options.test_timeout + 60)
        if baseline["failed"]:
            raise _tests_fail(baseline["failed"])
        if not baseline["tests"]:
            raise CoderError("pytest found no tests; name the files or folders that hold them", code="no_tests")
        self._done, self._of = 0, 0
        self._tests: list[Message] = baseline["tests"]
        self._import_lines = set(baseline["import_lines"])
        self._by_line: dict[int, list[int]] = {}
        for number, test in enumerate(self._tests):
            for line in test["lines"]:
                self._by_line.setdefault(line, []).append(number)

    def run(self, chosen: Sequence[Numbered]) -> list[Outcome]:
        jobs = {number: self._job(number, mutant) for number, mutant in chosen}
        covered = [job for job in jobs.values() if job["tests"]]
        self._done, self._of = len(jobs) - len(covered), len(jobs)
        verdicts = self._send([job for job in covered if not job["at_import"]])
        pending = {number for number, verdict in verdicts.items() if verdict["status"] == "Pending"}
        verdicts |= self._send([job for job in covered if job["at_import"] or job["id"] in pending])
        return [self._outcome(number, mutant, jobs[number], verdicts.get(number)) for number, mutant in chosen]

    def _send(self, jobs: Sequence[Message]) -> dict[int, Message]:
        """Have the worker run these; its verdicts by number."""
        self._worker.send({"mutants": jobs})
        longest = max((job["whole_timeout"] for job in jobs), default=0.0)
        verdicts: dict[int, Message] = {}
        for verdict in self._worker.receive_all(4 * longest + 120):
            verdicts[verdict["id"]] = verdict
            if verdict["status"] != "Pending":
                self._done += 1
                self._options.progress(self._done, self._of)
        return verdicts

    def _job(self, number: int, mutant: Mutant) -> Message:
        lines = range(mutant.lines[0] + 1, mutant.lines[1] + 2)
        at_import = not self._import_lines.isdisjoint(lines)
        tests = range(len(self._tests)) if at_import else sorted(self._covering(lines), key=self._likely)
        seconds = sum(self._tests[test]["seconds"] for test in tests)
        whole = sum(test["seconds"] for test in self._tests) + _IMPORT_SECONDS
        return {
            "id": number,
            "start": mutant.start,
            "end": mutant.end,
            "replacement": mutant.replacement,
            "at_import": at_import,
            "tests": list(tests),
            "timeout": self._options.timeout(seconds + _WAITING_SECONDS),
            "processor": self._options.processor_timeout(seconds),
            "whole_timeout": self._options.timeout(whole + _WAITING_SECONDS),
            "whole_processor": self._options.processor_timeout(whole),
        }

    def _covering(self, lines: Iterable[int]) -> set[int]:
        return {test for line in lines for test in self._by_line.get(line, ())}

    def _likely(self, number: int) -> tuple[bool, int, int]:
        """Tests that run little of the file notice more of what changes there; slow ones come last."""
        test = self._tests[number]
        return test["seconds"] > _SLOW_SECONDS, len(test["lines"]), number

    def _outcome(self, number: int, mutant: Mutant, job: Message, verdict: Message | None) -> Outcome:
        names = tuple(self._tests[test]["name"] for test in sorted(job["tests"]))
        if verdict is None:
            return Outcome(number, mutant, "NoCoverage")
        return Outcome(number, mutant, verdict["status"], names, verdict.get("test"), verdict.get("reason"))


def _tests_fail(failed: list[Any]) -> CoderError:
    name, reason = failed[0]
    last = str(reason).strip().rsplit("\n", 1)[-1][:200]
    return CoderError(f"{name} fails without any mutant ({last}); mend the tests first", code="tests_fail")
