"""Credo's rules on the look of the text: lines, blanks, notes, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from languages.linters.structural.definitions import definitions, spot
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_HEREDOC_ATTRIBUTES = frozenset({"doc", "moduledoc", "shortdoc", "typedoc"})
_GROUPED = re.compile(r"\d{1,3}(_\d{3})*(\.\d+)?([eE][+-]?\d+)?")


def max_line_length(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Lines over `max_length`, without those that a long string, a heredoc, a URL or a definition's head makes long."""
    limit = int(params["max_length"])
    long = [line for line, text in enumerate(file.lines) if len(text.removesuffix("\r")) > limit]
    if not long:
        return
    heads = {definition.term.line for definition in definitions(file)}
    spans = [literal for literal in file.literals if literal.kind in ("string", "charlist", "sigil")]
    for line in long:
        text = file.lines[line]
        if line in heads or "://" in text or file.in_literal(line):
            continue
        if len(_without(spans, line, text)) > limit:
            yield Spot(line, limit, len(text) - limit)


def _without(spans: list[Term], line: int, text: str) -> str:
    """`text` with what its strings hold cut out."""
    raw = text.encode("utf-8", "replace")
    inside = [span for span in spans if span.line == line == span.end_line]
    for span in sorted(inside, key=lambda span: -span.column):
        end = span.column + span.end - span.start
        raw = raw[: span.column + 1] + raw[max(span.column + 1, end - 1) :]
    return raw.decode("utf-8", "replace")


def trailing_white_space(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Blanks at the end of a line that is not part of a string."""
    del params
    for line, text in enumerate(file.lines):
        bare = text.removesuffix("\r")
        stripped = bare.rstrip(" \t")
        if stripped != bare and not _ends_in_literal(file, line):
            yield Spot(line, len(stripped.encode()), len(bare) - len(stripped))


def _ends_in_literal(file: ElixirFile, line: int) -> bool:
    inside = [literal for literal in file.literals if literal.line <= line < literal.end_line]
    return any(literal.kind != "sigil" or '"""' in file.shown(literal) for literal in inside)


def redundant_blank_lines(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """More blank lines in a row than `max_blank_lines`, outside strings."""
    limit = int(params["max_blank_lines"])
    lines = file.lines[:-1] if file.lines and not file.lines[-1] else file.lines
    for blank, group in groupby(enumerate(lines), key=lambda numbered: not numbered[1].strip()):
        numbers = [line for line, _ in group]
        if blank and len(numbers) > limit and not file.in_literal(numbers[0]):
            yield Spot(numbers[-1])


def trailing_blank_line(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """A file whose last line has no end."""
    del params
    if file.text and not file.text.endswith("\n"):
        yield Spot(len(file.lines) - 1)


def semicolons(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`;` between statements."""
    del params
    for line, text in enumerate(file.lines):
        raw = text.encode("utf-8", "replace")
        for match in re.finditer(b";", raw):
            node = file.tree.descendant_for_point_range((line, match.start()), (line, match.end()))
            if node is not None and node.type == ";":
                yield Spot(line, match.start(), 1)
                break


def tagged_notes(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Comments and documentation with a note such as TODO."""
    note = re.compile(rf"(?:^|\s|#)\s*{params['tag']}(?:\s*:|\s|$)")
    begins = re.compile(rf"#+\s*{params['tag']}(?:\W|$)")
    for line, column, text in file.comments:
        if begins.match(text):
            yield Spot(line, column, len(text.encode()))
    for literal in file.literals:
        if _documents(literal):
            for offset, text in enumerate(literal.name.split("\n")):
                if note.match(text):
                    yield Spot(literal.line + offset)


def _documents(literal: Term) -> bool:
    named = literal.parent
    return named is not None and named.kind == "call" and named.name in _HEREDOC_ATTRIBUTES


def large_numbers(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Numbers over `only_greater_than` whose digits are not grouped by three."""
    limit = int(params["only_greater_than"])
    for number in file.kinds["number"]:
        text = number.name
        if not text[:1].isdigit() or text[:2] in ("0x", "0b", "0o"):
            continue
        if _value(text) > limit and not _GROUPED.fullmatch(text):
            yield spot(number)


def _value(text: str) -> float:
    try:
        return float(text.replace("_", ""))
    except (ValueError, OverflowError):
        return 0.0


def string_sigils(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Strings with more escaped quotes than `maximum_allowed_quotes`."""
    limit = int(params["maximum_allowed_quotes"])
    for literal in file.literals:
        shown = file.shown(literal)
        first = literal.parent is not None and literal.parent.kind == "call" and literal in literal.parent.args[:1]
        if literal.kind == "string" and first and not shown.startswith('"""') and shown.count('\\"') > limit:
            yield Spot(literal.line, literal.column, 1)


def space_after_commas(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Commas with the next word close behind."""
    del params
    for line, text in enumerate(file.lines):
        for match in re.finditer(rb",(?=\S)", text.encode("utf-8", "replace")):
            node = file.tree.descendant_for_point_range((line, match.start()), (line, match.end()))
            if node is not None and node.type == ",":
                yield Spot(line, match.start(), 2)
