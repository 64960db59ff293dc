"""Which mutants a warm process has judged together, which alone, and what has to be checked after that.

1. Mutants whose tests are all pure (they pass by themselves and leave the state as it was) are judged many in one fork.
   What is killed there is final; what survives or is in doubt goes on to 2, and so do all others.
2. One fork a mutant. Survived is final. Killed is final where `Judge` says so; otherwise:
3. The tests that ran, in their order, on the original in a fork. Do they pass, killed is final; otherwise:
4. The mutant with all tests in the order of the baseline, in a fork. Its verdict is final.
"""

from __future__ import annotations

import gc
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

from languages.mutation.worker.children import Ended, Task, run_children
from languages.mutation.worker.judging import Judge, pure_tests
from languages.mutation.worker.messages import split_messages, write_message
from languages.mutation.worker.process_state import ProcessState
from languages.mutation.worker.project import Project
from languages.mutation.worker.running import Runner
from languages.mutation.worker.state import State, UnreadableError
from languages.mutation.worker.swapping import LiveModule

Message = dict[str, Any]
Verdict = tuple[int, Message]
Action = Callable[[int], None]
#: A snapshot that takes longer than a fork is not worth it.
_SNAPSHOT_SECONDS = 0.003
_MOST_TOGETHER = 100


class Warm:
    """The queue of a warm process."""

    def __init__(self, project: Project, runner: Runner, in_child: Callable[[Action], Action]) -> None:
        self._project = project
        self._runner = runner
        self._in_child = in_child
        self._waiting: deque[Task] = deque()
        self._after: dict[int, Callable[[Ended], list[Verdict]]] = {}
        self._numbers = count(1)
        self._passing: dict[tuple[int, ...], bool] = {}
        self._asking: dict[tuple[int, ...], list[tuple[Message, Message]]] = {}
        live = LiveModule(project.target, project.source)
        self._state = _readable(runner)
        gc.collect()
        gc.freeze()
        self._pure = self._find_pure() if self._state is not None else set()
        self._judge = Judge(live, runner, self._state, self._pure)

    def run(self, mutants: Sequence[Message]) -> Iterator[Verdict]:
        """The verdict on each mutant, or "Pending" where it must be imported anew."""
        together = [mutant for mutant in mutants if self._pure.issuperset(mutant["tests"])]
        size = max(1, min(_MOST_TOGETHER, len(together) // (4 * self._project.parallel)))
        for at in range(0, len(together), size):
            self._add_together(together[at : at + size])
        for mutant in mutants:
            if not self._pure.issuperset(mutant["tests"]):
                self._add_alone(mutant)
        for ended in self._children():
            yield from self._after.pop(ended.task.id)(ended)

    def _children(self) -> Iterator[Ended]:
        project = self._project
        for event in run_children(self._waiting, parallel=project.parallel, folder=project.scratch):
            if isinstance(event, Ended):
                yield event

    def _add(self, timeout: float, action: Action, after: Callable[[Ended], list[Verdict]]) -> None:
        number = next(self._numbers)
        self._after[number] = after
        self._waiting.append(Task(number, reporting(self._in_child(action)), timeout))

    def _add_together(self, mutants: list[Message]) -> None:
        timeout = max(mutant["timeout"] for mutant in mutants)
        self._add(timeout, lambda fd: self._judge.together(fd, mutants), lambda end: self._after_together(mutants, end))

    def _after_together(self, mutants: list[Message], ended: Ended) -> list[Verdict]:
        found = list(zip(mutants, split_messages(ended.output), strict=False))
        rest = mutants[len(found) :]
        verdicts = [(mutant["id"], verdict) for mutant, verdict in found if verdict["status"] != "Alone"]
        for mutant, verdict in found:
            if verdict["status"] == "Alone":
                self._add_alone(mutant)
        if rest and ended.code is None:
            verdicts.append((rest.pop(0)["id"], {"status": "Timeout"}))
        elif rest and (ended.code != 0 or not found):  # a test may end the process with 0, too
            self._add_alone(rest.pop(0))
        if rest:
            self._add_together(rest)
        return verdicts

    def _add_alone(self, mutant: Message) -> None:
        timeout = mutant["timeout"]
        self._add(timeout, lambda fd: self._judge.alone(fd, mutant), lambda end: self._after_alone(mutant, end))

    def _after_alone(self, mutant: Message, ended: Ended) -> list[Verdict]:
        verdict = verdict_of_end(ended)
        if verdict["status"] != "Check":
            return [(mutant["id"], verdict)]
        tests = tuple(verdict["tests"])
        if tests in self._passing:
            return self._checked(mutant, verdict["verdict"], self._passing[tests])
        if tests not in self._asking:
            self._add(
                mutant["whole_timeout"],
                lambda fd: self._judge.check(fd, tests),
                lambda end: self._after_check(tests, end),
            )
        self._asking.setdefault(tests, []).append((mutant, verdict["verdict"]))
        return []

    def _after_check(self, tests: tuple[int, ...], ended: Ended) -> list[Verdict]:
        passed = bool(verdict_of_end(ended).get("passed"))
        self._passing[tests] = passed
        asked = self._asking.pop(tests)
        return [found for mutant, verdict in asked for found in self._checked(mutant, verdict, passed)]

    def _checked(self, mutant: Message, verdict: Message, passed: bool) -> list[Verdict]:
        if passed:
            return [(mutant["id"], verdict)]
        self._add(
            mutant["whole_timeout"],
            lambda fd: self._judge.whole(fd, mutant),
            lambda end: [(mutant["id"], verdict_of_end(end))],
        )
        return []

    def _find_pure(self) -> set[int]:
        """The tests that are pure; each that is not costs a fork."""
        found: set[int] = set()
        left = sorted(self._runner.direct)
        state = self._state
        assert state is not None

        def look(ended: Ended) -> list[Verdict]:
            nonlocal left
            seen = split_messages(ended.output)
            found.update(each["test"] for each in seen if each["pure"])
            left = left[max(1, len(seen)) :]
            if left:
                self._add(600.0, lambda fd: pure_tests(fd, self._runner, state, left), look)
            return []

        if left:
            self._add(600.0, lambda fd: pure_tests(fd, self._runner, state, left), look)
        for ended in self._children():
            self._after.pop(ended.task.id)(ended)
        return found


def _readable(runner: Runner) -> State | None:
    """The state of the project, where all of it can be seen in a short time."""
    if not runner.is_closed:
        return None
    values = [item.callspec.params for item in runner.items if hasattr(item, "callspec")]
    state = State(runner.own, values, ProcessState(runner.own))
    try:
        return state if min(_seconds(state) for _ in range(3)) < _SNAPSHOT_SECONDS else None
    except (UnreadableError, OSError):  # OSError: a system without /proc
        return None


def _seconds(state: State) -> float:
    started = time.process_time()
    state.begin()
    return time.process_time() - started


def reporting(action: Action) -> Action:
    """`action`, whose own errors are no verdict on a mutant."""

    def act(output: int) -> None:
        try:
            action(output)
        except Exception:
            reason = traceback.format_exc().strip().rsplit("\n", 1)[-1]
            write_message(output, {"status": "RuntimeError", "reason": f"the mutation engine failed: {reason}"})

    return act


def verdict_of_end(ended: Ended) -> Message:
    """What the way a child ended says of its mutant."""
    if ended.code is None:
        return {"status": "Timeout"}
    messages = split_messages(ended.output)
    if messages:
        return messages[0]
    return {"status": "Killed", "reason": f"the tests ended the process (code {ended.code})"}
