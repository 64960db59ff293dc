"""What `mix muzak` prints (mutation testing for Elixir, version 1.1), read into values.

Muzak has no report for programs; its text names the survivors and the totals. It does not run Muzak.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from languages.errors import CoderError

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_ALL_KILLED = re.compile(r"^(\d+) run - 0 mutations survived$")
_RUN = re.compile(r"^(\d+) mutations run$")
_SURVIVED = re.compile(r"^(\d+) survived (\d+(?:\.\d+)?)% of mutations were found$")
_HEAD = re.compile(r"^\s+(\S+\.exs?):(\d+)$")
_SIDE = re.compile(r"^\s+(original|mutation):\s+(.*)$")
_SEED = re.compile(r"^Randomized with seed (\d+)$")
_END = re.compile(r"^Finished in ")
_WRONG = re.compile(r"^Something went wrong.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MuzakSurvivor:
    """A mutation that no test noticed; `line` counts from 1."""

    path: str
    line: int
    original: str
    mutation: str


@dataclass(frozen=True, slots=True)
class MuzakReport:
    """`found` is the share of mutations that tests noticed, in [0, 1]; `seed` is None when it was not printed."""

    run: int
    survived: int
    found: float
    survivors: tuple[MuzakSurvivor, ...]
    seed: int | None


def parse_muzak(output: str) -> MuzakReport:
    """The report in `output`.

    Raises `CoderError` (`muzak_failed`) when Muzak says that it failed, or when the totals are not there.
    """
    lines = [line.rstrip() for line in _ESCAPE.sub("", output).replace("\r\n", "\n").split("\n")]
    totals = _totals(lines)
    if totals is None:
        wrong = _WRONG.search("\n".join(lines))
        said = wrong[0] if wrong else "its output has no totals"
        raise CoderError(f"Muzak failed ({said}); run `mix muzak` by hand to see why", code="muzak_failed")
    run, survived, found = totals
    seed = next((int(match[1]) for line in lines if (match := _SEED.match(line))), None)
    return MuzakReport(run, survived, found, tuple(_survivors(lines)), seed)


def _totals(lines: list[str]) -> tuple[int, int, float] | None:
    run: int | None = None
    for line in lines:
        if match := _ALL_KILLED.match(line):
            return int(match[1]), 0, 1.0
        if match := _RUN.match(line):
            run = int(match[1])
        if (match := _SURVIVED.match(line)) and run is not None:
            return run, int(match[1]), float(match[2]) / 100
    return None


def _survivors(lines: list[str]) -> list[MuzakSurvivor]:
    found: list[MuzakSurvivor] = []
    place: tuple[str, int] | None = None
    sides: dict[str, list[str]] = {}
    side: str | None = None
    for line in lines:
        head, label = _HEAD.match(line), _SIDE.match(line)
        if head or _END.match(line):
            found.extend(_survivor(place, sides))
            place, sides, side = (head[1], int(head[2])) if head else None, {}, None
        elif label and place:
            side = label[1]
            sides[side] = [label[2]]
        elif side and line.strip():
            sides[side].append(line.strip())
    return [*found, *_survivor(place, sides)]


def _survivor(place: tuple[str, int] | None, sides: dict[str, list[str]]) -> list[MuzakSurvivor]:
    if place is None or set(sides) != {"original", "mutation"}:
        return []
    return [MuzakSurvivor(*place, "\n".join(sides["original"]), "\n".join(sides["mutation"]))]
