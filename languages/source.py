"""Read a file that a person named, or say in one sentence why not.

Text is kept byte for byte (CRLF too); only a UTF-8 byte order mark is taken off, so positions count from the first
character that an editor shows. It does not know which language the file is in.
"""

from __future__ import annotations

import codecs
import stat
from dataclasses import dataclass
from pathlib import Path

from languages.errors import CoderError

#: Files above this size are refused: nobody writes them by hand, and every tool would crawl.
MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class SourceText:
    """The content of one file; `path` is what the person gave."""

    path: str
    text: str


def read_source(path: str | Path, *, max_bytes: int = MAX_BYTES) -> SourceText:
    """The UTF-8 text of `path`.

    Raises `CoderError` with code `not_found`, `is_a_directory`, `not_a_file`, `not_readable`, `too_large`, `binary` or
    `not_utf8`. A file larger than `max_bytes` is refused by its size, before it is read.
    """
    data = _read_bytes(Path(path), max_bytes)
    return SourceText(str(path), _decode(str(path), data))


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        _refuse_unreadable_kinds(path, max_bytes)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise CoderError(f"{path} does not exist; check the spelling of the path", code="not_found") from error
    except PermissionError as error:
        raise CoderError(f"{path} may not be read by you; change its permissions", code="not_readable") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CoderError(f"{path} cannot be read ({reason}); give another path", code="not_readable") from error
    if len(data) > max_bytes:
        raise _too_large(path, len(data), max_bytes)
    return data


def _refuse_unreadable_kinds(path: Path, max_bytes: int) -> None:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise CoderError(f"{path} is a directory; give a file in it", code="is_a_directory")
    if not stat.S_ISREG(status.st_mode):
        raise CoderError(f"{path} is a device or a pipe; give a regular file", code="not_a_file")
    if status.st_size > max_bytes:
        raise _too_large(path, status.st_size, max_bytes)


def _too_large(path: Path, size: int, max_bytes: int) -> CoderError:
    return CoderError(
        f"{path} has {size / 1e6:.1f} MB and at most {max_bytes / 1e6:g} MB are read; leave it out or split it",
        code="too_large",
    )


def _decode(path: str, data: bytes) -> str:
    mark = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    zero = data.find(b"\0")
    if zero != -1:
        raise CoderError(f"{path} is a binary file (a NUL byte at offset {zero}); give a text file", code="binary")
    try:
        return data[mark:].decode("utf-8")
    except UnicodeDecodeError as error:
        offset = error.start + mark
        raise CoderError(
            f"{path} is not UTF-8 (byte 0x{data[offset]:02x} at offset {offset}); save it as UTF-8", code="not_utf8"
        ) from error
