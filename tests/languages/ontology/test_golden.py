"""Sources with the text that a model gets of them. `CODER_UPDATE_GOLDEN=1` rewrites the text below `-- text --`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import cast

import pytest

from languages.ontology.ontology import triples_of
from languages.ontology.text import as_text
from languages.syntax import GrammarName

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_the_text_of_a_file(file: Path) -> None:
    head, wanted = file.read_text(encoding="utf-8").split("-- text --\n")
    title, source = head.split("\n", 1)
    found = re.fullmatch(r"-- (\w+) (\S+) --", title)
    assert found is not None
    text = as_text(triples_of(cast("GrammarName", found[1]), found[2], source)) + "\n"
    if os.environ.get("CODER_UPDATE_GOLDEN") == "1":
        file.write_text(f"{head}-- text --\n{text}", encoding="utf-8")
        wanted = text
    assert text == wanted
