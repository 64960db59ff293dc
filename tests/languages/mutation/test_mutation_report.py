"""The report against what the mutation-testing report schema (version 2) demands of one, written out below."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from languages.mutation.mutant import Mutant
from languages.mutation.report import stryker_report
from languages.mutation.results import MutationRun, Outcome, Status

TEXT = "def f(n):\n    return n + 1  # é\n\n\ndef g():\n    return 'ä' + \"x\"\n"
STATUSES = {"Killed", "Survived", "NoCoverage", "CompileError", "RuntimeError", "Timeout", "Ignored", "Pending"}
Check = Callable[[Any], None]


def an(kind: type, also: Callable[[Any], bool] = lambda _: True) -> Check:
    def check(value: Any) -> None:
        assert type(value) is kind
        assert also(value), value

    return check


def several(each: Check) -> Check:
    def check(value: Any) -> None:
        assert isinstance(value, list)
        assert len({json.dumps(item, sort_keys=True) for item in value}) == len(value)
        for item in value:
            each(item)

    return check


def by_name(each: Check) -> Check:
    def check(value: Any) -> None:
        assert isinstance(value, dict)
        for item in value.values():
            each(item)

    return check


def a_record(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """Only known members: the schema would let others pass, but no viewer reads them."""

    def check(value: Any) -> None:
        assert isinstance(value, dict)
        assert required.keys() <= value.keys() <= required.keys() | (optional or {}).keys()
        for name, item in value.items():
            {**required, **(optional or {})}[name](item)

    return check


PLACE = a_record({"line": an(int, lambda n: n >= 1), "column": an(int, lambda n: n >= 1)})
PERCENT = an(int, lambda n: 0 <= n <= 100)
MUTANT = a_record(
    {
        "id": an(str),
        "mutatorName": an(str),
        "location": a_record({"start": PLACE, "end": PLACE}),
        "status": an(str, STATUSES.__contains__),
    },
    {"replacement": an(str), "coveredBy": several(an(str)), "killedBy": several(an(str)), "statusReason": an(str)},
)
TESTS = several(a_record({"id": an(str), "name": an(str)}))
REPORT = a_record(
    {
        "schemaVersion": an(str, lambda text: re.fullmatch(r"([1-2]\d*|0)(\.(([1-9]\d*)|0)){0,2}", text) is not None),
        "thresholds": a_record({"low": PERCENT, "high": PERCENT}),
        "files": by_name(a_record({"language": an(str), "source": an(str), "mutants": several(MUTANT)})),
    },
    {
        "$schema": an(str),
        "framework": a_record({"name": an(str)}, {"version": an(str)}),
        "testFiles": by_name(a_record({"tests": TESTS})),
    },
)


def run_of(statuses: list[Status]) -> MutationRun:
    at = TEXT.encode().index(b"+")
    outcomes = tuple(
        Outcome(
            number,
            Mutant(at, at + 1, "-", "arithmetic", (1, 1)),
            status,
            ("tests/test_a.py::test_f", "tests/test_a.py::test_g[x::y]") if status in ("Killed", "Survived") else (),
            "tests/test_a.py::test_f" if status == "Killed" else None,
            None if status == "Survived" else "AssertionError: assert 1 == 2",
        )
        for number, status in enumerate(statuses, start=1)
    )
    return MutationRun("src/a.py", "python", TEXT, len(outcomes), outcomes)


@pytest.mark.parametrize("statuses", [[], sorted(STATUSES - {"Pending"})])
def test_every_status_fits_the_schema(statuses: list[Status]) -> None:
    report = json.loads(json.dumps(stryker_report([run_of(statuses)])))
    REPORT(report)
    assert [mutant["status"] for mutant in report["files"]["src/a.py"]["mutants"]] == statuses


def test_the_check_notices_what_is_wrong() -> None:
    report = stryker_report([run_of(["Killed"])])
    mutant = report["files"]["src/a.py"]["mutants"][0]
    for member, wrong in (("status", "Dead"), ("id", 1), ("coveredBy", None), ("location", {}), ("extra", 1)):
        broken = json.loads(json.dumps(report))
        broken["files"]["src/a.py"]["mutants"][0] = {**mutant, member: wrong}
        with pytest.raises(AssertionError):
            REPORT(broken)


def test_tests_are_named_once_and_columns_count_characters() -> None:
    report = stryker_report([run_of(["Killed", "Survived"])])
    tests = report["testFiles"]["tests/test_a.py"]["tests"]
    assert [test["name"] for test in tests] == ["test_f", "test_g[x::y]"]
    at = TEXT.encode().rindex(b"+")
    run = MutationRun(
        "a.py", "python", TEXT, 1, (Outcome(1, Mutant(at, at + 1, "-", "arithmetic", (5, 5)), "Survived"),)
    )
    place = stryker_report([run])["files"]["a.py"]["mutants"][0]["location"]["start"]
    assert place == {"line": 6, "column": TEXT.splitlines()[5].index("+") + 1}


def test_scores_leave_out_what_says_nothing() -> None:
    assert run_of(["Killed", "Timeout", "Survived", "NoCoverage", "Ignored", "RuntimeError"]).score == 0.5
    assert run_of(["Ignored", "CompileError"]).score is None
