"""Credo violations of the text's look: long lines, blanks, semicolons, digits in a row, notes left behind.

Checks: https://hexdocs.pm/credo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from languages.injection.code_text import MARK, edit
from languages.injection.elixir_places import LITERALS, ElixirCode, ElixirFinder, credo, inserted, together
from languages.injection.planting import Edit
from languages.outline import elixir_nodes
from languages.tree import walk

#: Characters of a line above which Credo complains.
_WIDTH = 120
_GROUPED = re.compile(r"\d{1,3}(_\d{3})+")
_OPENED, _CLOSED = ("(", "[", "{", "%{"), (")", "]", "}")


def _code_lines(code: ElixirCode) -> list[tuple[int, int]]:
    """Where the lines begin and end that no literal goes over, of a text with a module."""
    if not code.modules:
        return []
    inside: set[int] = set()
    for node in code.of(*LITERALS):
        inside.update(range(node.start_point.row, node.end_point.row + 1) if _tall(node) else ())
    places, start = [], 0
    for row, line in enumerate(code.text.split("\n")):
        if row not in inside:
            places.append((start, start + len(line.removesuffix("\r"))))
        start += len(line) + 1
    return places[:-1]


def _tall(node: Node) -> bool:
    return node.start_point.row != node.end_point.row


def _blanks_at_the_end(code: ElixirCode) -> Iterator[Edit]:
    for start, end in _code_lines(code):
        line = code.text[start:end]
        if line.strip() and line == line.rstrip():
            yield from (edit(end, end, blanks) for blanks in (" ", "  ", "\t"))
        elif not line and code.text[end:].strip():
            yield edit(end, end, code.unit)


def _blank_lines(code: ElixirCode) -> Iterator[Edit]:
    """A second and a third blank line behind one; two between statements."""
    rows = _code_lines(code)
    blank = {start for start, end in rows if not code.text[start:end].strip()}
    for start, end in rows:
        if start in blank and code.line_start(start - 1) not in blank and _next(code, end) not in blank and start:
            yield edit(end, end, code.newline + MARK)
            yield edit(end, end, code.newline * 2 + MARK)
    for spot in code.spots:
        place = code.line_start(code.start(spot.statement))
        if spot.statement != spot.clause.statements[0] and code.line_start(place - 1) not in blank:
            yield edit(place, place, code.newline + MARK + code.newline)


def _next(code: ElixirCode, end: int) -> int:
    """Where the line after the one that ends at `end` begins."""
    return code.text.find("\n", end) + 1


def _no_last_newline(code: ElixirCode) -> Iterator[Edit]:
    bare = code.text.rstrip("\r\n")
    if code.modules and bare and bare != code.text:
        yield Edit(len(bare) - 1, len(code.text), bare[-1])


def _joined_statements(code: ElixirCode) -> Iterator[Edit]:
    """Two statements on one line, or a line that ends in `;`."""
    for clause in code.clauses:
        for first, second in pairwise(clause.statements):
            gap = code.between(first, second)
            if not gap.strip() and "\n" in gap and not _tall(first):
                yield edit(code.end(first), code.start(second), f"{MARK}; ")
            if code.ends_line(first) and code.begins_line(first):
                yield edit(code.end(first), code.end(first), f"{MARK};")


def _tight_commas(code: ElixirCode) -> Iterator[Edit]:
    """Two arguments or items without the blank between them."""
    for node in code.of("arguments", "list", "tuple"):
        for child, following in pairwise(node.children):
            if child.type == "," and code.between(child, following) == " ":
                yield edit(code.start(child), code.start(following), ",")


def _digits_in_a_row(code: ElixirCode) -> Iterator[Edit]:
    for node in code.of("integer"):
        shown = code.shown(node)
        digits = shown.replace("_", "")
        if _GROUPED.fullmatch(shown) and len(digits.lstrip("0")) > 4:
            yield code.replaced(node, digits)


def _one_line(code: ElixirCode) -> Iterator[Edit]:
    """What stands on several lines, a pipeline or the inside of brackets, written on one long line."""
    for node in code.of("binary_operator", "call", "list", "map", "tuple"):
        height = node.end_point.row - node.start_point.row
        if not 0 < height < 12 or (node.type == "binary_operator" and elixir_nodes.operator(node) != "|>"):
            continue
        if any(one.type in ("do_block", "anonymous_function", "comment", "stab_clause") for one in walk(node)):
            continue
        if code.spans_lines(node, *LITERALS):
            continue
        start, end = code.start(node), code.end(node)
        text = _flat(code.text[start:end])
        line = code.text[code.line_start(start) : start] + text + code.text[end : code.line_end(end)]
        head = line.lstrip().startswith("def") or "://" in line
        if not head and len(re.sub(r'"[^"]*"', '""', line)) > _WIDTH and ";" not in text:
            yield code.replaced(node, text)


def _flat(text: str) -> str:
    flat = ""
    for row in text.split("\n"):
        line = row.strip()
        tight = flat.endswith(_OPENED) or line.startswith(_CLOSED)
        flat += line if not flat or tight else f" {line}"
    return flat


_REASONS = (
    "the caller has checked this already, so nothing is checked here again, and what fails is left to whoever calls",
    "keep this in step with the other clauses, which must return the same shape whatever their callers give them above",
)


def _long_comments(code: ElixirCode) -> Iterator[Edit]:
    """A comment that goes on and on, above a statement or behind it."""
    for spot in code.spots:
        for reason in _REASONS:
            yield code.before(spot.statement, f"# Note on {code.shown(spot.clause.name)}: {reason}")
        if code.ends_line(spot.statement) and not _tall(spot.statement) and "://" not in code.shown(spot.statement):
            place = code.end(spot.statement)
            yield edit(place, place, f" # Careful here: {_REASONS[0]}")


def _notes(tag: str, *texts: str) -> ElixirFinder:
    """A note above a statement or above a definition."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for text in texts:
            for spot in code.spots:
                yield code.before(spot.statement, f"# {tag}{text}")
            for clause in code.clauses:
                outer = clause.node.parent
                if code.begins_line(clause.node) and outer is not None and outer.type == "do_block":
                    yield code.before(clause.node, f"# {tag}{text}")

    return find


def _short_docs(code: ElixirCode) -> Iterator[Edit]:
    """A note at the end of a `@doc` heredoc."""
    for _, call in code.attributes("doc", "moduledoc"):
        given = elixir_nodes.arguments(call)
        end = given[0].children[-1] if given and given[0].type == "string" and given[0].children else None
        if end is not None and code.shown(end) == '"""' and code.begins_line(end):
            place = code.line_start(code.start(end))
            line = f"{code.newline}{code.indentation(end)}{MARK}TODO: give an example{code.newline}"
            yield edit(place, place, line)


INJECTORS = (
    credo("Readability.MaxLineLength", together(_one_line, _long_comments)),
    credo("Readability.TrailingWhiteSpace", _blanks_at_the_end),
    credo("Readability.RedundantBlankLines", _blank_lines),
    credo("Readability.TrailingBlankLine", _no_last_newline),
    credo("Readability.SpaceAfterCommas", _tight_commas),
    credo("Readability.Semicolons", _joined_statements),
    credo("Readability.LargeNumbers", together(_digits_in_a_row, inserted(
        "Process.sleep(15000)", "Process.send_after(self(), :timeout, 60000)", "Process.put(:limit, 1000000)"))),
    credo("Readability.StringSigils", inserted(
        r'IO.puts("<a href=\"/\" class=\"button\" id=\"home\">home</a>")',
        r'Process.put("say \"yes\", \"no\" or \"later\"", true)')),
    credo("Design.TagTODO", together(_short_docs, _notes(
        "TODO", ": handle errors", ": remove once every caller is moved", " cover the empty case"))),
    credo("Design.TagFIXME", _notes("FIXME", ": slow for long input", ": breaks when nothing is given")),
)  # fmt: skip
