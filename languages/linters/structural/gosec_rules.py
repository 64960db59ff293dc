"""gosec's rules that look at arguments: commands, paths, permissions, TLS and HTTP settings, SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from languages.linters.structural.go_file import GoCall, GoFile, go_spot, string_value, text_of
from languages.linters.structural.rule import Params, Spot

_SQL = re.compile(r"(?is)^\s*(select|delete|insert|update|into|from|where)\b")
_FORMAT = re.compile(r"%[^bdoxXfFpt]")


def imported(file: GoFile, params: Params) -> Iterator[Spot]:
    """An import of one of `paths`; `as_name` asks for the name it is imported under."""
    for path, name, node in file.imports:
        if path in params["paths"] and name == params.get("as_name", name):
            yield go_spot(node)


def permissions(file: GoFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions` whose last argument allows more than `at_most` (octal digits as text)."""
    limit = int(str(params["at_most"]), 8)
    for call in _calls(file, params):
        mode = _mode(file, call.arguments[-1]) if call.arguments else None
        if mode is not None and mode & ~limit:
            yield go_spot(call.node)


def _mode(file: GoFile, node: Node) -> int | None:
    """The number that `node` says, or `os.ModePerm`; gosec does not follow constants here."""
    if file.qualified(node) == "os.ModePerm":
        return 0o777
    if node.type != "int_literal":
        return None
    text = text_of(node).replace("_", "")
    try:
        return int(text, 8) if text.startswith("0") and text[1:].isdigit() else int(text, 0)
    except ValueError:
        return None


def variable_path(file: GoFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions` with a path that is a variable, a concatenation or a join of one."""
    for call in _calls(file, params):
        if any(_varies(file, argument) for argument in call.arguments):
            yield go_spot(call.node)


def _varies(file: GoFile, node: Node) -> bool:
    if node.type == "identifier":
        return not file.is_constant(node)
    if node.type == "binary_expression":
        return any(_varies(file, child) for child in node.named_children)
    if node.type == "call_expression" and file.qualified(node.child_by_field_name("function")).endswith("path.Join"):
        return any(not file.is_constant(argument) for argument in _arguments(node))
    return False


def _arguments(call: Node) -> list[Node]:
    listed = call.child_by_field_name("arguments")
    return [] if listed is None else listed.named_children


def started_process(file: GoFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions` with an argument that is not constant, as gosec sees it: parameters are the caller's."""
    for call in _calls(file, params):
        given = call.arguments[1:] if call.name.endswith("Context") else call.arguments
        if any(not file.is_constant(argument) and not _is_parameter(file, argument) for argument in given):
            yield go_spot(call.node)


def _is_parameter(file: GoFile, node: Node) -> bool:
    declared = file.declared(node) if node.type == "identifier" else None
    return declared is not None and "parameter" in declared.kind


def variable_url(file: GoFile, params: Params) -> Iterator[Spot]:
    """Requests to a URL that a variable holds."""
    for call in _calls(file, params):
        url = call.arguments[0] if call.arguments else None
        if url is not None and url.type == "identifier" and not file.is_constant(url):
            yield go_spot(call.node)


def computed_argument(file: GoFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions` with anything but a literal."""
    for call in _calls(file, params):
        if any(string_value(argument) is None for argument in call.arguments):
            yield go_spot(call.node)


def literal_argument(file: GoFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions` with a string literal that matches `pattern`."""
    pattern = re.compile(str(params["pattern"]))
    for call in _calls(file, params):
        texts = (string_value(file.constants.get(text_of(argument), argument)) for argument in call.arguments)
        if any(text is not None and pattern.search(text) for text in texts):
            yield go_spot(call.node)


def short_key(file: GoFile, params: Params) -> Iterator[Spot]:
    """Keys of fewer bits than `bits`."""
    for call in _calls(file, params):
        bits = _mode(file, call.arguments[-1]) if call.arguments else None
        if bits is not None and bits < int(params["bits"]):
            yield go_spot(call.node)


def missing_field(file: GoFile, params: Params) -> Iterator[Spot]:
    """Literals of the struct `type` that set none of `fields`."""
    for name, node in file.literals:
        if name == params["type"] and not any(key in params["fields"] for key, _ in _fields(node)):
            yield go_spot(node)


def tls_settings(file: GoFile, params: Params) -> Iterator[Spot]:
    """TLS settings that skip verification or allow a version before 1.2, said or by default."""
    del params
    for name, node in file.literals:
        if name != "crypto/tls.Config":
            continue
        fields = dict(_fields(node))
        skip, least = fields.get("InsecureSkipVerify"), fields.get("MinVersion")
        if skip is not None and text_of(skip) != "false":
            yield go_spot(skip, "certificates are not checked")
        if least is None:
            yield go_spot(node, "no lowest version is set")
        elif file.qualified(least) in ("crypto/tls.VersionTLS10", "crypto/tls.VersionTLS11", "crypto/tls.VersionSSL30"):
            yield go_spot(least, "the lowest version is too old")


def _fields(literal: Node) -> Iterator[tuple[str, Node]]:
    """Names and values of the `Name: value` entries of a composite literal."""
    body = literal.child_by_field_name("body")
    for entry in () if body is None else body.named_children:
        if entry.type == "keyed_element" and len(entry.named_children) == 2:
            key, value = entry.named_children
            inner = value.named_children[0] if value.type == "literal_element" and value.named_children else value
            yield text_of(key), inner


def sql_text(file: GoFile, params: Params) -> Iterator[Spot]:
    """Queries made by joining strings, or by a format when `formatted`."""
    for method in params["methods"]:
        for call in file.calls.get(f".{method}", ()):
            for argument in call.arguments[:2]:
                if _is_formatted(file, argument) if params.get("formatted") else _is_joined(file, argument):
                    yield go_spot(argument)


def _is_joined(file: GoFile, node: Node) -> bool:
    if node.type != "binary_expression":
        return False
    first = node
    while first.type == "binary_expression" and first.named_children:
        first = first.named_children[0]
    return _SQL.search(string_value(first) or "") is not None and not file.is_constant(node)


def _is_formatted(file: GoFile, node: Node) -> bool:
    if node.type != "call_expression" or file.qualified(node.child_by_field_name("function")) != "fmt.Sprintf":
        return False
    given = _arguments(node)
    text = string_value(given[0]) if given else None
    if text is None or not (_SQL.search(text) and _FORMAT.search(text)):
        return False
    return any(not file.is_constant(argument) for argument in given[1:])


def _calls(file: GoFile, params: Params) -> Iterator[GoCall]:
    for name in params["functions"]:
        yield from file.calls.get(str(name), ())
