"""Comments by which people tell a tool to be silent: the rules that stand in for the tool heed them too.

`# credo:disable-for-next-line`, `-previous-line`, `-this-file` and `-lines:N`, for all checks or one; `#nosec` in Go,
alone or with rule ids, for its line or the statement below; `# sobelow_skip ["Type"]` for the function below. What a
statement or function spans is read from its indentation. It does not know what was found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from languages.linters.structural.rule import ToolName

_CREDO = re.compile(r"#\s*credo:disable-for-(?:(this-file|next-line|previous-line)|lines:(-?\d{1,6}))[ \t]*(\S*)")
_NOSEC = re.compile(r"(?://|/\*).*?#\s*nosec\b(.*)", re.IGNORECASE)
_SOBELOW = re.compile(r"#\s*sobelow_skip\s*\[([^\]]*)\]")
_ALL = re.compile("")


@dataclass(frozen=True, slots=True)
class Silence:
    """From the 0-based line `first` to `last`, the checks that `pattern` finds are left out."""

    first: int
    last: int
    pattern: re.Pattern[str]

    def covers(self, line: int, check: str) -> bool:
        """Whether `check` at `line` is to be left out."""
        return self.first <= line <= self.last and self.pattern.search(check) is not None


def silences(tool: ToolName, text: str) -> list[Silence]:
    """What the comments in `text` ask `tool` to leave out."""
    word, read = _READERS[tool]
    return list(read(text.split("\n"))) if word in text.casefold() else []


def _credo(lines: Sequence[str]) -> Iterator[Silence]:
    for line, text in enumerate(lines):
        comment = _CREDO.search(text)
        if comment is None:
            continue
        words, count, check = comment[1], int(comment[2] or 0), comment[3]
        first, last = {
            "this-file": (0, len(lines)),
            "next-line": (line + 1, line + 1),
            "previous-line": (line - 1, line - 1),
        }.get(words, (line + 1, line + count) if count >= 0 else (line + count, line - 1))
        yield Silence(first, last, _credo_checks(check))


def _credo_checks(named: str) -> re.Pattern[str]:
    """The checks that `Credo.Check.X` or `/pattern/` names; every one when it is empty."""
    if named.startswith("/") and named.endswith("/") and len(named) > 2:
        try:
            return re.compile(named[1:-1])
        except re.error:
            return re.compile(re.escape(named[1:-1]))
    return re.compile(rf"^{re.escape(named)}$") if named else _ALL


def _gosec(lines: Sequence[str]) -> Iterator[Silence]:
    for line, text in enumerate(lines):
        comment = _NOSEC.search(text)
        if comment is None:
            continue
        ids = re.findall(r"\bG\d{3}\b", comment[1])
        alone = not text[: comment.start()].strip()
        first = line + 1 if alone else line
        yield Silence(first, _end(lines, first, "}"), re.compile("|".join(ids)) if ids else _ALL)


def _sobelow(lines: Sequence[str]) -> Iterator[Silence]:
    for line, text in enumerate(lines):
        comment = _SOBELOW.search(text)
        named = re.findall(r"[\"']([\w.]+)[\"']", comment[1]) if comment else []
        if named:
            types = "|".join(map(re.escape, named))
            yield Silence(line, _end(lines, line + 1, "end"), re.compile(rf"^(?:{types})(?:\.|$)"))


def _end(lines: Sequence[str], first: int, closing: str) -> int:
    """The line that closes what begins at `first`: the next one as deep that starts with `closing`, or `first`."""
    if first >= len(lines) or not lines[first].rstrip().endswith(("{", "(", " do", ",")):
        return first
    indentation = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    for line in range(first + 1, len(lines)):
        if lines[line].startswith((indentation + closing, indentation + ")")):
            return line
    return first


_READERS: Mapping[ToolName, tuple[str, Callable[[Sequence[str]], Iterator[Silence]]]] = {
    "credo": ("credo:disable", _credo),
    "sobelow": ("sobelow_skip", _sobelow),
    "gosec": ("nosec", _gosec),
}
