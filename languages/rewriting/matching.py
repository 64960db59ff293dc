"""ast-grep behind one door: no exception but `CoderError` comes out, and nothing too deep goes in.

ast-grep reports a bad rule as an exception with a stack trace of its own, and some mistakes as a panic that is not even
an `Exception`. Its matcher takes quadratic time in the depth of the tree, so very deep text is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from languages.errors import CoderError
from languages.rewriting.rule import bad_rule
from languages.syntax import GrammarName
from languages.tree import SyntaxTree

if TYPE_CHECKING:
    from ast_grep_py import SgNode

#: Levels of syntax; ast-grep needs a second for a rule at this depth.
MAX_DEPTH = 2_000


def root_of(grammar: GrammarName, text: str) -> SgNode:
    """ast-grep's tree of `text`. Raises `CoderError` with code `too_deep`."""
    from ast_grep_py import SgRoot

    if _deeper_than(grammar, text, MAX_DEPTH):
        raise CoderError(
            f"the text is nested more than {MAX_DEPTH:,} levels deep; rewrite a smaller part of it", code="too_deep"
        )
    return SgRoot(text.encode("utf-8", "replace").decode("utf-8"), grammar).root()


def find_all(root: SgNode, config: Mapping[str, Any]) -> Sequence[SgNode]:
    """The matches of a rule, in order of place. Raises `CoderError` with code `bad_rule`."""
    try:
        return root.find_all(dict(config))  # type: ignore[call-overload, no-any-return]
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise bad_rule(f"ast-grep refuses the rule ({_cause(str(error))}); correct that part of it") from None


def _cause(message: str) -> str:
    """The innermost cause in ast-grep's report, on one line."""
    lines = [line.strip() for line in message.split("Stack backtrace:")[0].splitlines() if line.strip()]
    causes = [line.split(": ", 1)[-1] if line[:1].isdigit() else line for line in lines if line != "Caused by:"]
    return " ".join(causes[-1:])[:200].rstrip(".") or "no reason given"


def _deeper_than(grammar: GrammarName, text: str, limit: int) -> bool:
    if len(text) <= limit:
        return False
    cursor = SyntaxTree(grammar, text).root.walk()
    while cursor.depth <= limit:
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return False
    return True
