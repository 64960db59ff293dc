"""The signatures of Python functions: where one more parameter fits. It knows no check."""

from __future__ import annotations

from collections.abc import Iterator

from languages.injection.planting import Edit
from languages.injection.python_code import PythonCode
from languages.injection.python_injector import Way
from languages.injection.python_spots import Function


def extra_parameter(*written: str, of_plain_function: bool = False) -> Way:
    """One more parameter, such as "seen=[]", which is the violation.

    Where it is `of_plain_function`, it begins at the name of a function that is not asynchronous and has no parameters
    but those with a position and a name.
    """

    def way(code: PythonCode) -> Iterator[Edit]:
        for function, end in open_signatures(code):
            if of_plain_function and not _is_plain(code, function):
                continue
            parted = separator(function)
            start = name_offset(code, function) if of_plain_function else end
            for parameter in written:
                if parameter.partition("=")[0] not in code.identifiers:
                    text = code.text[start:end] + parted + parameter
                    yield Edit(start, end, text, at=0 if of_plain_function else len(parted))

    return way


def open_signatures(code: PythonCode) -> Iterator[tuple[Function, int]]:
    """Functions without decorators that can take one more parameter with a default, and where it goes."""
    for function in code.functions:
        parameters = function.node.child_by_field_name("parameters")
        if parameters is None or function.decorated or _is_dunder(code, function):
            continue
        children, named = parameters.children, parameters.named_children
        kinds = {child.type for child in named}
        if kinds & {"dictionary_splat_pattern", "comment"} or children[-2].type in (",", "keyword_separator"):
            continue
        if not any(child.type == "typed_parameter" and code.slice(child).startswith("**") for child in named):
            yield function, code.span(children[-2])[1]


def _is_plain(code: PythonCode, function: Function) -> bool:
    parameters = function.node.child_by_field_name("parameters")
    written = [] if parameters is None else [code.slice(child) for child in parameters.named_children]
    return function.node.children[0].type != "async" and not any(each.startswith(("*", "/")) for each in written)


def _is_dunder(code: PythonCode, function: Function) -> bool:
    return code.text.startswith("__", name_offset(code, function))


def separator(function: Function) -> str:
    """What stands between the parameters that there are and one more."""
    parameters = function.node.child_by_field_name("parameters")
    return ", " if parameters is not None and parameters.named_children else ""


def name_offset(code: PythonCode, function: Function) -> int:
    """Where the function's name begins."""
    name = function.node.child_by_field_name("name")
    return code.span(name or function.node)[0]
