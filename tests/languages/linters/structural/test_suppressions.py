"""Comments that silence a tool silence the rules that stand in for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from languages.linters.structural.linter import StructuralLinter
from languages.linters.structural.rule import ToolName

INSPECT, TODO = "Credo.Check.Warning.IoInspect", "Credo.Check.Design.TagTODO"


def lines(tool: ToolName, name: str, text: str, check: str) -> list[int]:
    """The 1-based lines on which `check` is found."""
    findings = StructuralLinter(tool).lint(Path(name), text).findings
    return [finding.range.start.line + 1 for finding in findings if finding.check == check]


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("credo:disable-for-this-file", []),
        (f"credo:disable-for-this-file {INSPECT}", []),
        (f"credo:disable-for-this-file {TODO}", [1, 3, 4]),
        ("credo:disable-for-this-file /Warning/", []),
        ("credo:disable-for-this-file /(/", [1, 3, 4]),
        ("credo:disable-for-next-line", [1, 4]),
        ("credo:disable-for-previous-line", [3, 4]),
        ("credo:disable-for-lines:2", [1]),
        ("credo:disable-for-lines:-1", [3, 4]),
        ("credo is disabled", [1, 3, 4]),
    ],
)
def test_credo(comment: str, left: list[int]) -> None:
    text = f"IO.inspect(1)\n# {comment}\nIO.inspect(2)\nIO.inspect(3)\n"
    assert lines("credo", "a.exs", text, INSPECT) == left


GO = """package a
import "os"
func run(name string) {
\tos.Open(name)%s
%s
\tif file, err := os.Open(name); err == nil {
\t\tos.Open(name)
\t}
\tos.Open(name)
}
"""


@pytest.mark.parametrize(
    ("trailing", "above", "left"),
    [
        ("", "", [4, 6, 7, 9]),
        (" // #nosec", "", [6, 7, 9]),
        (" // #nosec G304 -- checked by the caller", "", [6, 7, 9]),
        (" // #nosec G101", "", [4, 6, 7, 9]),
        ("", "\t// #nosec G304", [4, 9]),
        ("", "\t/* #nosec */", [4, 9]),
    ],
)
def test_gosec(trailing: str, above: str, left: list[int]) -> None:
    assert lines("gosec", "a.go", GO % (trailing, above), "G304") == left


@pytest.mark.parametrize(
    ("types", "left"), [('"Traversal.FileModule"', [7]), ('"Traversal"', [7]), ('"XSS"', [4, 7]), ("", [4, 7])]
)
def test_sobelow(types: str, left: list[int]) -> None:
    text = (
        f"defmodule A do\n  # sobelow_skip [{types}]\n  def a(x) do\n    File.read!(x)\n  end\n"
        "  def b(x) do\n    File.read!(x)\n  end\nend\n"
    )
    assert lines("sobelow", "a.ex", text, "Traversal.FileModule") == left
