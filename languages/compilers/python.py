"""Python's own compiler, in this process: `compile()` runs nothing of the code.

The grammar is that of the running Python.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from languages.compilers.verdict import Depth, Verdict
from languages.finding import Finding, Range
from languages.positions import TextLines


@dataclass(frozen=True, slots=True)
class PythonCompiler:
    """`compile()`."""

    language: str = "python"

    def identity(self) -> str:
        return sys.version

    def verdicts(self, texts: Sequence[str], depth: Depth, *, timeout: float) -> list[Verdict]:
        """`timeout` is not needed: the compiler takes time linear in the text."""
        return [_verdict(text, depth) for text in texts]


def _verdict(text: str, depth: Depth) -> Verdict:
    flags = ast.PyCF_ONLY_AST if depth == "parse" else 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(text.encode("utf-8", "replace"), "snippet.py", "exec", flags, dont_inherit=True)
        except SyntaxError as error:
            return Verdict((_of_error(error, text, depth),))
        except (RecursionError, MemoryError):
            return Verdict((_finding("it nests deeper than Python's compiler can go", _top(text)),))
        except ValueError as error:
            return Verdict((_finding(str(error), _null_byte(text)),))
    lines = TextLines(text)
    return Verdict(tuple(_of_warning(warning, lines) for warning in caught))


def _of_error(error: SyntaxError, text: str, depth: Depth) -> Finding:
    """Syntax is what the parser refuses; "return outside function" is only seen by the compiler."""
    syntax = depth == "parse" or _verdict(text, "parse").findings != ()
    return _finding(error.msg, _range(error, TextLines(text)), check="syntax-error" if syntax else "compile")


def _range(error: SyntaxError, lines: TextLines) -> Range:
    """Python counts lines and characters from 1, and leaves out what it does not know."""
    line = (error.lineno or 1) - 1
    start = lines.at_character(line, max(0, (error.offset or 1) - 1))
    if error.end_lineno and error.end_offset:
        end = lines.at_character(error.end_lineno - 1, error.end_offset - 1)
        if end > start:
            return Range(start, end)
    return lines.word_at(start)


def _of_warning(warning: warnings.WarningMessage, lines: TextLines) -> Finding:
    message = str(warning.message)
    return _finding(message, lines.without_indentation(warning.lineno - 1), check="compile", severity="warning")


def _top(text: str) -> Range:
    return TextLines(text).without_indentation(0)


def _null_byte(text: str) -> Range:
    lines = TextLines(text)
    return lines.word_at(lines.at_byte(len(text[: max(0, text.find("\0"))].encode("utf-8", "replace"))))


def _finding(message: str, span: Range, *, check: str = "syntax-error", severity: str = "error") -> Finding:
    return Finding(
        path="snippet.py",
        range=span,
        check=check,
        category="syntax" if check == "syntax-error" else "correctness",
        severity="error" if severity == "error" else "warning",
        message=message,
        source="python",
    )
