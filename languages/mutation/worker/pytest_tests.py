"""Run a project's pytest tests against mutants of one file.

A warm child imports pytest, the tests and the file once. Each mutant gets a fork of it that swaps the mutated
function in
and runs the tests that cover it, up to the first failure. A mutant of code that runs at import gets a fork of the
parent,
which has imported pytest alone, and imports everything anew.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any

import pytest

from languages.mutation.worker.children import Ended, Task, run_children
from languages.mutation.worker.messages import read_message, write_message
from languages.mutation.worker.swapping import LiveModule, NotSwappableError, import_mutated
from languages.mutation.worker.tracing import LineTracer

Message = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """The mutated file, its text, the tests as pytest arguments, and the two pipes to the engine."""

    target: str
    source: bytes
    arguments: list[str]
    parallel: int
    inbox: int
    outbox: int

    def run_pytest(self, plugin: object) -> int:
        """One pytest session with `plugin` in it; what it prints is not ours."""
        return int(pytest.main([*self.arguments, *_quiet()], plugins=[plugin]))


class Tests:
    """A pytest plugin: collects, gives the items to `use` in place of running them, and remembers what failed."""

    def __init__(self, use: Callable[[Tests, pytest.Session], None]) -> None:
        self._use = use
        self.failed: list[tuple[str, str]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._use(self, session)
        return True

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append((report.nodeid, str(report.longrepr)[-2000:]))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append((report.nodeid, str(report.longrepr)[-2000:]))

    def run(self, items: Sequence[pytest.Item], *, until_failure: bool = True) -> Iterator[pytest.Item]:
        """Run the items in order; yields each when it is done."""
        for item, following in zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            yield item
            if until_failure and self.failed:
                return


def serve(project: Project) -> None:
    """Baseline, then the mutants that a warm child can take, then the others; each on the engine's word."""
    (ended,) = run_children([Task(0, lambda _: _warm(project), timeout=86_400.0)], parallel=1)
    if ended.code != 0:
        raise SystemExit(f"the process that ran pytest ended with code {ended.code}")
    message = read_message(project.inbox)
    _run_mutants(project, message["mutants"], lambda mutant: _import_anew(project, mutant))


def _warm(project: Project) -> None:
    tracer = LineTracer(project.target)

    def use(tests: Tests, session: pytest.Session) -> None:
        tracer.stop()
        tracer.imported()
        _serve_warm(project, tests, session.items, tracer)

    tests = Tests(use)
    tracer.start()
    code = project.run_pytest(tests)
    if code not in (0, 5):
        write_message(project.outbox, {"failed": tests.failed or [("pytest", f"it ended with exit code {code}")]})
    sys.stdout.flush()


def _serve_warm(project: Project, tests: Tests, items: list[pytest.Item], tracer: LineTracer) -> None:
    if tests.failed:
        write_message(project.outbox, {"failed": tests.failed})
        return
    message = read_message(project.inbox)
    baseline = Task(0, lambda fd: _baseline(fd, tests, items, tracer), message["timeout"], 1 << 28)
    (ended,) = run_children([baseline], parallel=1)
    write_message(project.outbox, _baseline_message(ended))
    message = read_message(project.inbox)
    live = LiveModule(project.target, project.source)
    gc.collect()
    gc.freeze()
    _run_mutants(project, message["mutants"], lambda mutant: _swap_in(live, tests, items, mutant))


def _baseline(fd: int, tests: Tests, items: list[pytest.Item], tracer: LineTracer) -> None:
    """Run every test once, unmutated, and say which lines each one ran."""
    covered = []
    tracer.start()
    started = time.perf_counter()
    for item in tests.run(items, until_failure=False):
        seconds, started = time.perf_counter() - started, time.perf_counter()
        covered.append({"name": item.nodeid, "seconds": seconds, "lines": sorted(tracer.take())})
    tracer.stop()
    write_message(fd, {"tests": covered, "import_lines": sorted(tracer.import_lines), "failed": tests.failed})


def _baseline_message(ended: Ended) -> Message:
    if ended.code == 0:
        message: Message = json.loads(ended.output[8:])
        return message
    how = "took too long" if ended.code is None else f"ended the process with code {ended.code}"
    return {"failed": [("the tests", how)]}


def _run_mutants(project: Project, mutants: list[Message], run: Callable[[Message], Message]) -> None:
    def task(mutant: Message) -> Task:
        return Task(mutant["id"], lambda fd: write_message(fd, run(mutant)), mutant["timeout"])

    for ended in run_children([task(mutant) for mutant in mutants], parallel=project.parallel):
        write_message(project.outbox, {"id": ended.id, **_verdict(ended)})
    write_message(project.outbox, {"done": True})


def _verdict(ended: Ended) -> Message:
    if ended.code is None:
        return {"status": "Timeout"}
    if ended.code == 0:
        verdict: Message = json.loads(ended.output[8:])
        return verdict
    return {"status": "Killed", "reason": f"the test process ended with code {ended.code}"}


def _swap_in(live: LiveModule, tests: Tests, items: list[pytest.Item], mutant: Message) -> Message:
    try:
        live.swap(mutant["start"], mutant["end"], mutant["replacement"])
    except NotSwappableError:
        return {"status": "Pending"}
    for _ in tests.run([items[number] for number in mutant["tests"]]):
        pass
    return _outcome(tests)


def _import_anew(project: Project, mutant: Message) -> Message:
    import_mutated(project.target, project.source, mutant["start"], mutant["end"], mutant["replacement"])
    wanted = set(mutant["tests"])

    def use(tests: Tests, session: pytest.Session) -> None:
        if not tests.failed:
            for _ in tests.run([item for number, item in enumerate(session.items) if number in wanted]):
                pass

    tests = Tests(use)
    code = project.run_pytest(tests)
    if code not in (0, 1, 5) and not tests.failed:
        tests.failed.append(("pytest", f"it ended with exit code {code}"))
    return _outcome(tests)


def _outcome(tests: Tests) -> Message:
    if not tests.failed:
        return {"status": "Survived"}
    name, reason = tests.failed[0]
    return {"status": "Killed", "test": name, "reason": reason.strip().rsplit("\n", 1)[-1][:300]}


def _quiet() -> list[str]:
    """Arguments after the user's own: no capturing, no tracebacks, no files, no other order or place of running."""
    arguments = [
        "-q",
        "--tb=line",
        "--capture=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "-p",
        "no:rerunfailures",
    ]
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return arguments
    given = {"xdist": "-n0", "pytest_cov": "--no-cov", "_hypothesis_pytestplugin": "--hypothesis-seed=0"}
    return [*arguments, *(option for module, option in given.items() if find_spec(module))]
