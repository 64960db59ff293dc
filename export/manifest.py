"""Directories that are whole or do not exist: written beside their place, fsynced, listed with sha256, renamed.

`manifest.json` maps each file's relative path to `{"sha256", "size"}` and is written last. A reader that finds no valid
manifest has found nothing. It does not know what the files mean.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from languages.errors import CoderError

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """The digest (hex) and the size in bytes of one file."""

    sha256: str
    size: int


def write_directory(directory: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write files into a fresh directory beside `directory`, then put it in place in one step.

    Killed at any moment, this leaves at `directory` what was there before, nothing, or everything. What `fill` raises
    passes through and nothing is left behind. One writer at a time for each `directory`.
    """
    directory = Path(os.path.abspath(directory))
    directory.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(directory)
    partial = Path(tempfile.mkdtemp(prefix=_prefix(directory), suffix=".partial", dir=directory.parent))
    try:
        partial.chmod(0o755)
        fill(partial)
        _seal(partial)
        _replace(partial, directory)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def read_manifest(directory: Path) -> Mapping[str, FileEntry]:
    """The manifest of `directory`; `CoderError` when there is none or it cannot be read."""
    path = directory / NAME
    if not path.is_file():
        raise CoderError(
            f"{directory} has no {NAME}, so it is not a finished checkpoint; use one that training finished writing."
        )
    try:
        entries = json.loads(path.read_text("utf-8"))
        return {name: FileEntry(**entry) for name, entry in entries.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise CoderError(f"{path} is damaged ({error}); use another checkpoint.") from error


def verify_directory(directory: Path, *, digests: bool = True) -> None:
    """`CoderError` that names the first file that is missing or differs from the manifest.

    Without `digests` only existence and sizes are compared, which takes no time.
    """
    for name, entry in read_manifest(directory).items():
        path = directory / name
        if not path.is_file():
            raise CoderError(f"{path} is missing although {NAME} lists it; use another checkpoint.")
        size = path.stat().st_size
        if size != entry.size:
            raise CoderError(f"{path} is damaged: {size} bytes instead of {entry.size}; use another checkpoint.")
        if digests and sha256_of(path) != entry.sha256:
            raise CoderError(f"{path} is damaged: its content is not what was written; use another checkpoint.")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync_path(path: Path) -> None:
    """Force a file, or a directory's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _seal(directory: Path) -> None:
    """Fsync every file, write the manifest, fsync every directory."""
    entries: dict[str, dict[str, Any]] = {}
    for path in _files(directory):
        path.chmod(0o644)
        fsync_path(path)
        entries[path.relative_to(directory).as_posix()] = asdict(FileEntry(sha256_of(path), path.stat().st_size))
    manifest = directory / NAME
    manifest.write_text(json.dumps(entries, indent=1, sort_keys=True) + "\n", "utf-8")
    fsync_path(manifest)
    for folder in [path for path in directory.rglob("*") if path.is_dir()] + [directory]:
        fsync_path(folder)


def _files(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.rglob("*")) if path.is_file() and path != directory / NAME)


def _replace(partial: Path, directory: Path) -> None:
    """Rename `partial` to `directory`; a directory that is there already steps aside first and is removed after."""
    aside = Path(f"{partial}.old")
    if directory.exists():
        os.rename(directory, aside)
    os.rename(partial, directory)
    fsync_path(directory.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _remove_leftovers(directory: Path) -> None:
    """Remove what a killed writer of the same directory left behind."""
    for path in directory.parent.glob(f"{glob.escape(_prefix(directory))}*.partial*"):
        shutil.rmtree(path, ignore_errors=True)


def _prefix(directory: Path) -> str:
    return f".{directory.name}."
