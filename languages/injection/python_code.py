"""`PythonCode`: a clean Python text as the injectors see it, its nodes, its names and where statements can stand.

One text is read once for all injectors (`python_code` remembers the last few); reading is linear in the text. It does
not know any violation.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from tree_sitter import Node

from languages.injection.python_spots import Function, Spot, scan
from languages.syntax import parse

#: Characters above which nothing is planted: what is that large is generated.
MAX_TEXT = 2_000_000

#: The nodes that some family transforms.
_KEPT = frozenset({
    "assignment", "call", "comparison_operator", "default_parameter", "elif_clause", "except_clause", "if_statement",
    "import_from_statement", "import_statement", "string", "typed_default_parameter",
})  # fmt: skip
#: Below these, expressions are types, patterns or parts of other strings, which must stay as they are.
_SEALED = frozenset({"type", "case_pattern", "interpolation", "concatenated_string", "decorator", "subscript"})
#: An identifier directly below one of these gets a value there, or may.
_BINDING = frozenset({
    "parameters", "lambda_parameters", "default_parameter", "typed_parameter", "typed_default_parameter",
    "list_splat_pattern", "dictionary_splat_pattern", "pattern_list", "tuple_pattern", "list_pattern",
    "as_pattern_target", "named_expression", "for_statement", "for_in_clause", "global_statement",
    "nonlocal_statement", "function_definition", "class_definition", "assignment", "augmented_assignment",
    "delete_statement",
})  # fmt: skip
#: Python 2, which no checker takes.
_OBSOLETE = frozenset({"print_statement", "exec_statement"})
#: Which of these give their identifiers a value for certain: all of them, or the one in this field.
_DEFINING: Mapping[str, str | None] = {
    "parameters": None, "lambda_parameters": None, "typed_parameter": None, "list_splat_pattern": None,
    "dictionary_splat_pattern": None, "pattern_list": None, "tuple_pattern": None, "list_pattern": None,
    "default_parameter": "name", "typed_default_parameter": "name", "named_expression": "name", "assignment": "left",
    "for_statement": "left", "for_in_clause": "left", "function_definition": "name", "class_definition": "name",
}  # fmt: skip
#: Scopes beside those of functions, which are numbers of nodes.
_MODULE, _ELSEWHERE = 0, -1
#: An identifier directly below one of these is read.
_READING = frozenset({"argument_list", "binary_operator", "comparison_operator", "return_statement"})
_SILENT_FILE = re.compile(r"#\s*(?:ruff|flake8)\s*:", re.IGNORECASE)


class Found(NamedTuple):
    """A node and the one above it."""

    node: Node
    parent: Node


class PythonCode:
    """One text that parses. Offsets count characters; nodes count UTF-8 bytes, and `offset` translates."""

    def __init__(self, text: str, source: bytes, root: Node) -> None:
        self.text = text
        self._offsets = _offsets(text)
        self._has_nosec = "nosec" in text.lower()
        silent = [match.span() for match in re.finditer(r"(?i)^.*?noqa.*$", text, re.MULTILINE)]
        self._silent_starts, self._silent_ends = [start for start, _ in silent], [end for _, end in silent]
        self.newline = "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"
        self.identifiers: set[str] = set()
        self.bound: set[str] = set()
        self.imports: dict[str, str] = {}
        self.has_star_import = False
        self.is_obsolete = False
        self._reads: list[tuple[Node, int]] = []
        self._defined: set[tuple[int, str]] = set()
        self._deleted: set[str] = set()
        self._found: Mapping[str, list[Found]] = defaultdict(list)
        self._walk(root)
        scanned = scan(root, source, self.offset)
        self.spots: Sequence[Spot] = scanned.spots
        self.functions: Sequence[Function] = scanned.functions
        self.import_offset = scanned.import_offset
        self.import_blank_lines = scanned.import_blank_lines
        self.unit = scanned.unit

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the text, also of its strings and comments."""
        return frozenset(re.findall(r"\w+", self.text))

    def offset(self, byte: int) -> int:
        """The character at a UTF-8 byte."""
        return byte if self._offsets is None else self._offsets[byte]

    def slice(self, node: Node) -> str:
        """The text of `node`."""
        return self.text[self.offset(node.start_byte) : self.offset(node.end_byte)]

    def span(self, node: Node) -> tuple[int, int]:
        """Where `node` begins and ends."""
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def found(self, kind: str) -> Sequence[Found]:
        """The nodes of one kind, in no promised order, without those in types, patterns and other strings."""
        return self._found.get(kind, ())

    def defined_reads(self) -> Iterator[Node]:
        """Names that are read where they surely have a value: their function, the module or an import gave it."""
        for node, scope in self._reads:
            name = self.slice(node)
            is_own = scope != _ELSEWHERE and not self._defined.isdisjoint([(scope, name), (_MODULE, name)])
            if (is_own or name in self.imports) and name not in self._deleted:
                yield node

    def is_free(self, name: str) -> bool:
        """Whether a builtin `name` means what it says everywhere in this text."""
        return name not in self.bound and name not in self.imports

    def has_import(self, statement: str) -> bool | None:
        """Whether `statement` ("from a import b") stands at the top; None when its name means something else here."""
        name = statement.rsplit(" ", 1)[-1]
        if self.imports.get(name) == statement and name not in self.bound:
            return True
        return None if name in self.identifiers else False

    def fresh(self, name: str) -> str:
        """`name`, or `name` with a number, that does not occur in this text."""
        candidates = (name if number < 2 else f"{name}_{number}" for number in range(1, len(self.identifiers) + 3))
        return next(candidate for candidate in candidates if candidate not in self.identifiers)

    def silences(self, tool: str, start: int, end: int) -> bool:
        """Whether a comment on the lines of `start` up to `end` may tell `tool` to look away."""
        if tool == "bandit":
            return self._has_nosec
        silent = bisect_left(self._silent_ends, start)
        return silent < len(self._silent_ends) and self._silent_starts[silent] <= end

    def _walk(self, root: Node) -> None:
        stack = [(child, root, False, _MODULE) for child in root.children]
        while stack:
            node, parent, sealed, scope = stack.pop()
            kind = node.type
            if kind == "identifier":
                self._name(node, parent, scope)
                if parent.type in _READING and not sealed:
                    self._reads.append((node, scope))
                continue
            if kind in _KEPT and not sealed:
                self._found[kind].append(Found(node, parent))
            if kind in ("import_statement", "import_from_statement"):
                self._import(node, top=parent == root)
            self.is_obsolete |= kind in _OBSOLETE
            below = sealed or kind in _SEALED
            stack.extend((child, node, below, _scope(child, node, scope)) for child in node.children)

    def _name(self, node: Node, parent: Node, scope: int) -> None:
        name = self.slice(node)
        self.identifiers.add(name)
        if parent.type not in _BINDING:
            return
        self.bound.add(name)
        field = _DEFINING.get(parent.type)
        if parent.type == "delete_statement":
            self._deleted.add(name)
        elif parent.type == "assignment" and parent.child_by_field_name("right") is None:
            return
        elif parent.type in _DEFINING and (field is None or parent.child_by_field_name(field) == node):
            self._defined.add((scope, name))

    def _import(self, node: Node, *, top: bool) -> None:
        module = node.child_by_field_name("module_name")
        origin = "" if module is None else f"from {self.slice(module)} "
        self.has_star_import |= any(child.type == "wildcard_import" for child in node.children)
        for child in node.children_by_field_name("name"):
            alias = child.child_by_field_name("alias")
            written = " ".join(self.slice(child).split())
            name = self.slice(alias) if alias is not None else written if origin else written.partition(".")[0]
            if not top or self.imports.setdefault(name, f"{origin}import {written}") != f"{origin}import {written}":
                self.bound.add(name)


@lru_cache(maxsize=4)
def python_code(text: str) -> PythonCode | None:
    """`text` read; None for what nothing is planted into: broken code, Python 2, line ends that tools count apart."""
    if not text.strip() or len(text) > MAX_TEXT or "\0" in text or re.search(r"\r(?!\n)", text):
        return None
    source = text.encode("utf-8", "replace")
    root = parse("python", source).root_node
    if root.has_error:
        return None
    code = PythonCode(text, source, root)
    return None if code.is_obsolete or _SILENT_FILE.search(text) else code


def _scope(child: Node, node: Node, scope: int) -> int:
    """The scope of `child`, directly below `node`, which is in `scope`."""
    if node.type == "lambda" or (node.type == "function_definition" and child.type in ("parameters", "block")):
        return node.id
    is_class_body = node.type == "class_definition" and child.type == "block"
    is_default = node.type.endswith("default_parameter") and child.type != "identifier"
    return _ELSEWHERE if is_class_body or is_default else scope


def _offsets(text: str) -> array[int] | None:
    """The character that each UTF-8 byte belongs to, and the end; None when they are the same."""
    if text.isascii():
        return None
    offsets = array("L")
    for place, character in enumerate(text):
        offsets.extend([place] * len(character.encode("utf-8", "replace")))
    offsets.append(len(text))
    return offsets
