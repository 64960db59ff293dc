"""Places in Go code where something can be planted: before a statement, behind a function; imports come along.

What a planted piece needs is imported by the same edit, and nothing is imported that is not used, so the file compiles
as before as far as it says itself. It knows no violation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TypeAlias

from tree_sitter import Node

from languages.injection.code_text import MARK, CodeText, Violation, edit, few, filled
from languages.injection.planting import Edit, ToolName

#: How templates call a parameter of a type, by the type's text.
_TYPES = {
    "string": "string", "[]byte": "bytes", "int": "int", "[]string": "strings", "error": "failure", "*sql.DB": "db",
    "context.Context": "context", "http.ResponseWriter": "writer", "*http.Request": "request",
}  # fmt: skip
#: Statements of one function before which something is planted.
_EVERY = 4
_NAMES = re.compile(r"\$([a-z]+)")
_DEFINED = re.compile(r"^(?:func|type|const|var) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a body of at least one statement; `parameters` are the names by what templates call them."""

    node: Node
    statements: tuple[Node, ...]
    parameters: dict[str, str]
    names: tuple[str, ...]
    returns: bool


class GoCode(CodeText):
    """A Go text."""

    def __init__(self, text: str) -> None:
        super().__init__("go", text)

    @cached_property
    def unit(self) -> str:
        """One level of indentation, as gofmt writes it."""
        return "\t"

    @cached_property
    def plain(self) -> Counter[str]:
        """How often each name stands for itself: not as the package in `package.Name`."""
        names = (node for node in self.of("identifier", "type_identifier", "field_identifier") if not _is_package(node))
        return Counter(map(self.shown, names))

    @cached_property
    def imported(self) -> list[tuple[str, str]]:
        """The name that the file says, "_" and "." among them, and the path of each import."""
        found = []
        for node in self.of("import_spec"):
            path, name = self.path_of(node), node.child_by_field_name("name")
            found.append((_usual(path) if name is None else self.shown(name), path))
        return found

    @cached_property
    def packages(self) -> dict[str, str]:
        """The paths of the imports by name."""
        return dict(self.imported)

    @cached_property
    def functions(self) -> list[Function]:
        """The functions and methods at the top of the file, in order of place."""
        found = [self._function(node) for node in self.of("function_declaration", "method_declaration")]
        return sorted((one for one in found if one is not None), key=lambda one: one.node.start_byte)

    def path_of(self, spec: Node) -> str:
        """The path of an import."""
        path = spec.child_by_field_name("path")
        return "" if path is None else self.shown(path).strip('"`')

    def reaches(self, path: str) -> bool:
        """Whether the package at `path` can be named as usual in all of the file, imported already or not."""
        name = _usual(path)
        return self.plain[name] == 0 and self.packages.get(name, path) == path

    def with_imports(self, paths: Sequence[str], change: Edit) -> Edit:
        """`change`, and before it the import of what is missing among `paths`; a `MARK` in a path is kept."""
        missing = [path for path in paths if (_usual(path), path) not in self.imported]
        if not missing:
            return change
        places = sorted((self._import(path) for path in missing), key=lambda place: place[0])
        start, text = places[0][0], ""
        here = start
        for place, line in places:
            text += self.text[here:place] + line
            here = place
        text += self.text[here : change.start]
        marked = edit(start, change.end, text + change.text)
        return marked if MARK in text else Edit(start, change.end, marked.text, len(text) + change.at)

    def _import(self, path: str) -> tuple[int, str]:
        """Where a new import goes, and its text."""
        bare = path.split(" ")[-1].lstrip(MARK)
        spec = f'{path.rpartition(" ")[0] + " " if " " in path else ""}{MARK if MARK in path else ""}"{bare}"'
        lists = [node for node in self.of("import_spec_list") if node.named_children and not _on_one_line(node)]
        if lists:
            return self._in_list([one for one in lists[0].named_children if one.type == "import_spec"], bare, spec)
        single = self.nodes.get("import_declaration")
        if single:
            place = self.line_end(self.end(single[-1]))
            return place, f"{self.newline}import {spec}"
        place = self.line_end(self.end(self.nodes["package_clause"][0]))
        return place, f"{self.newline}{self.newline}import {spec}"

    def _in_list(self, specs: list[Node], path: str, spec: str) -> tuple[int, str]:
        """Among the standard library's first lines in order, or behind everything."""
        numbered = groupby(enumerate(specs), key=lambda pair: pair[1].start_point.row - pair[0])
        group = [node for _, node in next(numbered)[1]] if "." not in path.split("/")[0] else []
        after = next((node for node in group if self.path_of(node) > path), None)
        if after is not None:
            return self.line_start(self.start(after)), f"\t{spec}{self.newline}"
        apart = not group and "." not in self.path_of(specs[-1]).split("/")[0]
        return self.line_end(self.end((group or specs)[-1])), f"{self.newline * (2 if apart else 1)}\t{spec}"

    def _function(self, node: Node) -> Function | None:
        body, listed = node.child_by_field_name("body"), node.child_by_field_name("parameters")
        inside = [] if body is None else [child for child in body.named_children if child.type == "statement_list"]
        if not inside or listed is None or node.has_error:
            return None
        parameters, names = {}, []
        for one in listed.named_children:
            kind = one.child_by_field_name("type")
            for name in one.children_by_field_name("name") if one.type == "parameter_declaration" else ():
                shown = self.shown(name)
                if name.is_named and shown != "_":
                    names.append(shown)
                    parameters[_TYPES.get(self.shown(kind) if kind is not None else "", "")] = shown
        statements = tuple(child for child in inside[0].named_children if child.type != "comment")
        parameters.pop("", None)
        returns = node.child_by_field_name("result") is not None
        return Function(node, statements, parameters, tuple(names), returns) if statements else None


GoFinder: TypeAlias = Callable[[GoCode], Iterable[Edit]]


@lru_cache(maxsize=4)
def read_go(text: str) -> GoCode:
    """The code of `text`; the last few are kept, because many injectors ask for the same one."""
    return GoCode(text)


def go(tool: ToolName, check: str, *finders: GoFinder) -> Violation[GoCode]:
    """The injector of `check`."""

    def find(code: GoCode) -> Iterator[Edit]:
        for finder in finders:
            yield from finder(code)

    return Violation("go", tool, check, read_go, find)


def statement(template: str, *imports: str) -> GoFinder:
    """Insert `template` before a statement; `$string` and its like are parameters of that type."""
    needs = set(_NAMES.findall(template))

    def find(code: GoCode) -> Iterator[Edit]:
        if not all(map(code.reaches, imports)):
            return
        fitting = [one for one in code.functions if needs <= one.parameters.keys()]
        for function in fitting if not _missing(code, imports) else few(fitting):
            for place in [one for one in function.statements if code.begins_line(one)][:_EVERY]:
                yield code.with_imports(imports, code.before(place, filled(template, **function.parameters)))

    return find


def declaration(template: str, *imports: str) -> GoFinder:
    """Insert a function or a type behind a function; a path with "»" is itself the violation, and so must be new."""
    paths = tuple(path.replace("»", MARK) for path in imports)
    bare = tuple(path.split(" ")[-1].lstrip(MARK) for path in paths)
    new = {name for path, name in zip(paths, bare, strict=True) if MARK in path}

    def find(code: GoCode) -> Iterator[Edit]:
        taken = any(code.plain[name] for name in _DEFINED.findall(template))
        if taken or not all(map(code.reaches, bare)) or not code.functions:
            return
        if not new.isdisjoint(path for _, path in code.imported):
            return
        if not template:
            place = code.line_start(code.start(code.functions[0].node))
            yield code.with_imports(paths, Edit(place, place, ""))
            return
        for function in few(code.functions):
            if code.begins_line(function.node) and code.ends_line(function.node):
                yield code.with_imports(paths, code.after(function.node, f"\n{filled(_first_marked(template))}"))

    return find


def _first_marked(template: str) -> str:
    return template if "»" in template else f"»{template}"


def _missing(code: GoCode, paths: Iterable[str]) -> bool:
    return any((_usual(path), path) not in code.imported for path in paths)


def _is_package(node: Node) -> bool:
    outer = node.parent
    return outer is not None and outer.type == "selector_expression" and outer.child_by_field_name("operand") == node


def _usual(path: str) -> str:
    """The name of the package at `path` where no other is given."""
    parts = [part for part in path.split("/") if not re.fullmatch(r"v\d+", part)]
    return parts[-1] if parts else path


def _on_one_line(node: Node) -> bool:
    return node.start_point.row == node.end_point.row
