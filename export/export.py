"""One checkpoint -> one GGUF file, in order: open, merge, write, quantise, verify. Each step is a file of its own."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from export.checkpoint import Checkpoint, open_checkpoint
from export.gguf import FILE_TYPES, Contents, write_gguf
from export.merge import base_directory, merge
from export.model import TorchModel, require_torch
from export.provenance import provenance
from export.quantise import quantise
from export.verification.report import Row
from export.verify import verify
from languages.errors import CoderError


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and the rows of its verification (none when it was not asked for)."""

    path: Path
    file_type: str
    contents: Contents
    rows: list[Row]


def export_checkpoint(directory: Path, output: Path, *, file_type: str, verified: bool) -> Exported:
    """Write the checkpoint in `directory` to the GGUF file `output` as `file_type`.

    Raises `CoderError` for whatever is wrong with the checkpoint, its base, or the place to write to.
    """
    require_torch()
    _check_output(directory, output)
    checkpoint = open_checkpoint(directory)
    heads = checkpoint.heads()
    contents = Contents.of(checkpoint.info, heads, provenance(checkpoint.info, _base(checkpoint)))
    _quieten()
    model = merge(checkpoint)
    _write(model, contents, output, file_type)
    rows = verify(model, contents, output, file_type) if verified else []
    return Exported(output, file_type, contents, rows)


def _check_output(directory: Path, output: Path) -> None:
    if output.is_dir():
        raise CoderError(
            f"{output} is a directory; give the name of the file to write, for example {output / 'model.gguf'}."
        )
    if not output.parent.is_dir():
        raise CoderError(f"The directory {output.parent} does not exist; create it first.")
    if output.resolve().is_relative_to(directory.resolve()):
        raise CoderError(f"{output} lies inside the checkpoint, which stays as it is; write somewhere else.")


def _base(checkpoint: Checkpoint) -> Path | None:
    return base_directory(checkpoint.info.base) if checkpoint.is_adapter else None


def _write(model: TorchModel, contents: Contents, output: Path, file_type: str) -> None:
    if file_type in FILE_TYPES:
        write_gguf(output, model, contents, file_type=file_type)
        return
    with tempfile.TemporaryDirectory(prefix=".export-", dir=output.parent) as folder:
        exact = Path(folder) / f"{output.stem}-F32.gguf"
        write_gguf(exact, model, contents, file_type="F32")
        quantise(exact, output, file_type)


def _quieten() -> None:
    """Our own progress is enough."""
    from transformers.utils import logging

    logging.disable_progress_bar()
