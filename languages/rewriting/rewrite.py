"""Apply a rule to a text: the new text, the edits that make it, or why there is nothing to do.

Matches inside a match that is replaced are left alone, as ast-grep does; running again takes the next layer. It writes
no file and does not judge whether the new text parses; it says so (`breaks_syntax`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from languages.finding import Position, Range
from languages.rewriting.fix import filled
from languages.rewriting.matching import find_all, root_of
from languages.rewriting.reasons import NoMatch, why_nothing_matched
from languages.rewriting.rule import RewriteRule
from languages.syntax import GrammarName
from languages.tree import SyntaxTree

if TYPE_CHECKING:
    from ast_grep_py import SgNode


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `range` by `text`."""

    range: Range
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """What a rule does to a text.

    `matches` are the places found; `edits` do not overlap and are in order of place; `inside` counts the matches within
    an edited one, which were left alone. `reasons` is empty when anything matched.
    """

    text: str
    matches: tuple[Range, ...]
    edits: tuple[Edit, ...]
    inside: int = 0
    reasons: tuple[NoMatch, ...] = ()
    breaks_syntax: bool = False


def rewrite(grammar: GrammarName, text: str, rule: RewriteRule) -> Rewrite:
    """Apply `rule` to `text`. Raises `CoderError` (`bad_rule`, `too_deep`) for what no text could mend."""
    if rule.language is not None and rule.language != grammar:
        reason = NoMatch.language_mismatch(rule.language, grammar)
        return Rewrite(text=text, matches=(), edits=(), reasons=(reason,))
    root = root_of(grammar, text)
    found = find_all(root, rule.config)
    if not found:
        return Rewrite(text=text, matches=(), edits=(), reasons=why_nothing_matched(grammar, text, root, rule))
    matches = tuple(_range(match) for match in found)
    if rule.fix is None:
        return Rewrite(text=text, matches=matches, edits=())
    outer = _outermost(found)
    replaced = [(match.range().start.index, match.range().end.index, filled(rule.fix, match, text)) for match in outer]
    edits = tuple(Edit(_range(match), new) for match, (_, _, new) in zip(outer, replaced, strict=True))
    new_text = _replaced(text, replaced)
    breaks = SyntaxTree(grammar, new_text).has_error and not SyntaxTree(grammar, text).has_error
    return Rewrite(text=new_text, matches=matches, edits=edits, inside=len(found) - len(outer), breaks_syntax=breaks)


def _outermost(found: Sequence[SgNode]) -> list[SgNode]:
    kept: list[SgNode] = []
    end = -1
    for match in sorted(found, key=lambda match: (match.range().start.index, -match.range().end.index)):
        if match.range().start.index >= end:
            kept.append(match)
            end = match.range().end.index
    return kept


def _replaced(text: str, edits: list[tuple[int, int, str]]) -> str:
    parts, end = [], 0
    for start, stop, new in edits:
        parts += [text[end:start], new]
        end = stop
    return "".join([*parts, text[end:]])


def _range(match: SgNode) -> Range:
    start, end = match.range().start, match.range().end
    return Range(Position(start.line, start.column), Position(end.line, end.column))
