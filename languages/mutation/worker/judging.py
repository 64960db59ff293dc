"""The verdict on one mutant in a process that holds the tests and the file under test.

A mutant begins in the state in which nothing has run. One that several share is checked after each (`State`), and left
as soon as it has changed. A kill counts when the killing test passes again on the original, and when all tests that ran
up to it are known to pass from that state and to leave it alone; otherwise it is for others to check.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from languages.mutation.worker.children import limit_processor
from languages.mutation.worker.messages import write_message
from languages.mutation.worker.running import Failure, Runner
from languages.mutation.worker.state import State
from languages.mutation.worker.swapping import LiveModule, NotSwappableError, SameCodeError

Message = dict[str, Any]
IGNORED: Message = {"status": "Ignored", "reason": "it compiles to the same code as the original"}


class Judge:
    """What is needed to run a mutant. `pure` has the tests that leave the state as it was."""

    def __init__(self, live: LiveModule, runner: Runner, state: State | None, pure: set[int]) -> None:
        self._live = live
        self._runner = runner
        self._state = state
        self._pure = pure

    def together(self, output: int, mutants: Sequence[Message]) -> None:
        """As many of the mutants as the state allows, each of them for certain or "Alone"."""
        assert self._state is not None
        self._state.begin()
        for mutant in mutants:
            verdict = self._try(mutant)
            certain = verdict["status"] not in ("Survived", "Check")
            write_message(output, verdict if certain else {"status": "Alone"})
            if not self._state.unchanged():
                return

    def alone(self, output: int, mutant: Message) -> None:
        """A mutant that has the process to itself: for certain, or "Check" with the tests that ran."""
        write_message(output, self._try(mutant))

    def whole(self, output: int, mutant: Message) -> None:
        """A mutant and all tests in the order of the baseline, in which they pass without it."""
        limit_processor(mutant["whole_processor"])
        self._live.swap(mutant["start"], mutant["end"], mutant["replacement"])
        write_message(output, verdict_of(self._runner.first_failure(range(len(self._runner.items)))))

    def check(self, output: int, tests: Sequence[int]) -> None:
        """Whether these tests pass in this order without a mutant."""
        write_message(output, {"passed": self._runner.first_failure(tests) is None})

    def _try(self, mutant: Message) -> Message:
        limit_processor(mutant["processor"])
        try:
            self._live.swap(mutant["start"], mutant["end"], mutant["replacement"])
        except NotSwappableError:
            return {"status": "Pending"}
        except SameCodeError:
            return IGNORED
        failure = self._runner.first_failure(mutant["tests"])
        self._live.restore()
        limit_processor(0)
        verdict = verdict_of(failure)
        if failure is None or failure.number is None:
            return verdict
        ran = mutant["tests"][: mutant["tests"].index(failure.number) + 1]
        if self._pure.issuperset(ran) and self._passes(failure.number, mutant["processor"]):
            return verdict
        return {"status": "Check", "tests": ran, "verdict": verdict}

    def _passes(self, test: int, processor: float) -> bool:
        """Whether the test that killed passes again on the original."""
        limit_processor(processor)
        passed = self._runner.first_failure([test]) is None
        limit_processor(0)
        return passed


def verdict_of(failure: Failure | None) -> Message:
    """Killed by this failure, or survived."""
    if failure is None:
        return {"status": "Survived"}
    return {"status": "Killed", "test": failure.name, "reason": failure.reason}


def pure_tests(output: int, runner: Runner, state: State, tests: Sequence[int]) -> None:
    """Say of each test whether it passes by itself and leaves the state as it was, up to the first that does not."""
    state.begin()
    for number in tests:
        pure = runner.first_failure([number]) is None and state.unchanged()
        write_message(output, {"test": number, "pure": pure})
        if not pure:
            return
