"""What a fix puts in the place of a match: metavariables filled in, lines indented as the match was.

ast-grep's Python binding leaves this to its caller. As its command line does, text of several lines keeps its shape: a
captured part moves to the column of its metavariable, and the whole fix to the column of the match.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_PLACE = re.compile(r"\$\$\$([A-Z_][A-Z0-9_]*)|\$([A-Z_][A-Z0-9_]*)")


def filled(fix: str, match: SgNode, text: str) -> str:
    """The fix for `match` in `text`; a metavariable that this match did not bind gives nothing."""
    template = fix.replace("\r\n", "\n").removesuffix("\n")
    parts: list[str] = []
    end = 0
    for place in _PLACE.finditer(template):
        parts.append(template[end : place.start()])
        column = _indentation(template, place.start())
        parts.append(_captured(match, place[1], place[2], text, column))
        end = place.end()
    parts.append(template[end:])
    joined = _indented("".join(parts), _indentation(text, match.range().start.index))
    return joined.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in text else joined


def _captured(match: SgNode, several: str | None, one: str | None, text: str, indentation: str) -> str:
    """The text of a metavariable, its later lines moved to `indentation`."""
    if one is not None:
        made = match.get_transformed(one)
        if made is not None:
            return _indented(made, indentation)
        node = match.get_match(one)
        nodes = [node] if node is not None else []
    else:
        nodes = match.get_multiple_matches(several or "")
    if not nodes:
        return ""
    start, end = nodes[0].range().start.index, nodes[-1].range().end.index
    shape = _without(text[start:end], _indentation(text, start))
    return _indented(shape, indentation)


def _indentation(text: str, offset: int) -> str:
    """The white space that the line of `offset` begins with."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _without(text: str, indentation: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(line.removeprefix(indentation) for line in rest)])


def _indented(text: str, indentation: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(indentation + line if line.strip() else line for line in rest)])
