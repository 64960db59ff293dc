"""Credo's rules on what probably goes wrong: unused results, same operands, leaks, tests that do not run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from languages.linters.structural.definitions import attribute, enclosing, spot
from languages.linters.structural.patterns import arguments, find_calls, last_step, same
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

_EMPTINESS = [(operator, "0") for operator in ("==", "===", "!=", "!==", ">", "<", ">=", "<=")] + [("<", "1")]


def same_operands(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """One of `operators` with the same code on both sides."""
    for operator in params["operators"]:
        for term in file.calls[str(operator)]:
            if params.get("names_only") and not _is_named(term):
                continue
            if len(term.args) == 2 and same(term.args[0], term.args[1]):
                yield spot(term)


def _is_named(term: Term) -> bool:
    """Whether the left side is a variable or an attribute, and not a type in a spec."""
    left = term.args[0] if term.args else term
    return (left.kind == "name" or left.is_call("@")) and enclosing(term, "@") is None


def unused_result(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Calls of `module` whose result nothing uses; `except` has those with an effect, `only` those without one."""
    module, excepted, wanted = str(params["module"]), set(params.get("except", ())), set(params.get("only", ()))
    for term in file.kinds["call"]:
        if term.target is None or term.target.name != module or term.target.kind != "alias":
            continue
        if term.name not in excepted and (not wanted or term.name in wanted) and _is_dropped(term):
            yield spot(term)


def _is_dropped(term: Term) -> bool:
    """Whether `term`, or the pipeline it ends, is a statement whose value nothing gets, or the last one of such."""
    whole = term
    while whole.parent is not None and whole.parent.is_call("|>") and last_step(whole.parent) is term:
        whole = whole.parent
    block = whole.parent
    if block is None or block.kind != "block" or block.parent is None:
        return False
    if block.args[-1] is not whole:
        return enclosing(whole, "def", "defp", "defmacro", "test") is not None
    owner = block.parent.parent.parent if block.parent.kind == "clause" and block.parent.parent else block.parent
    return owner is not None and owner.is_call("if", "unless", "case", "cond") and _is_dropped(owner)


def leaky_environment(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Commands started without a word on the environment they get; options in a variable may have it."""
    for call in (call for wanted in params["functions"] for call in find_calls(file, str(wanted))):
        given = arguments(call)
        options = given[-1] if len(given) > 2 else None
        written = options is None or options.kind in ("keywords", "list")
        if written and not (options is not None and _has_option(options, "env")):
            yield spot(call)


def append_single_item(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`list ++ [item]`."""
    del params
    for term in file.calls["++"]:
        if len(term.args) != 2 or term.args[0].kind == "list":
            continue
        if term.args[1].kind == "list" and len(term.args[1].args) == 1:
            yield spot(term)


def known_apply(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`apply` with the arguments written out."""
    del params
    for term in file.calls["apply"]:
        given = arguments(term)
        if term.target is None and len(given) in (2, 3) and given[-1].kind == "list":
            if len(given) == 3 and given[1].kind != "atom":
                continue
            if enclosing(term, "@") is None and not any(
                item.is_call("|", "unquote_splicing") for item in given[-1].args
            ):
                yield spot(term)


def expensive_empty_check(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`length(x) == 0` and `Enum.count(x) == 0`."""
    del params
    for operator, limit in _EMPTINESS:
        for term in file.calls[operator]:
            sides = (term.args, term.args[::-1]) if len(term.args) == 2 else ()
            if any(number.name == limit and _counts(count) for count, number in sides):
                yield spot(term)


def _counts(term: Term) -> bool:
    return (term.is_call("length") and len(term.args) == 1) or term.dotted == "Enum.count"


def mix_env(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`Mix.env` in a function of a source file; scripts are read where Mix is."""
    del params
    if file.path.endswith(".exs"):
        return
    for call in find_calls(file, "Mix.env"):
        if enclosing(call, "def", "defp", "defmacro") is not None:
            yield spot(call)


def configuration_in_attribute(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`@x Application.get_env(…)`: read once, when the module is compiled."""
    for wanted in params["functions"]:
        for call in find_calls(file, str(wanted)):
            if enclosing(call, "@") is not None and enclosing(call, "def", "defp") is None:
                yield spot(call)


def unsafe_atoms(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Calls that make atoms at run time, and atoms with interpolation; not in attributes, which are read once."""
    for wanted in params["functions"]:
        for call in find_calls(file, str(wanted)):
            if enclosing(call, "@", "unquote") is None and not _is_captured(call):
                yield spot(call)
    for atom in file.kinds["quoted_atom"]:
        if atom.args and enclosing(atom, "@", "unquote") is None:
            yield Spot(atom.line, atom.column, 1)


def _is_captured(call: Term) -> bool:
    """Whether `call` is the name in `&Module.name/1`."""
    return call.parent is not None and call.parent.is_call("/") and enclosing(call, "&") is not None


def async_not_said(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`use ExUnit.Case` without `async:`."""
    del params
    if not file.path.endswith("_test.exs"):
        return
    for term in file.calls["use"]:
        if term.args and term.args[0].name.endswith("Case") and not _has_option(term, "async"):
            yield spot(term)


def _has_option(term: Term, name: str) -> bool:
    return any(pair.name == name for pair in term.walk() if pair.kind == "pair")


def wrong_test_filename(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`use ExUnit.Case` in a file under test/ that the runner does not pick up; not in what a macro quotes."""
    del params
    path = PurePath(file.path)
    if "test" not in path.parts[:-1] or path.name.endswith("_test.exs"):
        return
    for term in file.calls["use"]:
        if term.args and term.args[0].name == "ExUnit.Case" and enclosing(term, "quote") is None:
            yield spot(term)


def skipped_test(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`@tag :skip` with no comment on the line before."""
    del params
    commented = {line for line, _, _ in file.comments}
    for term in file.calls["@"]:
        name, values = attribute(term)
        if name == "tag" and values and values[0].name == ":skip" and term.line - 1 not in commented:
            yield spot(term)


def wrong_test_extension(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """A file under test/ that ends in `_test.ex`."""
    del params
    path = PurePath(file.path)
    if path.name.endswith("_test.ex") and "test" in path.parts[:-1]:
        yield Spot(0)


def shell_command(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`:os.cmd(command)`, and a port that is opened with `{:spawn, command}`."""
    del params
    for call in find_calls(file, ":os.cmd"):
        if len(call.args) in (1, 2):
            yield spot(call)
    for call in find_calls(file, ":erlang.open_port"):
        port = call.args[0] if len(call.args) == 2 else call
        if port.kind == "tuple" and port.args and port.args[0].name == ":spawn":
            yield spot(call)


def constant_result(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`x * 0` and `x * 1`; captures and types are something else."""
    del params
    for term in file.calls["*"]:
        if len(term.args) == 2 and term.args[1].kind == "number" and term.args[1].name in ("0", "1"):
            outer = enclosing(term, "&", "@")
            if outer is None or (outer.is_call("@") and attribute(outer)[0] != "spec"):
                yield spot(term)


def possible_nil_in_pipe(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`map |> Map.get(key) |> Enum.count()`: a key that is missing gives nil."""
    del params
    for pipe in file.calls["|>"]:
        if len(pipe.args) == 2 and pipe.args[1].dotted.startswith("Enum."):
            got = last_step(pipe.args[0])
            if got.dotted == "Map.get" and len(arguments(got)) == 2:
                yield spot(got)
