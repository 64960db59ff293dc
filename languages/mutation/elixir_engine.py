"""Mutation testing of an Elixir file with its ExUnit tests, in a VM that lives on.

A mutant runs the tests that may notice it, up to the first that fails. Code that runs while other code is compiled
(module bodies, macros and what they call) is covered by every test, and what depends on it is compiled again. The tests
run with the rights of this process unless `options.confine` says otherwise.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock

from languages.errors import CoderError
from languages.mutation.elixir_coverage import Coverage, measure
from languages.mutation.elixir_job import Job
from languages.mutation.elixir_jobs import Plan
from languages.mutation.elixir_operators import elixir_anatomy, mutants_of
from languages.mutation.elixir_places import Place
from languages.mutation.elixir_project import ElixirTests
from languages.mutation.elixir_schemata import original_names
from languages.mutation.elixir_vm import Answer, ElixirVm
from languages.mutation.mutant import Mutant
from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun, Outcome
from languages.source import read_source

#: Starting another VM takes as long as so many mutants.
_WORTH_A_VM = 100
_IDENTITY = re.compile(r"#(PID|Reference|Port)<[\d.]+>")
_REASON_KEPT = 1_000


def mutate_elixir(path: Path, tests: ElixirTests, options: MutationOptions) -> MutationRun:
    """Run the mutants of the file `path`.

    Raises `CoderError`: `breaks_syntax`, `tests_fail` (each must pass on its own without a mutant), `no_tests`,
    `outside_project`, `tool_missing` (no Elixir), `worker_failed`, and those of `read_source`.
    """
    text = read_source(path).text
    anatomy = elixir_anatomy(text)
    _check(path, tests)
    mutants = mutants_of(anatomy)
    chosen = options.choose([mutant for mutant, _ in mutants])
    with tempfile.TemporaryDirectory(prefix="coder-mutation-") as folder, ExitStack() as stack:
        vm = stack.enter_context(ElixirVm(tests, Path(folder).resolve(), options))
        coverage = measure(vm, path.resolve(), text, anatomy, options)
        plan = Plan(path.resolve(), text.encode(), anatomy, coverage, options)
        jobs = [plan.job(number, *mutants[number - 1]) for number, _ in chosen]
        covered = [job for job in jobs if job.tests or job.once]
        others = min(options.parallel, len(covered) // _WORTH_A_VM) - 1
        vms = [vm, *(stack.enter_context(vm.sibling()) for _ in range(others))]
        answers = _Session(plan, covered).run(vms)
    outcomes = (_outcome(number, *mutants[number - 1], answers.get(number), coverage) for number, _ in chosen)
    return MutationRun(str(path), "elixir", text, len(mutants), tuple(outcomes))


def _check(path: Path, tests: ElixirTests) -> None:
    if path.suffix != ".ex" or not path.resolve().is_relative_to(tests.folder.resolve()):
        sentence = f"{path} is no .ex file in {tests.folder}; give a compiled file and the folder of its project"
        raise CoderError(sentence, code="outside_project")
    if not tests.files():
        raise CoderError(f"{tests.folder} has no tests like test/cart_test.exs; write some first", code="no_tests")


class _Session:
    """The jobs of one run on several VMs, each of which takes the next batch when it is done with one."""

    def __init__(self, plan: Plan, jobs: Sequence[Job]) -> None:
        self._plan = plan
        self._of = len(jobs)
        self._done = 0
        self._counting = Lock()
        self._waiting: SimpleQueue[list[Job]] = SimpleQueue()
        for batch in plan.batches(jobs):
            self._waiting.put(batch)

    def run(self, vms: Sequence[ElixirVm]) -> dict[int, Answer]:
        """The answers by number."""
        with ThreadPoolExecutor(len(vms)) as pool:
            return {number: answer for answers in pool.map(self._work, vms) for number, answer in answers.items()}

    def _work(self, vm: ElixirVm) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        with suppress(Empty):
            while True:
                answers |= self._batch(self._waiting.get_nowait(), vm)
        return answers

    def _batch(self, batch: Sequence[Job], vm: ElixirVm) -> dict[int, Answer]:
        """All mutants of a batch, compiled at once; where one of them does not compile, in two halves."""
        plan = self._plan
        if len(batch) > 1:
            if isinstance(vm.load(plan.path, batch[0].form, plan.switching(batch)), str):
                half = len(batch) // 2
                return self._batch(batch[:half], vm) | self._batch(batch[half:], vm)
            if (answers := self._switched(batch, vm)) is not None:
                return {job.number: self._finished(job, answers[job.number], vm) for job in batch}
        return {job.number: self._finished(job, self._told(vm.run(plan.path, job)), vm) for job in batch}

    def _switched(self, batch: Sequence[Job], vm: ElixirVm) -> dict[int, Answer] | None:
        """The answers about loaded mutants; None where the tests notice that they are loaded."""
        tests = sorted({test for job in batch for test in job.tests})
        try:
            if vm.trial(0, tests, self._plan.options.test_timeout)["status"] != "Survived":
                return None
            return {job.number: self._told(vm.switched(job)) for job in batch}
        finally:
            vm.unload()

    def _finished(self, job: Job, answer: Answer, vm: ElixirVm) -> Answer:
        """A survivor meets the tests that need a fresh VM, too."""
        return vm.run_once(self._plan.path, job) if job.once and answer["status"] == "Survived" else answer

    def _told(self, answer: Answer) -> Answer:
        with self._counting:
            self._done += 1
            self._plan.options.progress(self._done, self._of)
        return answer


def _outcome(number: int, mutant: Mutant, place: Place, answer: Answer | None, coverage: Coverage) -> Outcome:
    if answer is None:
        return Outcome(number, mutant, "NoCoverage")
    names = tuple(test.name for test in coverage.covering(place))
    killer = f"{answer['file']}::{answer['name']}" if "name" in answer else None
    return Outcome(number, mutant, answer["status"], names, killer, _reason(answer.get("reason")))


def _reason(said: str | None) -> str | None:
    """The same words for the same failure: neither numbers of processes nor names of copies."""
    return said and _IDENTITY.sub(r"#\1<...>", original_names(said))[:_REASON_KEPT]
