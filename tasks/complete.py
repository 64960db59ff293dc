"""Ghost text: prefix and suffix of a cursor -> the middle between them.

Fill-in-the-middle in the order prefix, suffix, middle (PSM) of Bavarian et al. 2022, "Efficient Training of Language
Models to Fill in the Middle". A model without FIM tokens gets the prefix alone and continues it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tasks.task import Example, Prompt
from tasks.tokens import Control, ControlIds

#: Shares of training middles that end inside their first line, and that go on for several lines.
_INSIDE_LINE, _SEVERAL_LINES = 0.1, 0.25


@dataclass(frozen=True, slots=True)
class CursorContext:
    """What stands before and after the cursor, and the name of the file."""

    prefix: str
    suffix: str
    path: str = ""


def prompt(context: CursorContext, controls: ControlIds) -> Prompt:
    """The prompt at a cursor, for a model with these control tokens."""
    if not controls.can_fill_in_the_middle:
        return Prompt((context.prefix,))
    return _psm(context.prefix, context.suffix)


def example(text: str, rng: random.Random, *, max_middle: int = 240) -> Example | None:
    """Cut a middle of at most `max_middle` characters out of `text`; None when `text` is too short to cut.

    The middle starts anywhere, where a person's cursor could be. It ends where ghost text should: mostly at the end
    of the line, sometimes a few lines on, rarely inside the line. Random ends, as in the paper, teach a small model to
    stop anywhere, even at once (`docs/LOG.md`).
    """
    if len(text) < 8:
        return None
    start = rng.randrange(1, len(text) - 1)
    end = _middle_end(text, start, start + max_middle, rng)
    return Example(_psm(text[:start], text[end:]), (text[start:end], Control.END))


def _middle_end(text: str, start: int, limit: int, rng: random.Random) -> int:
    """Where a middle that starts at `start` ends: after it, and at `limit` at the latest."""
    kind = rng.random()
    lines = rng.randint(2, 4) if kind >= 1 - _SEVERAL_LINES else 1
    line_ends = [_line_end(text, start + 1)]
    while len(line_ends) < lines and line_ends[-1] < len(text):
        line_ends.append(_line_end(text, line_ends[-1] + 1))
    if kind < _INSIDE_LINE:
        return rng.randint(start + 1, min(line_ends[0], limit))
    return max((end for end in line_ends if end <= limit), default=limit)


def _line_end(text: str, offset: int) -> int:
    """The first line end at or after `offset`, its newline excluded; the end of the text when there is none."""
    found = text.find("\n", offset)
    return len(text) if found == -1 else found


def parse(text: str, suffix: str) -> str:
    """What to insert: the model's text without what already stands after the cursor on the same line."""
    rest_of_line = suffix.split("\n", 1)[0].rstrip("\r")
    if rest_of_line and text.rstrip().endswith(rest_of_line) and "\n" not in text:
        return text.rstrip()[: -len(rest_of_line)]
    return text


def metrics(predictions: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """`exact_match`: the share of predictions that equal their reference, white space at the ends aside."""
    if not references:
        return {"exact_match": 0.0}
    hits = sum(given.strip() == wanted.strip() for given, wanted in zip(predictions, references, strict=True))
    return {"exact_match": hits / len(references)}


def _psm(prefix: str, suffix: str) -> Prompt:
    return Prompt((Control.FIM_PREFIX, prefix, Control.FIM_SUFFIX, suffix, Control.FIM_MIDDLE))
