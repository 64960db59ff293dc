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

    The middle starts inside a line, where a person's cursor would be, and half of the time ends at that line's end.
    """
    if len(text) < 8:
        return None
    start = rng.randrange(1, len(text) - 1)
    line_end = text.find("\n", start)
    to_line_end = line_end != -1 and line_end > start and rng.random() < 0.5
    end = line_end if to_line_end else rng.randrange(start + 1, len(text))
    end = min(end, start + max_middle)
    return Example(_psm(text[:start], text[end:]), (text[start:end], Control.END))


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
