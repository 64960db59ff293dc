"""`StructuralLinter`: our own rules in the place of a tool that is not installed.

The findings carry the real tool's check ids, the source "coder-rules", and as confidence the rule's precision against
the real tool, measured over the labelled sources and smoothed for few cases (docs/RULES.md). It runs in this process
and needs no tool; when the real one is there, use that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from languages.finding import Finding, Position, Range
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.structural.rule import Rule, Spot, ToolName, rules_of
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
        rules = tuple(rule for rule in rules_of(self.tool) if self.every or rule.enabled)
        found = {_finding(rule, place, str(path), lines) for rule, place in spots(self.tool, str(path), text, rules)}
        return LintReport(tuple(sorted(found, key=lambda finding: (finding.range, finding.check, finding.message))))


def spots(tool: ToolName, path: str, text: str, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Spot]]:
    """The `rules` of `tool` with the places where they apply in `text`."""
    if tool == "gosec":
        from languages.linters.structural.go_rules import go_spots

        return go_spots(path, text, rules)
    from languages.linters.structural.elixir_rules import elixir_spots

    return elixir_spots(path, text, rules)


def _finding(rule: Rule, place: Spot, path: str, lines: TextLines) -> Finding:
    return Finding(
        path=path,
        range=_range(place, lines),
        check=rule.check,
        category=rule.category,
        severity=rule.severity,
        message=rule.message.replace("{note}", place.note),
        source=SOURCE,
        confidence=rule.confidence,
        cwe=rule.cwe,
    )


def _range(place: Spot, lines: TextLines) -> Range:
    start: Position = lines.at_byte_column(place.line, place.column)
    end = lines.at_byte_column(place.line, place.column + place.length)
    return Range(start, end) if end > start else lines.without_indentation(place.line)
