"""The Elixir code in a template (EEx, LEEx, HEEx), where it stands: everything else becomes blanks.

`<%= x %>` and `<% x %>` are code, `{x}` of HEEx as well; comments and `<%%` are not. Bytes keep their places, so a
term's line and column are those of the template. It knows no rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from languages.linters.structural.term import Term
from languages.linters.structural.terms import ElixirFile

SUFFIXES = (".eex", ".leex", ".heex")
#: Sigils that hold a template: HEEx, LEEx, EEx.
SIGILS = ("~H", "~L", "~E")
_BRACES = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}")
_WIDE = re.compile(r"[^\x00-\x7f]")
_VISIBLE = re.compile(r"[^\n]")

#: From which character to which, the end exclusive.
Span = tuple[int, int]


def code_of(template: str, *, braces: bool) -> str:
    """The code of `template` in blanks, as many bytes. `braces` for HEEx."""
    return _only(template, code_spans(template, braces=braces))


def code_spans(template: str, *, braces: bool) -> list[Span]:
    """Where the pieces of code stand."""
    tags = list(_tags(template))
    spans = [(start, end) for start, end, _, is_code in tags if is_code]
    if braces:
        after = [0, *(whole for _, _, whole, _ in tags)]
        before = [*(template.rfind("<%", 0, start) for start, _, _, _ in tags), len(template)]
        for first, last in zip(after, before, strict=True):
            spans += [match.span(1) for match in _BRACES.finditer(template, first, max(first, last))]
    return sorted(spans)


def _tags(template: str) -> Iterator[tuple[int, int, int, bool]]:
    """Begin and end of what each tag holds, where the tag ends, and whether it is code."""
    place = template.find("<%")
    while place >= 0:
        opening = next(mark for mark in ("<%!--", "<%%", "<%#", "<%=", "<%") if template.startswith(mark, place))
        start = place + len(opening)
        closing = "--%>" if opening == "<%!--" else "%>"
        end = start if opening == "<%%" else template.find(closing, start)
        if end < 0:
            return
        whole = end if opening == "<%%" else end + len(closing)
        yield start, end, whole, opening in ("<%", "<%=")
        place = template.find("<%", whole)


def templates_in(file: ElixirFile) -> ElixirFile | None:
    """The code in the sigils of a code file that hold templates, as a file with the same places; None without any."""
    sigils = [literal for literal in file.literals if literal.kind == "sigil" and file.shown(literal)[:2] in SIGILS]
    spans: list[Span] = []
    for sigil in sigils:
        start = _character(file, sigil)
        shown = file.shown(sigil)
        spans += [(start + first, start + last) for first, last in code_spans(shown, braces=shown.startswith("~H"))]
    return ElixirFile(file.path, _only(file.text, spans)) if spans else None


def _character(file: ElixirFile, term: Term) -> int:
    return len(file.source[: term.start].decode("utf-8", "replace"))


def _only(text: str, spans: list[Span]) -> str:
    """`text` with everything outside `spans` blanked, and a `;` after each."""
    shown, end = [], 0
    for start, stop in spans:
        shown += [_blank(text[end:start]), text[start:stop]]
        end = stop
        if stop < len(text) and text[stop] in "%}-":
            shown.append(";")
            end += 1
    return "".join([*shown, _blank(text[end:])])


def _blank(text: str) -> str:
    """As many blanks as `text` has bytes; line ends stay."""
    bytewise = _WIDE.sub(lambda match: " " * len(match[0].encode("utf-8", "replace")), text)
    return _VISIBLE.sub(" ", bytewise)
