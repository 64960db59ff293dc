"""The code in templates: found where it stands, and nothing else."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from languages.linters.structural.linter import StructuralLinter
from languages.linters.structural.templates import code_of

PIECES = st.sampled_from(
    ["<%", "<%=", "<%#", "<%!--", "--%>", "%>", "<%%", "{", "}", "raw(@a)", "é", "\n", "\r\n", " x ", "#"]
)


def places(name: str, text: str) -> list[tuple[int, int]]:
    """1-based lines and 0-based characters of XSS.Raw."""
    findings = StructuralLinter("sobelow").lint(Path(name), text).findings
    assert {finding.check for finding in findings} <= {"XSS.Raw"}
    return [(finding.range.start.line + 1, finding.range.start.character) for finding in findings]


def test_tags_and_braces() -> None:
    text = "<p title={raw(@a)}>é <%= raw @b %></p>\n<%= for x <- @xs do %>{x |> raw()}<% end %>\n"
    assert places("lib/a.html.heex", text) == [(1, 10), (1, 25), (2, 28)]
    assert places("lib/a.html.eex", text) == [(1, 25)]


def test_what_is_no_code_or_no_value() -> None:
    assert places("a.html.heex", '<%# raw(@a) %><%!-- <%= raw(@b) %> --%><%% raw(@c) %>{raw("<br>")}<%= @d %>') == []


def test_templates_in_sigils() -> None:
    body = '    ~H"""\n    <p>{raw(@x)}</p>\n    <%= raw @y %>\n    """\n'
    text = f"defmodule A do\n  def render(assigns) do\n{body}  end\nend\n"
    assert places("lib/a.ex", text) == [(4, 8), (5, 8)]


def test_a_view() -> None:
    text = "defmodule A do\n  def b(text), do: raw(text)\n  def c, do: raw(@safe)\n  def raw(text), do: text\nend\n"
    assert places("lib/a_view.ex", text) == [(2, 19)]


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join), st.booleans())
@example("<%= a", True)
@example("{{}", True)
def test_bytes_and_lines_keep_their_places(template: str, braces: bool) -> None:
    code = code_of(template, braces=braces)
    assert len(code.encode()) == len(template.encode())
    assert [len(line.encode()) for line in code.split("\n")] == [len(line.encode()) for line in template.split("\n")]
    StructuralLinter("sobelow").lint(Path("a.html.heex"), template)
