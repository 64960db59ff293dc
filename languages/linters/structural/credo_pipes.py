"""Credo's rules on pipelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from languages.linters.structural.definitions import spot
from languages.linters.structural.rule import Params, Spot
from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

#: Operators and forms that may begin a pipeline.
_STARTS = frozenset(
    (
        "%", "%{}", "..", "//", "<<>>", "@", "unquote", "{}", "&", "<>", "++", "--", "&&", "||", "+", "-", "*",
        "/", ">", ">=", "<", "<=", "==", "for", "with", "not", "and", "or", "__MODULE__",
    )
)  # fmt: skip


def single_pipe(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """A pipeline of one step."""
    del params
    for pipe in file.calls["|>"]:
        if len(pipe.args) == 2 and not pipe.args[0].is_call("|>") and not _within_pipe(pipe):
            if pipe.args[0].blocks:
                continue
            yield spot(pipe)


def one_pipe_per_line(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Lines with several pipe operators."""
    del params
    count = Counter(pipe.line for pipe in file.calls["|>"])
    for pipe in file.calls["|>"]:
        if count.pop(pipe.line, 0) > 1:
            yield spot(pipe)


def pipe_chain_start(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Pipelines that begin with a call."""
    del params
    for pipe in file.calls["|>"]:
        if len(pipe.args) == 2 and not pipe.args[0].is_call("|>") and not _may_start(pipe.args[0]):
            yield spot(pipe)


def block_pipe(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`x |> case do`."""
    del params
    for pipe in file.calls["|>"]:
        if len(pipe.args) == 2 and _is_block_call(pipe.args[1]):
            yield spot(pipe)


def single_function_to_block_pipe(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`f(x) |> case do`: a pipeline only to reach the block."""
    del params
    for pipe in file.calls["|>"]:
        if len(pipe.args) == 2 and _is_block_call(pipe.args[1]):
            start = pipe.args[0]
            if start.is_call("|>") and start.args and not start.args[0].is_call("|>") and _may_start(start.args[0]):
                yield spot(pipe.args[1])


def one_arity_function_in_pipe(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`x |> f` without parentheses."""
    del params
    for pipe in file.calls["|>"]:
        if len(pipe.args) == 2 and pipe.args[1].kind == "name":
            yield spot(pipe.args[1])


def pipe_into_anonymous_function(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """`x |> (fn …).()`."""
    del params
    for pipe in file.calls["|>"]:
        right = pipe.args[1] if len(pipe.args) == 2 else None
        target = None if right is None or right.kind != "call" else right.target
        if target is not None and target.kind == "block" and target.args:
            target = target.args[0]
        if target is not None and (target.kind == "fn"):
            yield spot(pipe)


def nested_function_calls(file: ElixirFile, params: Params) -> Iterator[Spot]:
    """Calls on a module or function value whose first argument is again a call."""
    least = int(params["min_pipeline_length"])
    stack = [file.root]
    while stack:
        term = stack.pop()
        if term.is_call("|>") and len(term.args) == 2 and _is_dotted(term.args[1]):
            stack.extend([term.args[0], *term.args[1].args])
            continue
        if _is_dotted(term) and term.args and not _may_start(term):
            if _pipeline_length(term.args) + 1 < least:
                continue
            yield spot(term)
        stack.extend(term.children())


def _pipeline_length(args: list[Term]) -> int:
    length = 0
    while args and args[0].kind in ("call", "quoted_atom") and not _may_start(args[0]):
        args = args[0].args
        length += 1
    return length


def _is_dotted(term: Term) -> bool:
    return term.kind == "call" and term.target is not None


def _may_start(term: Term) -> bool:
    """Whether a pipeline may begin with `term`: everything but a call with arguments."""
    if term.kind == "quoted_atom":
        return not term.args
    if term.kind == "block" and len(term.args) == 1:
        return _may_start(term.args[0])
    if term.kind == "fn":
        return len(term.args) == 1
    if term.kind != "call":
        return True
    return not term.args if term.target is not None else term.name in _STARTS or not (term.args or term.blocks)


def _is_block_call(term: Term) -> bool:
    return term.kind == "call" and not term.args and "do" in term.blocks


def _within_pipe(pipe: Term) -> bool:
    return pipe.parent is not None and pipe.parent.is_call("|>") and pipe.parent.args[0] is pipe
