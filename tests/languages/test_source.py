from __future__ import annotations

import os
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.source import read_source


def refusal(path: Path, **options: int) -> CoderError:
    with pytest.raises(CoderError) as caught:
        read_source(path, **options)
    assert str(path) in caught.value.message
    return caught.value


def test_text_is_kept_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes("é = 1\r\n\ty\n".encode())
    source = read_source(file)
    assert source.text == "é = 1\r\n\ty\n"
    assert source.path == str(file)


def test_an_empty_file_is_fine(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.touch()
    assert read_source(file).text == ""


def test_a_byte_order_mark_is_taken_off(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert read_source(file).text == "x = 1\n"


def test_a_missing_file(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nope.py").code == "not_found"


def test_a_directory(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "is_a_directory"


def test_a_file_in_the_place_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert refusal(tmp_path / "a" / "b.py").code == "not_readable"


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    assert refusal(tmp_path / "pipe.py").code == "not_a_file"


def test_no_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.py"
    file.touch()

    def forbidden(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "permissions" in refusal(file).message


def test_a_binary_file(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"abc\x00def")
    error = refusal(file)
    assert error.code == "binary"
    assert "offset 3" in error.message


@pytest.mark.parametrize(("mark", "offset"), [(b"", 2), (b"\xef\xbb\xbf", 5)])
def test_latin_1_names_the_byte_and_its_offset_in_the_file(tmp_path: Path, mark: bytes, offset: int) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(mark + "# é\n".encode("latin-1"))
    error = refusal(file)
    assert error.code == "not_utf8"
    assert f"byte 0xe9 at offset {offset}" in error.message


def test_a_large_file_is_refused_by_its_size_without_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.py"
    with file.open("wb") as out:
        out.truncate(50_000_000)

    def read(*args: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(Path, "open", read)
    error = refusal(file)
    assert error.code == "too_large"
    assert "50.0 MB" in error.message


def test_the_limit_itself_is_fine(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"x" * 10)
    assert read_source(file, max_bytes=10).text == "x" * 10
    assert refusal(file, max_bytes=9).code == "too_large"
