from __future__ import annotations

import re

from docs.help_pages import PAGE, page


def test_the_page_of_commands_is_what_the_programs_say() -> None:
    assert PAGE.read_text() == page(), "run `make docs`"


def test_every_command_shows_an_example() -> None:
    for section in re.split(r"^## ", page(), flags=re.MULTILINE)[1:]:
        title, text = section.split("\n", 1)
        assert "Example" in text, f"{title} --help shows no example"
