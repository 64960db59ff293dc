"""`PythonInjector`, and the ways in which one plants: a new statement, a call swapped for another, a statement guarded.

A way takes a `PythonCode` and gives edits. The families (`python_style.py`, `python_security.py` and others) say which
ways plant which check; this file knows no check.

Templates of statements are Python with four spaces a level. `§` stands before the violation, `$value` for a name in
scope, `$new` for a new name, `$item` for the name that the loop around it binds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from languages.injection.planting import Edit, ToolName
from languages.injection.python_code import PythonCode, python_code
from languages.injection.python_spots import Spot, is_clear_after
from languages.syntax import GrammarName

Way = Callable[[PythonCode], Iterable[Edit]]

MARK = "§"
#: Spots at which a text gets an import at its top too: such an edit is as long as the text in between.
_MAX_FAR_SPOTS = 8
#: Bytes of an expression above which nothing in it is replaced: calls may hold calls, and reading stays linear.
_MAX_REPLACED = 500
#: Texts with so few spots get every name at each of them, those with no more than so many every template. Larger ones
#: get one at each, by turns, which is enough to choose from.
_FEW_SPOTS = 12
_MANY_SPOTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonInjector:
    """One violation in Python, with every way to plant it."""

    tool: ToolName
    check: str
    ways: tuple[Way, ...]
    cwe: str | None = None
    language: GrammarName = "python"
    file: str = ""

    def places(self, text: str) -> Iterable[Edit]:
        """Every edit that plants the violation; none where `text` is broken or tells the tool to look away."""
        code = python_code(text)
        if code is None:
            return ()
        edits = (edit for way in self.ways for edit in way(code))
        return [edit for edit in edits if not code.silences(self.tool, edit.start, edit.end)]


def ruff(check: str, *ways: Way) -> PythonInjector:
    """A matter of style, which Ruff finds."""
    return PythonInjector(tool="ruff", check=check, ways=ways)


def bandit(check: str, cwe: str, *ways: Way) -> PythonInjector:
    """A weakness, which Bandit finds."""
    return PythonInjector(tool="bandit", check=check, cwe=cwe, ways=ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """New statements above others: each of `templates` at each spot.

    `imports` must be there for them: they are used where the text has them and added otherwise, in the function or at
    the top. Names in `builtins` must not mean anything else in the text, names in `absent` must not occur in it. `new`
    are the names to choose `$new` from. Nothing is inserted above statements of the kind `not_above`.
    """

    templates: tuple[str, ...]
    imports: tuple[str, ...] = ()
    builtins: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    new: tuple[str, ...] = ("result",)
    in_functions: bool = False
    not_above: str = ""

    def __call__(self, code: PythonCode) -> Iterator[Edit]:
        imported = [code.has_import(statement) for statement in self.imports]
        if None in imported or not all(map(code.is_free, self.builtins)) or code.identifiers.intersection(self.absent):
            return
        missing = [statement for statement, there in zip(self.imports, imported, strict=True) if not there]
        new = [code.fresh(name) for name in self.new]
        spots = [spot for spot in code.spots if spot.statement.type != self.not_above]
        near = [spot for spot in spots if spot.function is not None or not (missing or self.in_functions)]
        for spot, lines in self._filled(near, new):
            yield inserted(code, spot, [*missing, *lines])
        if missing and code.import_offset is not None:
            below = [spot for spot in spots if spot.offset > code.import_offset]
            for spot, lines in self._filled(_spread(below, _MAX_FAR_SPOTS), new, one=True):
                yield with_imports(code, missing, inserted(code, spot, lines))

    def _filled(
        self, spots: Sequence[Spot], new: Sequence[str], *, one: bool = False
    ) -> Iterator[tuple[Spot, list[str]]]:
        """The lines for each spot: of one template where a spot may cost no more than that."""
        one = one or len(spots) > _MANY_SPOTS
        for number, spot in enumerate(spots):
            turned = self.templates[number % len(self.templates)]
            templates = (turned,) if one else self.templates
            for turn, template in enumerate(templates, start=number):
                if spot.function is None and "return" in template:
                    continue
                filled = template.replace("$new", new[turn % len(new)])
                for name in _names(filled, spot, turn, every=len(spots) <= _FEW_SPOTS and not one):
                    yield spot, filled.replace("$value", name).replace("$item", name).split("\n")


def insertion(
    *templates: str,
    imports: str = "",
    builtins: str = "",
    absent: str = "",
    new: str = "result",
    in_functions: bool = False,
    not_above: str = "",
) -> Way:
    """`Inserted`, with imports parted by semicolons and names by blanks."""
    return Inserted(
        templates=templates,
        imports=tuple(statement.strip() for statement in imports.split(";") if statement),
        builtins=tuple(builtins.split()),
        absent=tuple(absent.split()),
        new=tuple(new.split()),
        in_functions=in_functions,
        not_above=not_above,
    )


def inserted(code: PythonCode, spot: Spot, lines: Sequence[str]) -> Edit:
    """`lines` above the spot; the violation begins at the mark in them."""
    return marked(spot.offset, spot.offset, "".join(indented(code, spot.indent, line) for line in lines))


def indented(code: PythonCode, indent: str, line: str) -> str:
    """A line of a template with the text's own indentation and end of line."""
    bare = line.lstrip(" ")
    unit = "\t" if indent.endswith("\t") else code.unit
    return f"{indent}{unit * ((len(line) - len(bare)) // 4)}{bare}{code.newline}"


def marked(start: int, end: int, text: str) -> Edit:
    """An edit whose violation begins at the mark in `text`, which is taken out."""
    return Edit(start, end, text.replace(MARK, "", 1), at=max(0, text.find(MARK)))


def with_imports(code: PythonCode, statements: Sequence[str], edit: Edit) -> Edit:
    """`edit` that also adds imports at the top; the text in between is part of it."""
    place = code.import_offset or 0
    above = "".join(f"{line}{code.newline}" for line in [*statements, *[""] * code.import_blank_lines])
    between = code.text[place : edit.start]
    return Edit(place, edit.end, above + between + edit.text, at=len(above) + len(between) + edit.at)


def swapped(module: str, old: str, *new: str) -> Way:
    """Calls of `module.old` become calls of `module.new`, where the text has `import module`."""

    def way(code: PythonCode) -> Iterator[Edit]:
        if not code.has_import(f"import {module}"):
            return
        sought = f"{module}.{old}"
        for call, _ in code.found("call"):
            function = call.child_by_field_name("function")
            start, end = (0, 0) if function is None else code.span(function)
            if end - start == len(sought) and code.text.startswith(sought, start):
                yield from (Edit(start, end, f"{module}.{name}") for name in new)

    return way


def replaced(pattern: str, *replacements: str, imports: str = "", unless: str = "$^", kind: str = "call") -> Way:
    """Nodes of one kind, each on one line, with the first match of `pattern` in them replaced.

    `imports` is a pattern for an import that the text must have at its top, `unless` one for nodes to leave alone.
    """
    sought, needed, unwanted = re.compile(pattern), re.compile(imports), re.compile(unless)

    def way(code: PythonCode) -> Iterator[Edit]:
        if imports and not any(map(needed.match, code.imports.values())):
            return
        for node, _ in code.found(kind):
            is_short = is_on_one_line(node) and node.end_byte - node.start_byte <= _MAX_REPLACED
            written = code.slice(node) if is_short else ""
            match = sought.search(written) if written else None
            if match is not None and not unwanted.search(written):
                start = code.offset(node.start_byte)
                for new in replacements:
                    yield marked(start + match.start(), start + match.end(), match.expand(new))

    return way


def guarded(*endings: str, builtins: str = "") -> Way:
    """A statement of one line in a `try`, with what comes below it: "§except:\\n    pass"."""

    def way(code: PythonCode) -> Iterator[Edit]:
        if not all(map(code.is_free, builtins.split())):
            return
        for spot in code.spots:
            end = code.offset(spot.statement.end_byte)
            if not _is_guardable(code, spot, end):
                continue
            statement = code.text[spot.start + len(spot.indent) : end]
            for ending in endings:
                if ("continue" in ending and spot.loop is None) or ("return" in ending and spot.function is None):
                    continue
                lines = ["try:", f"    {statement}", *ending.split("\n")]
                text = "".join(indented(code, spot.indent, line) for line in lines)
                yield marked(spot.start, end, text.removesuffix(code.newline))

    return way


def _is_guardable(code: PythonCode, spot: Spot, end: int) -> bool:
    statement = spot.statement
    is_simple = statement.type == "expression_statement" and is_on_one_line(statement)
    return is_simple and is_clear_after(code.text, end)


def is_on_one_line(node: Node) -> bool:
    """Whether `node` ends on the line on which it begins."""
    return node.start_point.row == node.end_point.row


def _names(template: str, spot: Spot, turn: int, *, every: bool) -> Sequence[str]:
    """What to fill a template with at `spot`: one empty name when it needs none."""
    names = (spot.loop or ()) if "$item" in template else spot.names
    if "$item" not in template and "$value" not in template:
        return ("",)
    return names if every or not names else (names[turn % len(names)],)


def _spread(spots: Sequence[Spot], most: int) -> Sequence[Spot]:
    """At most `most` of the spots, evenly."""
    return spots if len(spots) <= most else [spots[number * len(spots) // most] for number in range(most)]
