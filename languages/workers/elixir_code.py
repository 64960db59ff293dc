"""What Elixir itself says of code: exact parse errors, the formatted text, compiler diagnostics, test results.

Each function asks a `BeamWorker` and gives typed values; broken code gives findings, and a VM that gave no answer a
`ToolFailure`. Compiling and testing run the code: give them a worker that is locked in when the code is not the user's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from languages.errors import CoderError
from languages.finding import Finding, Range
from languages.linters.process import ToolFailure
from languages.positions import TextLines
from languages.workers.beam import BeamWorker

_URL = "https://hexdocs.pm/elixir/syntax-reference.html"
#: How Elixir introduces an error whose place is told apart from it.
_BANNER = re.compile(r"^\*\* \((?P<name>[\w.]+)\) (?:[^\s:]+:\d+:(?:\d+:)? )?")


@dataclass(frozen=True, slots=True)
class ExUnitRun:
    """What a run of tests gave: rows of `formatter.exs` as they came, the compiler's findings, what was printed."""

    rows: tuple[Mapping[str, Any], ...]
    findings: tuple[Finding, ...]
    compiled: bool
    output: str


@dataclass(frozen=True, slots=True)
class ElixirSyntax:
    """Where Elixir stops parsing a text, one finding at most, and the tokenizer's warnings as it printed them."""

    findings: tuple[Finding, ...]
    warned: str


def parse_elixir(worker: BeamWorker, path: str, text: str, *, timeout: float = 10.0) -> ElixirSyntax | ToolFailure:
    """What Elixir's parser says of `text`; nothing of it is run. Warnings name the file `nofile`."""
    answer = worker.ask("parse", text, timeout=timeout)
    if isinstance(answer, ToolFailure):
        return answer
    return ElixirSyntax(_findings(answer, {"nofile": (path, text)}), str(answer.get("warned", "")))


def elixir_syntax_findings(
    worker: BeamWorker, path: str, text: str, *, timeout: float = 10.0
) -> tuple[Finding, ...] | ToolFailure:
    """Where Elixir stops parsing `text`: one finding at most."""
    parsed = parse_elixir(worker, path, text, timeout=timeout)
    return parsed if isinstance(parsed, ToolFailure) else parsed.findings


def format_elixir(worker: BeamWorker, path: str, text: str, *, timeout: float = 10.0) -> str | Finding | ToolFailure:
    """`text` as `mix format` without options writes it, or the error that keeps it from parsing."""
    answer = worker.ask("format", text, timeout=timeout)
    if isinstance(answer, ToolFailure):
        return answer
    findings = _findings(answer, {"nofile": (path, text)})
    return findings[0] if findings else str(answer["text"])


def compile_elixir(
    worker: BeamWorker, files: Mapping[str, str], *, timeout: float = 30.0
) -> tuple[Finding, ...] | ToolFailure:
    """The compiler's errors and warnings on `files`, relative paths to texts, compiled together and then forgotten."""
    answer = worker.ask("compile", *_fields(files), timeout=timeout)
    return answer if isinstance(answer, ToolFailure) else _findings(answer, _sources(files))


def run_ex_unit(
    worker: BeamWorker,
    files: Mapping[str, str],
    *,
    timeout: float = 60.0,
    test_timeout: float = 10.0,
    seed: int = 0,
    coverage: bool = False,
) -> ExUnitRun | ToolFailure:
    """Compile `files`, code and tests, and run every ExUnit case among them. Times in seconds."""
    options = (str(int(test_timeout * 1000)), str(seed), "1" if coverage else "0")
    answer = worker.ask("test", *options, *_fields(files), timeout=timeout)
    if isinstance(answer, ToolFailure):
        return answer
    return ExUnitRun(
        rows=tuple(answer.get("rows", ())),
        findings=_findings(answer, _sources(files)),
        compiled="rows" in answer,
        output=answer["output"],
    )


def _fields(files: Mapping[str, str]) -> list[str]:
    """Name, text, name, text; raises `CoderError` for a name that leads out of the folder of the run."""
    for name in files:
        path = PurePath(name)
        if path.is_absolute() or ".." in path.parts or not path.name or "\0" in name:
            raise CoderError(f"{name!r} is no relative path of a file; name it like lib/cart.ex", code="bad_path")
    return [field for pair in files.items() for field in pair]


def _sources(files: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {str(PurePath(name)): (name, text) for name, text in files.items()}


def _findings(answer: Mapping[str, Any], sources: Mapping[str, tuple[str, str]]) -> tuple[Finding, ...]:
    """Diagnostics as findings; one whose file is none of ours stands at the top of the first."""
    first = next(iter(sources.values()), ("nofile", ""))
    rows: Sequence[Mapping[str, Any]] = answer["diagnostics"]
    found = (_finding(row, *sources.get(row["file"], first)) for row in rows)
    return tuple(_without_repetitions(found))


def _without_repetitions(findings: Iterable[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def _finding(row: Mapping[str, Any], path: str, text: str) -> Finding:
    lines = TextLines(text)
    syntax = bool(row.get("syntax"))
    return Finding(
        path=path,
        range=_range(row, lines),
        check="syntax-error" if syntax else "compile",
        category="syntax" if syntax else "correctness",
        severity="error" if row["severity"] == "error" else "warning",
        message=_plain(row["message"]),
        source="elixir",
        url=_URL if syntax else None,
    )


def _range(row: Mapping[str, Any], lines: TextLines) -> Range:
    """Elixir counts lines and columns from 1; line 0 is a place that it does not know."""
    line = max(0, (row["line"] or 1) - 1)
    if not row.get("column"):
        return lines.without_indentation(line)
    span = lines.word_at(lines.at_character(line, row["column"] - 1))
    return span if span.end > span.start else _last_character(lines, span.start.line)


def _last_character(lines: TextLines, line: int) -> Range:
    """The last visible character up to `line`: what is missing at the end of a text is missing after it."""
    while line > 0 and not lines.content(line).strip():
        line -= 1
    end = lines.without_indentation(line).end
    return Range(lines.at_character(line, end.character - 1), end)


def _plain(message: str) -> str:
    """The message without the name of a compile error and without the place; other errors keep their name."""
    match = _BANNER.match(message)
    if match is None:
        return message
    rest = message[match.end() :]
    return rest if match["name"] in ("CompileError", "SyntaxError", "TokenMissingError") else f"{match['name']}: {rest}"
