"""Muzak (mutation testing for Elixir, version 1.1): run in projects that have it, and its text read into values.

Muzak has no report for programs; its text names the survivors and the totals. It runs the project's own code and tests,
with the rights of the user.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from languages.errors import CoderError
from languages.linters.mix_project import PLAIN, project_roots
from languages.linters.process import ToolFailure, find_program, run_tool

_DEPENDENCY = re.compile(r"\{\s*:muzak\s*,")

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


def run_muzak(
    path: Path, arguments: Sequence[str] = (), *, mix: Path | None = None, timeout: float = 600.0
) -> MuzakReport:
    """Run `mix muzak` in the project of `path`, a file or a folder; `mix` is a program to use instead of the one found.

    Raises `CoderError`: `not_in_project` (Muzak is not among the project's dependencies), `tool_missing` (no Elixir),
    `muzak_failed` and `muzak_timeout`.
    """
    root = _project_with_muzak(path)
    program = mix or find_program("mix")
    if program is None:
        raise CoderError("mix is not installed; install Elixir to run Muzak", code="tool_missing")
    environment = {**PLAIN, "MIX_ENV": "test"}
    output = run_tool([program, "muzak", *arguments], directory=root, environment=environment, timeout=timeout)
    if isinstance(output, ToolFailure):
        kinds = {"timeout": "muzak_timeout", "missing": "tool_missing"}
        raise CoderError(output.reason, code=kinds.get(output.kind, "muzak_failed"))
    return parse_muzak(f"{output.stdout}\n{output.stderr}")


def _project_with_muzak(path: Path) -> Path:
    """The nearest project above `path` that names Muzak among its dependencies."""
    inside = Path(os.path.abspath(path))
    for root in project_roots(inside / "mix.exs" if inside.is_dir() else inside):
        if _DEPENDENCY.search((root / "mix.exs").read_text(encoding="utf-8", errors="replace")):
            return root
    advice = 'add {:muzak, "~> 1.1", only: :test} to its mix.exs, or use our own engine'
    raise CoderError(f"the project of {path} does not depend on Muzak; {advice}", code="not_in_project")


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
