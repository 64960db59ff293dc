"""What of a model's text is worth showing at the cursor, and why nothing is when nothing is.

Pure functions over strings: where to cut, which closing brackets after the cursor the text replaces, and the reason
for every empty suggestion. It knows no engine and no editor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks import complete as complete_task
from tasks.complete import CursorContext

_CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "\"'`"
_CLOSERS = frozenset(_CLOSER_OF.values()) | frozenset(_QUOTES)
#: A line with fewer letters and digits than this ("}", "else:") may be written twice without being a loop.
_TELLING = 8


class EmptyReason(StrEnum):
    """Why there is no ghost text. The value is for programs, `sentence` for people."""

    NO_MODEL = "no_model"
    MODEL_LOADING = "model_loading"
    NOTHING_BEFORE_CURSOR = "nothing_before_cursor"
    EMPTY_OUTPUT = "empty_output"
    ONLY_BLANK = "only_blank"
    REPEATS_SUFFIX = "repeats_suffix"
    REPEATS_PREFIX = "repeats_prefix"
    LEAVES_BLOCK = "leaves_block"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    TIMEOUT = "timeout"
    ENGINE_ERROR = "engine_error"

    @property
    def sentence(self) -> str:
        """What to tell a person."""
        return _SENTENCES[self]


_SENTENCES = {
    EmptyReason.NO_MODEL: "No model is loaded; see the model's error in the status.",
    EmptyReason.MODEL_LOADING: "The model is still loading; try again in a moment.",
    EmptyReason.NOTHING_BEFORE_CURSOR: "There is nothing before the cursor to continue; write a line first.",
    EmptyReason.EMPTY_OUTPUT: "The model had nothing to add here.",
    EmptyReason.ONLY_BLANK: "The model wrote white space only.",
    EmptyReason.REPEATS_SUFFIX: "The model only repeated what already stands after the cursor.",
    EmptyReason.REPEATS_PREFIX: "The model only repeated the line above.",
    EmptyReason.LEAVES_BLOCK: "The model thinks that the block at the cursor is finished.",
    EmptyReason.CANCELLED: "The editor took the request back.",
    EmptyReason.SUPERSEDED: "A newer request for the same document took its place.",
    EmptyReason.TIMEOUT: "The model was too slow to write anything in time.",
    EmptyReason.ENGINE_ERROR: "The engine could not answer.",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` to put at the cursor in place of the next `replaces` code points of the line; or why there is none.

    `insertion` is the same for a place where nothing can be replaced: `text` without what stands there already.
    """

    text: str = ""
    replaces: int = 0
    insertion: str = ""
    reason: EmptyReason | None = None
    detail: str = ""

    @property
    def explanation(self) -> str:
        """The reason as a sentence; empty when there is a text."""
        if self.reason is None:
            return ""
        return f"{self.reason.sentence} {self.detail}".strip()


def empty(reason: EmptyReason, detail: str = "") -> Suggestion:
    """No suggestion, because of `reason`."""
    return Suggestion(reason=reason, detail=detail)


def rest_of_line(suffix: str) -> str:
    """What stands between the cursor and the end of its line, white space at the end aside."""
    return suffix.split("\n", 1)[0].rstrip()


def shape(raw: str, context: CursorContext, *, indent: str = "", unfinished: bool = False) -> Suggestion:
    """The suggestion in the model's text `raw`.

    `indent` is white space before the cursor that the prompt left out, so that the model wrote it again. `unfinished`
    says that `raw` was stopped in the middle; its last line goes when another one stands before it.
    """
    if not raw:
        return empty(EmptyReason.EMPTY_OUTPUT)
    if not raw.strip():
        return empty(EmptyReason.ONLY_BLANK)
    healed = _without_indent(raw, indent, context)
    if healed is None:
        return empty(EmptyReason.LEAVES_BLOCK)
    lines = healed.split("\n")
    if unfinished and "".join(lines[:-1]).strip():
        lines.pop()
    kept, reason = _lines_to_keep(lines, context)
    text = "\n".join(lines[:kept]).rstrip()
    if not text.strip():
        return empty(reason or EmptyReason.ONLY_BLANK)
    return _placed(text, context)


def has_surplus(raw: str, context: CursorContext, *, indent: str = "") -> bool:
    """True when `shape` would cut whole lines off, so that the model need not write on."""
    healed = _without_indent(raw, indent, context)
    if healed is None:
        return "\n" in raw.strip("\n")
    finished = healed.split("\n")[:-1]
    return _lines_to_keep(finished, context)[0] < len(finished)


def _without_indent(raw: str, indent: str, context: CursorContext) -> str | None:
    """`raw` without the white space that stands before the cursor already; None when it starts left of the cursor."""
    if not indent:
        return raw
    if raw.startswith(indent):
        return raw[len(indent) :]
    at_line_start = not _current_line(context.prefix).strip()
    is_left = at_line_start and not raw.startswith("\n")
    return None if is_left else raw.lstrip(" \t")


def _lines_to_keep(lines: Sequence[str], context: CursorContext) -> tuple[int, EmptyReason | None]:
    """How many of `lines` to show, and why not more."""
    before = _current_line(context.prefix)
    depth = len(before) - len(before.lstrip())
    after = next((line.strip() for line in context.suffix.split("\n")[1:] if line.strip()), None)
    seen = {_previous_line(context.prefix)} if not before.strip() else set()
    for index, line in enumerate(lines):
        bare = line.strip()
        if not bare:
            continue
        if bare == after:
            return index, EmptyReason.REPEATS_SUFFIX
        if index and len(line) - len(line.lstrip()) < depth:
            return index, EmptyReason.LEAVES_BLOCK
        if bare in seen and sum(map(str.isalnum, bare)) >= _TELLING:
            return index, EmptyReason.REPEATS_PREFIX
        seen.add(bare)
    return len(lines), None


def _placed(text: str, context: CursorContext) -> Suggestion:
    """`text` with the part of the line after the cursor that it replaces."""
    rest = rest_of_line(context.suffix)
    if rest and text.strip() == rest.strip():
        return empty(EmptyReason.REPEATS_SUFFIX)
    if rest and text.endswith(rest):
        replaces = len(rest)
    else:
        replaces = closers_replaced(_current_line(context.prefix), text, rest)
    insertion = complete_task.parse(text, context.suffix)
    return Suggestion(text, replaces, insertion)


def closers_replaced(before: str, text: str, after: str) -> int:
    """How many closing brackets and quotes at the start of `after` are closed by `text` already.

    An editor types `)` when a person types `(`; a text that closes the bracket itself must replace it.
    """
    opened = _open_after(before, [])[0]
    still_open, closed = _open_after(text, opened)
    run = 0
    while run < len(after) and after[run] in _CLOSERS:
        run += 1
    needed = 0
    while needed < run and still_open and _closer(still_open[-1]) == after[run - 1 - needed]:
        still_open.pop()
        needed += 1
    return min(run - needed, closed)


def _open_after(text: str, opened: Sequence[str]) -> tuple[list[str], int]:
    """Brackets and quotes open after `text`, and how many it closed that were open before or nowhere."""
    stack, own, closed = list(opened), 0, 0
    for mark in text:
        in_string = bool(stack) and stack[-1] in _QUOTES
        is_closing = mark == _closer(stack[-1]) if stack else False
        if is_closing:
            stack.pop()
            own, closed = (own - 1, closed) if own else (own, closed + 1)
        elif in_string:
            continue
        elif mark in _CLOSER_OF or mark in _QUOTES:
            stack.append(mark)
            own += 1
        elif mark in _CLOSERS:
            closed += 1
    return stack, closed


def _closer(opener: str) -> str:
    return _CLOSER_OF.get(opener, opener)


def _current_line(prefix: str) -> str:
    return prefix.rsplit("\n", 1)[-1]


def _previous_line(prefix: str) -> str:
    """The last line before the cursor's that is not blank, without white space around it."""
    head = prefix.rstrip()
    return head.rsplit("\n", 1)[-1].strip()
