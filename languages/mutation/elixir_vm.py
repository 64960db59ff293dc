"""A VM that has an Elixir project and its tests loaded, and says what they make of a mutant.

`workers/mutation.exs` runs in it; `BeamWorker` speaks with it. A VM that is gone, by a mutant or because it has grown,
is replaced at the next question. It does not know what a mutant means, only its text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from languages.errors import CoderError
from languages.linters.process import ToolFailure
from languages.mutation.elixir_counting import Form
from languages.mutation.elixir_job import Job
from languages.mutation.elixir_project import ElixirTests, Launcher
from languages.mutation.options import MutationOptions
from languages.workers.beam import BeamLimits, BeamWorker

Answer = Mapping[str, Any]

#: What the VM's own limits may add to those of the tests, in seconds, before it is ended from outside.
_MARGIN = 60.0
_LIMITS = BeamLimits(requests=20_000, memory=1_000_000_000)


class ElixirVm:
    """Use it in a `with` statement; `scratch` is the folder of what it compiles."""

    def __init__(self, tests: ElixirTests, scratch: Path, options: MutationOptions) -> None:
        self._tests, self._scratch, self._options = tests, scratch, options
        self._ebin = scratch / "ebin"
        self._ebin.mkdir(exist_ok=True)
        self._timeout = options.test_timeout
        launcher = Launcher(tests, scratch, options.confine)
        self._worker = BeamWorker(launch=launcher, arguments=launcher.arguments, limits=_LIMITS)
        self._compiled = False
        self._described: list[Answer] = []
        self._loaded: tuple[str, ...] | None = None

    def sibling(self) -> ElixirVm:
        """Another VM with what this one has compiled."""
        other = ElixirVm(self._tests, self._scratch, self._options)
        other._compiled = self._compiled
        return other

    def tests(self) -> list[Answer]:
        """The tests, with "file" and "name". Raises `CoderError` when something does not compile."""
        if not self._described:
            self._checked(self._begin())
        return self._described

    def load(self, path: Path, form: Form, text: str, *, bodies: int = 0, again: bool = False) -> Answer | str:
        """Put `text` in place of `form` until `unload`; or why it does not compile.

        Calls and marks of so many `bodies` are counted. With `again` it tells the files that depend on it while they
        are compiled, and the marks then ("compiling") and when the applications start ("starting").
        """
        fields = (_ms(self._timeout), str(bodies), "1" if again else "0", str(path), form.preamble, str(form.line + 1))
        self._loaded = None
        answer = self._checked(self._ask("load", *fields, text, timeout=self._timeout))
        if "error" in answer:
            return str(answer["error"])
        self._loaded = (*fields, text)
        return answer

    def unload(self) -> None:
        """The original again."""
        self._loaded = None
        if self._worker.pid is not None:
            self._checked(self._ask("unload", timeout=self._timeout))

    def trial(self, active: int, tests: Sequence[int], timeout: float) -> Answer:
        """Run tests for at most `timeout` seconds, with a mutant of what is loaded, or none (0).

        "status", "skipped", "microseconds", "hits" and "calls"; where a test failed, "file", "name" and "reason".
        """
        return self._checked(self._trial(active, tests, timeout))

    def switched(self, job: Job) -> Answer:
        """What became of a mutant that is loaded, like `trial`."""
        return _survived(self._trial(job.number, job.tests, job.timeout))

    def run(self, path: Path, job: Job) -> Answer:
        """What became of a mutant that is compiled alone: "status", and where a test failed the same as in `trial`."""
        return self._run(path, job, job.tests)

    def run_once(self, path: Path, job: Job) -> Answer:
        """The same for the tests that need a fresh VM, and leave one that nobody else should have."""
        self.close()
        answer = self._run(path, job, job.once)
        self.close()
        return answer

    def _run(self, path: Path, job: Job, tests: Sequence[int]) -> Answer:
        lists = (_lines(tests), _lines(job.dependants), "1" if job.again else "0")
        form = (str(path), job.form.preamble, str(job.form.line + 1), job.text)
        return _survived(self._ask("mutant", _ms(job.timeout), *lists, *form, timeout=2 * job.timeout))

    def _trial(self, active: int, tests: Sequence[int], timeout: float) -> Answer | ToolFailure:
        return self._ask("trial", _ms(timeout), str(active), _lines(tests), timeout=timeout)

    def close(self) -> None:
        """End the VM; a later question starts another."""
        self._worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, operation: str, *arguments: str, timeout: float) -> Answer | ToolFailure:
        if self._worker.pid is None:
            self._checked(self._begin())
            if self._loaded is not None:
                self._checked(self._worker.ask("load", *self._loaded, timeout=self._timeout + _MARGIN))
        answer = self._worker.ask(operation, *arguments, timeout=timeout + _MARGIN)
        if not isinstance(answer, ToolFailure) and answer.get("worn"):
            self._worker.close()
        return answer

    def _begin(self) -> Answer | ToolFailure:
        helper = self._tests.helper()
        sources = [] if self._compiled else self._tests.sources()
        lists = (
            [self._ebin],
            [] if helper is None else [helper],
            sources,
            self._tests.dependants(),
            self._tests.files(),
        )
        answer = self._worker.ask("begin", *(_lines(paths) for paths in lists), timeout=self._timeout + _MARGIN)
        if not isinstance(answer, ToolFailure):
            if "error" in answer:
                self._worker.close()
                raise CoderError(f"the project or its tests do not start: {answer['error']}", code="tests_fail")
            self._compiled = True
            self._described = list(answer["tests"])
        return answer

    def _checked(self, answer: Answer | ToolFailure) -> Answer:
        if isinstance(answer, ToolFailure):
            raise _failed(answer)
        return answer


def _survived(answer: Answer | ToolFailure) -> Answer:
    """The answer, or what it means that the VM is gone."""
    if not isinstance(answer, ToolFailure):
        return answer
    if answer.kind == "timeout":
        return {"status": "Timeout"}
    if answer.kind == "crash":
        return {"status": "Killed", "reason": answer.reason}
    raise _failed(answer)


def _failed(failure: ToolFailure) -> CoderError:
    if failure.kind == "missing":
        return CoderError(failure.reason, code="tool_missing")
    return CoderError(f"{failure.reason}; run the tests by hand", code="worker_failed")


def _lines(values: Sequence[object]) -> str:
    return "\n".join(str(value) for value in values)


def _ms(seconds: float) -> str:
    return str(math.ceil(seconds * 1000))
