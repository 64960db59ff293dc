from __future__ import annotations

import json

import pytest

from tasks.record import Record, content_hash

RECORD = Record(
    id="stdlib/os.py",
    source="python-stdlib",
    license="PSF-2.0",
    url="https://docs.python.org/3/license.html",
    language="python",
    task="quality",
    content="import os\nprint('λ')\n",
    labels={0: ("ruff:F401",)},
)


def test_a_record_survives_its_line() -> None:
    line = RECORD.to_line()
    assert "\n" not in line
    assert Record.from_line(line) == RECORD


def test_the_hash_is_of_the_content() -> None:
    assert RECORD.hash == content_hash(RECORD.content)


def test_a_changed_content_is_refused() -> None:
    fields = json.loads(RECORD.to_line())
    fields["content"] += " "
    with pytest.raises(ValueError, match="does not match its hash"):
        Record.from_line(json.dumps(fields))


def test_an_unknown_field_is_refused() -> None:
    fields = json.loads(RECORD.to_line()) | {"colour": "red"}
    with pytest.raises(ValueError, match="not a record"):
        Record.from_line(json.dumps(fields))
