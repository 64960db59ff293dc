"""Sobelow's checks that source alone can show: values that reach a dangerous call, and what routers leave out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from languages.finding import Severity
from languages.linters.structural.definitions import attribute, enclosing, spot, statements
from languages.linters.structural.patterns import arguments, find_calls
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_FORMS = frozenset({"@", "<>", "++", "|>", "<<>>", "{}", "&", "/", "fn", "+", "-", "*", "%", "::"})


def value_reaches(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions`, in a function, whose argument at `argument` holds a value that is not written out."""
    place = int(params.get("argument", 0))
    for call in (call for wanted in params["functions"] for call in find_calls(file, str(wanted))):
        given = arguments(call)
        if enclosing(call, "def", "defp") is None:
            continue
        if _is_capture(call) or (len(given) > place and holds_value(given[place])):
            yield replace(spot(call), severity=_severity(call))


def _severity(term: Term) -> Severity | None:
    """A warning in an action, whose parameters come from outside; the rule's own elsewhere."""
    definition = enclosing(term, "def")
    head = definition.args[0] if definition is not None and definition.args else None
    head = head.args[0] if head is not None and head.is_call("when") and head.args else head
    is_action = head is not None and bool(head.args) and head.args[0].name in ("conn", "_conn") and len(head.args) == 2
    return "warning" if is_action else None


def atom_interpolation(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Atoms with interpolation, in a function, and calls of `functions` as `value_reaches` sees them."""
    for atom in file.kinds["quoted_atom"]:
        if enclosing(atom, "def", "defp") is not None and any(holds_value(part) for part in atom.args):
            yield Spot(atom.line, atom.column, 1, severity=_severity(atom))
    yield from value_reaches(file, params)


def joined_query(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Calls of `functions` whose query at `argument` is a string with a value in it."""
    place = int(params.get("argument", 0))
    for call in (call for wanted in params["functions"] for call in find_calls(file, str(wanted))):
        given = arguments(call)
        query = given[place] if len(given) > place else None
        if query is not None and (query.is_call("<>") or query.kind == "string") and holds_value(query):
            yield spot(call)


def _is_capture(call: Term) -> bool:
    """`&String.to_atom/1`, which gets whatever comes."""
    slash = call.parent
    return slash is not None and slash.is_call("/") and slash.parent is not None and slash.parent.is_call("&")


def holds_value(term: Term) -> bool:
    """Whether a variable or the result of a call is in `term`; attributes and literals are written out."""
    stack = [term]
    while stack:
        part = stack.pop()
        if attribute(part)[0] or part.is_call("@"):
            continue
        if part.is_call("&") and part.args and part.args[0].kind == "number":
            return True
        if part.kind == "name" and not part.name.startswith("__"):
            return True
        if part.kind == "call" and (part.target is not None or part.name not in _FORMS):
            return True
        stack.extend(part.children())
    return False


def pipeline_lacks(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Router pipelines for HTML that have the plug `with` (when one is named) and lack the plug `without`."""
    for pipeline in file.calls["pipeline"]:
        plugs = {plug.args[0].name: plug for plug in statements(pipeline) if plug.is_call("plug") and plug.args}
        accepted = plugs.get(":accepts")
        if accepted is None or not any(part.name == "html" for part in accepted.walk()):
            continue
        if params.get("with", ":accepts") in plugs and params["without"] not in plugs:
            yield spot(pipeline)


def headers_without_policy(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`plug :put_secure_browser_headers` without a content security policy."""
    del params
    for plug in file.calls["plug"]:
        if plug.args and plug.args[0].name == ":put_secure_browser_headers" and not _sets_policy(plug):
            pipeline = enclosing(plug, "pipeline")
            yield spot(plug if pipeline is None else pipeline)


def _sets_policy(plug: Term) -> bool:
    return any(part.name.lower() == "content-security-policy" or part.is_call("@") for part in plug.walk())


def shared_action(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Actions that `get` and a method that changes something share."""
    del params
    changing = {_action(route) for method in ("post", "put", "patch", "delete") for route in file.calls[method]}
    for route in file.calls["get"]:
        if len(route.args) >= 3 and enclosing(route, "scope") is not None and _action(route) in changing:
            yield spot(route)


def _action(route: Term) -> tuple[str, ...]:
    return tuple(part.name for part in route.args[1:3])


def unchecked_origin(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`socket … websocket: [check_origin: false]`."""
    del params
    for socket in file.calls["socket"]:
        for pair in socket.walk():
            if pair.kind == "pair" and pair.name == "check_origin" and pair.args[:1] and pair.args[0].name == "false":
                yield spot(socket)


def written_secret(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """String literals under one of `keys` in the configuration for production."""
    if PurePath(file.path).name not in params["files"]:
        return
    for pair in file.kinds["pair"]:
        value = pair.args[0] if pair.args else None
        if value is None or value.kind != "string" or not value.name or value.args:
            continue
        if any(pair.name.endswith(str(key)) for key in params["keys"]):
            yield spot(pair)
