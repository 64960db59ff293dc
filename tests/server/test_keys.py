from __future__ import annotations

from pathlib import Path

import pytest

from languages.errors import CoderError
from server.keys import read_keys


def test_one_key_a_line(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("# mine\none\n\n  two  \none\n")
    assert read_keys(path) == ("one", "two")


@pytest.mark.parametrize("content", [b"", b"# none\n\n", b"\xff\xfe", b"two words\n", "schlüssel".encode()])
def test_files_without_keys(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    with pytest.raises(CoderError, match=r"keys.*key"):
        read_keys(path)


def test_a_missing_file_and_a_directory(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(CoderError, match="one key a line"):
            read_keys(path)
