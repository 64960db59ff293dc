from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.render import MAX_COLOURED, render

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](http://tracker.example/p.png)",
    '```py"><script>alert(1)</script>\nx\n```',
    "```\n<script>alert(1)</script>\n```",
    '[x](http://a "onmouseover=\\"alert(1)")',
    "<http://a/><svg/onload=alert(1)>",
    "&lt;script&gt;&#60;script&#62;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_stay_text(attack: str) -> None:
    html = render(attack).lower()
    for forbidden in (
        "<script",
        "<img",
        "<svg",
        'href="javascript',
        'href="data',
        " onerror=alert(1)>",
        'onmouseover="',
    ):
        assert forbidden not in html


@given(st.text(alphabet="<>\"'&`[]()!:/ \njavscript=on", max_size=60))
def test_no_text_makes_an_element_of_its_own(text: str) -> None:
    html = render(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_code_is_coloured_by_class() -> None:
    html = render("```python\ndef f():\n    return 1\n```")
    assert html.startswith('<pre data-language="python"><code>')
    assert '<span class="k">def</span>' in html
    assert "style=" not in html


@pytest.mark.parametrize("language", ["elixir", "go", "python"])
def test_our_languages_have_colours(language: str) -> None:
    assert "<span class=" in render(f'```{language}\nx = "text"\n```')


def test_unknown_languages_and_long_code_stay_plain() -> None:
    assert "<span" not in render("```klingon\na < b\n```")
    assert "&lt;" in render("```klingon\na < b\n```")
    assert "<span" not in render("```python\n" + "x = 1\n" * MAX_COLOURED + "```")


def test_tables_links_and_indented_code() -> None:
    assert "<table>" in render("|a|b|\n|-|-|\n|1|2|")
    assert 'rel="noopener noreferrer"' in render("[a](https://example.org)")
    assert '<pre data-language="">' in render("    x = 1\n")
