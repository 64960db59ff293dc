"""The processes that run a project's pytest tests against mutants of one file.

The first process runs pytest up to the moment at which the file is imported, and waits there. A warm process goes on
from there with the original: it collects the tests, runs them once (the baseline), and has the mutants of functions
judged in forks of itself. For each mutant of code that runs at import, the first process is forked instead, which goes
on with the mutant. The engine says when.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest

from languages.mutation.worker.children import Became, Ended, Task, limit_processor, run_children
from languages.mutation.worker.importing import ImportPoint
from languages.mutation.worker.judging import IGNORED, Message, verdict_of
from languages.mutation.worker.messages import read_message, split_messages, write_message
from languages.mutation.worker.project import Project
from languages.mutation.worker.running import Failure, Runner
from languages.mutation.worker.swapping import essence
from languages.mutation.worker.tracing import LineTracer
from languages.mutation.worker.warm import Warm, verdict_of_end

_LONG = 86_400.0


class Server:
    """A pytest plugin that takes the place of pytest's loop over the tests."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known = set(sys.modules)
        self._point = ImportPoint(project.target, project.source, self._wait_here)
        self._runner = Runner()
        self._tracer = LineTracer(project.target)
        self._config: pytest.Config | None = None
        self._mutant: tuple[Message, int] | None = None
        self._is_warm = False

    def serve(self) -> NoReturn:
        """One run; ends the process."""
        self._point.watch()
        code = int(pytest.main([*self._project.arguments, *_quiet()], plugins=[self._runner, self]))
        failures = self._runner.failures or [Failure(None, "pytest", f"it ended with exit code {code}")]
        if self._mutant is not None:
            write_message(self._mutant[1], verdict_of(failures[0]))
        else:
            self._refuse(failures)
        os._exit(0)

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._point.arrive()
        if self._mutant is not None:
            self._run_anew(session, *self._mutant)
        elif self._is_warm:
            self._serve_warm(session)
        os._exit(0)

    def _wait_here(self) -> None:
        """Returns in a warm process first, then in one process for each mutant that is imported anew."""
        gc.collect()
        gc.freeze()  # so that looking for garbage does not copy what all processes share
        sys.pycache_prefix, sys.dont_write_bytecode = str(self._project.scratch / "pycache"), False
        for event in self._children(deque([Task(0, None, _LONG)])):
            if isinstance(event, Became):
                self._is_warm = True
                self._tracer.start()
                return
            if event.code != 0:
                sys.stderr.write(f"the process that ran pytest ended with code {event.code}\n")
                os._exit(1)
        self._import_anew()

    def _import_anew(self) -> None:
        try:
            mutants = {mutant["id"]: mutant for mutant in read_message(self._project.inbox)["mutants"]}
        except EOFError:
            os._exit(0)
        tasks = deque(Task(number, None, mutant["whole_timeout"]) for number, mutant in mutants.items())
        for event in self._children(tasks):
            if isinstance(event, Became):
                self._begin(mutants[event.task.id], event.output)
                return
            write_message(self._project.outbox, {"id": event.task.id, **verdict_of_end(event)})
        write_message(self._project.outbox, {"done": True})
        os._exit(0)

    def _begin(self, mutant: Message, output: int) -> None:
        """From here on, this process is for one mutant."""
        own_temporary_folder(self._config)
        limit_processor(mutant["whole_processor"])
        source = self._project.source
        source = source[: mutant["start"]] + mutant["replacement"].encode() + source[mutant["end"] :]
        code = compile(source.decode(), self._project.target, "exec", dont_inherit=True)
        if essence(code) == essence(self._point.code):
            write_message(output, IGNORED)
            os._exit(0)
        self._point.code, self._mutant = code, (mutant, output)

    def _run_anew(self, session: pytest.Session, mutant: Message, output: int) -> None:
        """All tests in their order, as in the baseline."""
        gc.enable()
        failure = self._runner.failures[0] if self._runner.failures else None
        if failure is None:
            self._runner.take(session.items, self._known)
            failure = self._runner.first_failure(range(len(session.items)))
        write_message(output, verdict_of(failure))

    def _serve_warm(self, session: pytest.Session) -> None:
        self._tracer.stop()
        self._tracer.imported()
        if self._runner.failures:
            self._refuse(self._runner.failures)
            return
        self._runner.take(session.items, self._known)
        gc.enable()
        try:
            message = read_message(self._project.inbox)
            self._baseline(message["timeout"])
            message = read_message(self._project.inbox)
        except EOFError:
            return
        warm = Warm(self._project, self._runner, self._in_child)
        for number, verdict in warm.run(message["mutants"]):
            write_message(self._project.outbox, {"id": number, **verdict})
        write_message(self._project.outbox, {"done": True})

    def _baseline(self, timeout: float) -> None:
        """Run every test once, unmutated, and tell the engine which lines each one ran."""
        task = Task(0, self._in_child(self._measure), timeout, 1 << 28)
        (ended,) = self._children(deque([task]))
        messages = split_messages(ended.output) if isinstance(ended, Ended) and ended.code == 0 else []
        if not messages:
            code = ended.code if isinstance(ended, Ended) else None
            how = "took too long" if code is None else f"ended the process with code {code}"
            messages = [{"failed": [("the tests", how)], "imported": []}]
        for name in messages[0].pop("imported", ()):
            import_module(name)  # of the standard library, which the tests would import anyway
        write_message(self._project.outbox, messages[0])

    def _measure(self, output: int) -> None:
        covered: list[Message] = []
        before = set(sys.modules)
        self._tracer.start()
        started = time.perf_counter()
        for number in self._runner.run(range(len(self._runner.items)), until_failure=False):
            seconds, started = time.perf_counter() - started, time.perf_counter()
            name = self._runner.items[number].nodeid
            covered.append({"name": name, "seconds": seconds, "lines": sorted(self._tracer.take())})
        self._tracer.stop()
        found = {
            "tests": covered,
            "import_lines": sorted(self._tracer.import_lines),
            "failed": [(failure.name, failure.reason) for failure in self._runner.failures],
            "imported": [name for name in sys.modules.keys() - before if name in sys.stdlib_module_names],
        }
        write_message(output, found)

    def _children(self, tasks: deque[Task]) -> Any:
        return run_children(tasks, parallel=self._project.parallel, folder=self._project.scratch)

    def _in_child(self, action: Callable[[int], None]) -> Callable[[int], None]:
        def act(output: int) -> None:
            own_temporary_folder(self._config)
            action(output)

        return act

    def _refuse(self, failures: list[Failure]) -> None:
        failed = [(failure.name, failure.reason) for failure in failures]
        write_message(self._project.outbox, {"failed": failed})


def own_temporary_folder(config: pytest.Config | None) -> None:
    """Let `tmp_path` give out folders below this process's own."""
    factory: Any = getattr(config, "_tmp_path_factory", None)
    if hasattr(factory, "_given_basetemp"):
        factory._basetemp, factory._given_basetemp = None, Path(tempfile.gettempdir(), "tests")


def _quiet() -> list[str]:
    """Arguments after the user's own: no capturing, no tracebacks, no files, no other order or place of running."""
    off = ("cacheprovider", "randomly", "rerunfailures", "random_order")
    arguments = ["-q", "--tb=line", "--capture=no", *(part for name in off for part in ("-p", f"no:{name}"))]
    if os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        return arguments
    given = {"xdist": "-n0", "pytest_cov": "--no-cov", "_hypothesis_pytestplugin": "--hypothesis-seed=0"}
    return [*arguments, *(option for module, option in given.items() if find_spec(module))]
