"""gosec's rules that follow a value by its name: numbers, archives, compressed data, secrets that are written out.

A name is followed to its declaration in the file, no further. What gosec learns from types is guessed from the calls
that made the value.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from tree_sitter import Node

from languages.linters.structural.go_file import GoFile, go_spot, string_value, text_of
from languages.linters.structural.rule import Params, Spot


def narrowed_number(file: GoFile, params: Params) -> Iterator[Spot]:
    """A conversion to one of `types` of a variable that one of `functions` gave."""
    for name in params["types"]:
        for call in file.calls.get(str(name), ()):
            if len(call.arguments) == 1 and _comes_from(file, call.arguments[0], params["functions"]):
                yield go_spot(call.node)


def unlimited_copy(file: GoFile, params: Params) -> Iterator[Spot]:
    """A call of `copies` that reads a variable which one of `functions` gave."""
    for name in params["copies"]:
        for call in file.calls.get(str(name), ()):
            if len(call.arguments) > 1 and _comes_from(file, call.arguments[1], params["functions"]):
                yield go_spot(call.node)


def archived_name(file: GoFile, params: Params) -> Iterator[Spot]:
    """A join of paths with the name of a member of an archive."""
    for name in params["joins"]:
        for call in file.calls.get(str(name), ()):
            if any(_is_member_name(file, argument) for argument in call.arguments):
                yield go_spot(call.node)


def _is_member_name(file: GoFile, node: Node) -> bool:
    """`f.Name`, or a variable with it, of an `f` from `range reader.File` or `reader.Next()`."""
    if node.type == "identifier":
        declared = file.declared(node)
        values = () if declared is None else declared.values or ()
        return len(values) == 1 and values[0].type == "selector_expression" and _is_member_name(file, values[0])
    if node.type != "selector_expression" or text_of(node.child_by_field_name("field")) != "Name":
        return False
    member = node.child_by_field_name("operand")
    declared = None if member is None or member.type != "identifier" else file.declared(member)
    if declared is None:
        return False
    if declared.kind == "range_clause":
        listed = declared.node.child_by_field_name("right")
        return listed is not None and _is_files_of_zip(file, listed)
    return any(_is_next_of_tar(file, value) for value in declared.values or ())


def _is_files_of_zip(file: GoFile, node: Node) -> bool:
    reader = node.child_by_field_name("operand") if node.type == "selector_expression" else None
    wanted = ("archive/zip.OpenReader", "archive/zip.NewReader")
    return text_of(node).endswith(".File") and reader is not None and _comes_from(file, reader, wanted)


def _is_next_of_tar(file: GoFile, node: Node) -> bool:
    function = node.child_by_field_name("function") if node.type == "call_expression" else None
    reader = None if function is None else function.child_by_field_name("operand")
    return (
        text_of(function).endswith(".Next")
        and reader is not None
        and _comes_from(file, reader, ("archive/tar.NewReader",))
    )


def _comes_from(file: GoFile, node: Node, functions: Collection[str]) -> bool:
    """Whether the variable `node` is declared with a call of one of `functions`."""
    declared = file.declared(node) if node.type == "identifier" else None
    calls = (value for value in (declared.values or () if declared else ()) if value.type == "call_expression")
    return any(file.qualified(call.child_by_field_name("function")) in functions for call in calls)


def written_credential(file: GoFile, params: Params) -> Iterator[Spot]:
    """A string that looks random under a name like `names`, or one that looks like a known kind of key (`values`)."""
    names, values = re.compile(str(params["names"])), re.compile(str(params["values"]))
    for node in file.bindings:
        for name, value in _bound(node):
            text = string_value(value)
            if text and (values.search(text) or (names.search(text_of(name)) and _looks_random(text))):
                yield go_spot(node)
                break


def _bound(node: Node) -> Iterator[Sequence[Node]]:
    """The names with the values of a declaration, an assignment or a comparison."""
    if node.type == "binary_expression":
        sides = node.named_children if text_of(node.child_by_field_name("operator")) in ("==", "!=") else []
        yield from (pair for pair in (sides, sides[::-1]) if len(pair) == 2 and pair[0].type == "identifier")
        return
    left = node.child_by_field_name("left")
    names = left.named_children if left is not None else node.children_by_field_name("name")
    right = node.child_by_field_name("right") or node.child_by_field_name("value")
    if right is not None:
        yield from zip((name for name in names if name.type == "identifier"), right.named_children, strict=False)


def _looks_random(text: str) -> bool:
    """Letters and digits mixed, no words to speak of, and at least 3 bits a character (Shannon) in the first 16."""
    begin = text[:16]
    if len(text) < 8 or " " in text or not re.search(r"\d", begin) or not re.search(r"[A-Za-z]", begin):
        return False
    shares = [count / len(begin) for count in Counter(begin).values()]
    return -sum(share * math.log2(share) for share in shares) >= 3.0 and not re.search(r"[a-z]{5,}|[%/{}]", begin)
