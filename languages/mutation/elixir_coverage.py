"""Which tests may notice a mutant: each test is run once, alone, on code that counts its bodies and calls.

A change in a body is noticed by tests that run the body; one in a head by tests that call the function, also where no
clause matches. It does not know what the changes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from languages.errors import CoderError
from languages.mutation.elixir_anatomy import Anatomy
from languages.mutation.elixir_counting import counted_text, whole
from languages.mutation.elixir_places import Body, Function, Place
from languages.mutation.elixir_vm import Answer, ElixirVm
from languages.mutation.options import MutationOptions


@dataclass(frozen=True, slots=True)
class Trial:
    """One test without a mutant; `number` is the VM's, `bodies` are numbers, `calls` functions as name/arity.

    `once` is a test that passes only the first time that a VM runs it.
    """

    number: int
    name: str
    seconds: float
    bodies: frozenset[int]
    calls: frozenset[str]
    once: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """The `trials`, and the `bodies` that run while `dependants` are `compiling`, or applications `starting`.

    Without `counted`, only calls could be counted.
    """

    trials: tuple[Trial, ...]
    dependants: tuple[str, ...]
    compiling: frozenset[int]
    starting: frozenset[int]
    bodies: Sequence[Body]
    counted: bool

    def covering(self, place: Place) -> tuple[Trial, ...]:
        """Those of the tests that may notice a change at `place`."""
        if self.at_compile_time(place) or self.at_start(place):
            return self.trials
        return tuple(trial for trial in self.trials if self._reaches(trial, place))

    def at_compile_time(self, place: Place) -> bool:
        """Whether a change there changes what other modules are compiled to."""
        if place.function is None:
            return True
        return self._among(self.compiling, place) or (place.function.macro and place.body is None)

    def at_start(self, place: Place) -> bool:
        """Whether applications run it when they start."""
        return self._among(self.starting, place)

    def _among(self, bodies: frozenset[int], place: Place) -> bool:
        """The body, or for a change in a head, a body of the function."""
        if place.body is not None:
            return place.body in bodies
        return any(self.bodies[body].function is place.function for body in bodies)

    def _reaches(self, trial: Trial, place: Place) -> bool:
        if place.body is not None and self.counted:
            return place.body in trial.bodies
        assert place.function is not None
        return _called(place.function) in trial.calls


def measure(vm: ElixirVm, path: Path, text: str, anatomy: Anatomy, options: MutationOptions) -> Coverage:
    """Run every test once; raises `CoderError` (`tests_fail`, `no_tests`) unless there are some and all pass."""
    tests = vm.tests()
    counted_bodies, source = len(anatomy.bodies), text.encode()
    answer = vm.load(path, whole(source), counted_text(source, anatomy.bodies), bodies=counted_bodies, again=True)
    counted = not isinstance(answer, str)
    if not counted:
        answer = vm.load(path, whole(source), text, again=True)
    if isinstance(answer, str):
        raise CoderError(f"{path} does not compile: {answer}", code="tests_fail")
    trials = [
        _trial(number, _name(test), vm.trial(0, [number], options.test_timeout)) for number, test in enumerate(tests)
    ]
    vm.unload()
    ran = tuple(trial for trial in trials if trial is not None)
    if not ran:
        raise CoderError(
            "ExUnit ran no test; name the files that hold them, or tests that are not skipped", code="no_tests"
        )
    once = _once(vm, ran, options)
    return Coverage(
        trials=tuple(replace(trial, once=trial.number in once) for trial in ran),
        dependants=tuple(answer["dependants"]),
        compiling=frozenset(answer["compiling"]),
        starting=frozenset(answer["starting"]),
        bodies=anatomy.bodies,
        counted=counted,
    )


def _once(vm: ElixirVm, trials: Sequence[Trial], options: MutationOptions) -> set[int]:
    """The tests that do not pass when they are run again, because of what they left in the VM."""
    again = {trial.number: vm.trial(0, [trial.number], options.timeout(trial.seconds)) for trial in trials}
    once = {number for number, answer in again.items() if answer["status"] != "Survived"}
    if once:
        vm.close()
    return once


def _trial(number: int, name: str, answer: Answer) -> Trial | None:
    """None for a test that ExUnit leaves out."""
    if answer["skipped"]:
        return None
    if answer["status"] != "Survived":
        sentence = f"{name} fails on its own without any mutant ({_said(answer)}); mend the tests first"
        raise CoderError(sentence, code="tests_fail")
    return Trial(number, name, answer["microseconds"] / 1e6, frozenset(answer["hits"]), frozenset(answer["calls"]))


def _said(answer: Answer) -> str:
    return " ".join(str(answer.get("reason") or "it takes too long").split())[:200]


def _name(test: Answer) -> str:
    return f"{test['file']}::{test['name']}"


def _called(function: Function) -> str:
    return f"{function.name}/{function.arity}"
