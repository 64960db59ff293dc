"""`StructuralLinter`: our own rules in the place of a tool that is not installed.

The findings carry the real tool's check ids, the source "coder-rules", and as confidence the rule's precision against
the real tool, measured over the labelled sources and smoothed for few cases (docs/RULES.md). It runs in this process
and needs no tool; when the real one is there, use that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from languages.finding import Finding, Position, Range
from languages.linters.check_table import checks_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.structural.rule import Rule, Spot, ToolName, rules_of
from languages.linters.structural.suppressions import silences
from languages.positions import TextLines

SOURCE = "coder-rules"
#: Characters of text above which the rules do not run: what large is generated, and nobody waits for it.
MAX_TEXT = 2_000_000


@dataclass(frozen=True, slots=True)
class StructuralLinter:
    """Our rules for the checks of `tool`: those that the tool runs by itself, or `every` one."""

    tool: ToolName
    every: bool = False

    @property
    def name(self) -> str:
        """The name of the tool that the rules stand in for."""
        return self.tool

    def executable(self) -> Path | None:
        """The folder of the rules, which is always there."""
        return Path(__file__).parents[1] / "rules" / self.tool

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        """What the rules find in `text`; broken code gives what can be had. `timeout` is not needed."""
        del timeout
        if len(text) > MAX_TEXT:
            reason = (
                f"{path} has more than {MAX_TEXT:,} characters, too many for the rules; split it or install {self.tool}"
            )
            return LintReport(failure=LinterFailure(self.tool, reason))
        lines = TextLines(text)
        rules = rules_of(self.tool) if self.every else _rules_for_people(self.tool)
        found = {
            _finding(self.tool, rule, place, str(path), lines)
            for rule, place in spots(self.tool, str(path), text, rules)
        }
        return LintReport(tuple(sorted(found, key=lambda finding: (finding.range, finding.check, finding.message))))


@cache
def _rules_for_people(tool: ToolName) -> tuple[Rule, ...]:
    """The rules that are on by themselves, with the params that people should see."""
    return tuple(replace(rule, params={**rule.params, **rule.shown}) for rule in rules_of(tool) if rule.enabled)


def spots(tool: ToolName, path: str, text: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Spot]]:
    """The `rules` of `tool` with the places where they apply in `text`, without what its comments silence."""
    silent = silences(tool, text)
    for rule, place in _all_spots(tool, path, text, rules):
        if not any(silence.covers(place.line, rule.check) for silence in silent):
            yield rule, place


def _all_spots(tool: ToolName, path: str, text: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Spot]]:
    if tool == "gosec":
        from languages.linters.structural.go_rules import go_spots

        return go_spots(path, text, rules)
    from languages.linters.structural.elixir_rules import elixir_spots

    return elixir_spots(path, text, rules)


def _finding(tool: ToolName, rule: Rule, place: Spot, path: str, lines: TextLines) -> Finding:
    known = checks_of(tool).get(rule.check)
    return Finding(
        path=path,
        range=_range(place, lines),
        check=rule.check,
        category=rule.category,
        severity=place.severity or rule.severity,
        message=rule.message.replace("{note}", place.note),
        source=SOURCE,
        confidence=rule.confidence,
        cwe=rule.cwe,
        url=known.url if known else None,
    )


def _range(place: Spot, lines: TextLines) -> Range:
    start: Position = lines.at_byte_column(place.line, place.column)
    end = lines.at_byte_column(place.line, place.column + place.length)
    return Range(start, end) if end > start else lines.without_indentation(place.line)
