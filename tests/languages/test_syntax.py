from __future__ import annotations

import time

import pytest

from languages.elixir import ELIXIR
from languages.go import GO
from languages.language import Language
from languages.python import PYTHON
from languages.registry import LANGUAGES
from languages.syntax import MAX_FINDINGS, syntax_findings
from tests.languages.fakes import place

VALID = [
    (ELIXIR, "defmodule A do\n  def f(x), do: x\nend\n"),
    (GO, 'package main\n\nfunc main() { println("é") }\n'),
    (PYTHON, "def f(x):\n    return x\r\n"),
]


@pytest.mark.parametrize(("language", "text"), VALID)
def test_valid_code_has_no_findings(language: Language, text: str) -> None:
    assert language.syntax_findings("x", text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_file_has_no_findings(language: Language) -> None:
    assert language.syntax_findings("x", "") == []


@pytest.mark.parametrize(
    ("language", "text", "wanted", "message"),
    [
        (PYTHON, "def f(:\n    pass\n", (1, 6, 1, 7), "missing `)`: `(` on line 1 is never closed"),
        (PYTHON, "x = (1,\ny = 2\n", (1, 5, 1, 6), "`(` is never closed"),
        (PYTHON, "x = = 3\n", (1, 5, 1, 6), "unexpected `=`"),
        (PYTHON, "x = )\n", (1, 5, 1, 6), "unexpected `)`: nothing is open that it could close"),
        (PYTHON, "if x\n  y\n", (1, 1, 1, 5), "this does not parse: `if x`"),
        (PYTHON, "é = '😀'; x = = 3\n", (1, 14, 1, 15), "unexpected `=`"),
        (PYTHON, "x = \x00 1\n", (1, 5, 1, 6), "unexpected `\\x00`"),
        (PYTHON, "x = 1\r\nx = = 3\r\n", (2, 5, 2, 6), "unexpected `=`"),
        (GO, "package main\nfunc main() {\n\tx := \n}\n", (3, 5, 3, 6), "missing identifier"),
        (GO, "package main\nfunc main() {\n\tf(1\n}\n", (3, 4, 3, 5), "missing `)`: `(` on line 3 is never closed"),
        (GO, 'package main\nvar s = "abc\nvar y = 1\n', (2, 9, 2, 10), '`"` is never closed'),
        (ELIXIR, "defmodule A do\n  x\n", (2, 3, 2, 4), "missing `end`: `do` on line 1 is never closed"),
        (ELIXIR, "f(1, [2, 3)\n", (1, 10, 1, 11), "missing `]`: `[` on line 1 is never closed"),
        (ELIXIR, "fn x -> x\n", (1, 9, 1, 10), "missing `end`: `fn` on line 1 is never closed"),
        (ELIXIR, "%{a: 1, b}\n", (1, 9, 1, 10), "unexpected `b`"),
    ],
)
def test_an_error_has_a_place_and_a_reason(
    language: Language, text: str, wanted: tuple[int, int, int, int], message: str
) -> None:
    (finding,) = language.syntax_findings("x", text)
    assert finding.message == message
    assert place(finding) == wanted
    assert (finding.check, finding.category, finding.severity) == ("syntax-error", "syntax", "error")
    assert finding.source == "tree-sitter"


def test_two_errors_are_two_findings() -> None:
    findings = GO.syntax_findings("x", "package m\nfunc a() {\n\tf(\n}\n\nfunc b {\n\treturn\n}\n")
    assert [place(finding)[0] for finding in findings] == [3, 6]


def test_findings_are_limited_and_one_a_line() -> None:
    findings = syntax_findings("python", "x", "the quick brown fox\n" * 200)
    assert len(findings) == MAX_FINDINGS
    assert len({finding.range.start.line for finding in findings}) == MAX_FINDINGS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    ["x = foo(1, 2\n" * 20_000, "(" * 100_000, "x = " + "[(" * 20_000, "\0" * 100_000, "\ud800 = (", "\r\r\n\r("],
    ids=["20,000 broken lines", "open", "deep", "zeros", "surrogate", "line ends"],
)
def test_hopeless_text_is_told_quickly(language: Language, text: str) -> None:
    started = time.monotonic()
    findings = language.syntax_findings("x", text)
    assert 1 <= len(findings) <= MAX_FINDINGS
    assert all(len(finding.message) < 200 for finding in findings)
    assert time.monotonic() - started < 10


def test_a_long_valid_file_is_clean() -> None:
    assert syntax_findings("python", "x", "x = foo(1, 2)\n" * 20_000) == []
    assert syntax_findings("python", "x", "x = " + "(" * 3000 + ")" * 3000 + "\n") == []
