"""`coder complete FILE:LINE:COL`: ghost text at a place in a file, on stdout.

Exit 1 with the reason on stderr when there is nothing to suggest, 2 for a place that does not exist. It knows places
and exit codes; what is suggested is decided in `inference/assistant/completion.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from languages.errors import CoderError

if TYPE_CHECKING:
    from tasks.complete import CursorContext

#: LSP's line ends; a form feed or U+2028 does not end a line.
_LINE_END = re.compile(r"\r\n|\n|\r")
_PLACE = re.compile(r"(?P<file>.+):(?P<line>\d+):(?P<column>\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A 1-based line and a 1-based column (in code points) of a file; the cursor stands before that character."""

    path: Path
    line: int
    column: int


def complete(
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE:COL", help="Where the cursor stands; line and column count from 1.")
    ],
    model: Annotated[str | None, typer.Option("--model", "-m", help="A GGUF file or a model's name.")] = None,
    max_tokens: Annotated[int, typer.Option(min=1, max=1024, help="At most this many tokens.")] = 48,
) -> None:
    """Print what the model would write at a place in a file.

    \b
    Examples:
      coder complete app.py:12:5
      coder complete lib/shop.ex:40:1 --max-tokens 96
      coder complete main.go:7:13 --model runs/spine/model.gguf
    """
    from inference.assistant.completion import complete as complete_at
    from inference.models import open_engine

    context = cursor_context(parse_place(place))
    engine = open_engine(model)
    try:
        suggestion = complete_at(engine, context, max_tokens=max_tokens).result()
    finally:
        engine.close()
    if suggestion.reason is not None:
        typer.echo(f"coder complete: nothing to suggest: {suggestion.explanation}", err=True)
        raise typer.Exit(1)
    typer.echo(suggestion.insertion)


def parse_place(text: str) -> Place:
    """Read "FILE:LINE:COL"; a Windows drive's colon belongs to FILE. Raises `CoderError` (`bad_place`)."""
    match = _PLACE.fullmatch(text)
    if match is None:
        raise CoderError(f"{text!r} is not FILE:LINE:COL; write for example app.py:12:5", code="bad_place")
    line, column = int(match["line"]), int(match["column"])
    if line < 1 or column < 1:
        raise CoderError(f"{text!r}: lines and columns count from 1", code="bad_place")
    return Place(Path(match["file"]), line, column)


def cursor_context(place: Place) -> CursorContext:
    """What stands before and after `place`. Raises `CoderError` when the file or the place does not exist."""
    from languages.source import read_source
    from tasks.complete import CursorContext

    text = read_source(place.path).text
    offset = offset_of(text, place)
    return CursorContext(text[:offset], text[offset:], str(place.path))


def offset_of(text: str, place: Place) -> int:
    """The index of `place` in `text`. Raises `CoderError` (`bad_place`) past the end of the file or of the line."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    ends = [*(match.start() for match in _LINE_END.finditer(text)), len(text)]
    if place.line > len(starts):
        message = f"there is no line {place.line} in {place.path}; its last line is {len(starts)}"
        raise CoderError(message, code="bad_place")
    length = ends[place.line - 1] - starts[place.line - 1]
    if place.column > length + 1:
        raise CoderError(
            f"line {place.line} of {place.path} has {length} characters, so the last column is {length + 1}",
            code="bad_place",
        )
    return starts[place.line - 1] + place.column - 1
