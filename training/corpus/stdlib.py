"""The standard library of the running Python: real code that is on every machine, under the PSF licence.

Left out are tests, generated tables, bundled third-party packages and what is not UTF-8 text with plain newlines.
Order and choice depend on paths and the seed alone. This file does not know of labels or splits.
"""

from __future__ import annotations

import hashlib
import platform
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from languages.errors import CoderError

LICENSE = "PSF-2.0"
NAME = "stdlib"
#: Folders that hold tests, character tables, or somebody else's code.
SKIPPED = frozenset(
    [
        "test",
        "tests",
        "idle_test",
        "idlelib",
        "lib2to3",
        "turtledemo",
        "encodings",
        "pydoc_data",
        "ensurepip",
        "site-packages",
        "dist-packages",
        "__pycache__",
        "lib-dynload",
    ]
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a corpus: a stable relative path, its text, and where to read it on the web."""

    path: str
    text: str
    url: str


def source_files(
    *, limit: int = 0, max_bytes: int = 200_000, seed: int = 0, root: Path | None = None
) -> list[SourceFile]:
    """The library's files in order of path, without duplicates; `limit` 0 means all, else that many chosen by `seed`.

    `root` is the library's folder (default: the running Python's). Raises `CoderError` when it holds no source.
    """
    root = root or Path(sysconfig.get_path("stdlib"))
    found: dict[str, SourceFile] = {}
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if SKIPPED.isdisjoint(relative.parts) and not any(part.startswith("config-") for part in relative.parts):
            text = _readable(path, max_bytes)
            if text:
                found.setdefault(hashlib.sha256(text.encode()).hexdigest(), _file(relative.as_posix(), text))
    files = list(found.values())
    if not files:
        raise CoderError(f"{root} holds no Python source; install a Python that comes with its standard library.")
    return _chosen(files, limit, seed)


def version() -> str:
    """The version of the library, which is the running Python's."""
    return platform.python_version()


def _file(relative: str, text: str) -> SourceFile:
    return SourceFile(relative, text, f"https://github.com/python/cpython/blob/v{version()}/Lib/{relative}")


def _readable(path: Path, max_bytes: int) -> str | None:
    """The text, or None when it is too large, empty, not UTF-8, or holds newlines that linters count differently."""
    if path.stat().st_size > max_bytes:
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.strip() and not set("\r\0\x0c") & set(text) else None


def _chosen(files: list[SourceFile], limit: int, seed: int) -> list[SourceFile]:
    if not limit or limit >= len(files):
        return files
    by_lot = sorted(files, key=lambda file: hashlib.sha256(f"{seed}/{file.path}".encode()).digest())
    return sorted(by_lot[:limit], key=lambda file: file.path)
