"""Which models there are, what a name means, and opening one.

"default" is the embedded model; files in the cache's `models` folder are known by their names; anything else is a path.
It does not know what runs on a model.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference import embedded
from languages.cache_directory import cache_directory
from languages.errors import CoderError

if TYPE_CHECKING:
    from inference.engine.engine import Engine

DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model that `--model NAME` understands. `size` in bytes; None while the file is not `ready`."""

    name: str
    path: Path
    size: int | None
    ready: bool


def models_directory() -> Path:
    """The cache's folder of models; GGUF files put there are known by name."""
    return cache_directory() / "models"


def default_model(progress: embedded.Progress | None = None) -> Path:
    """The embedded model's file, prepared on first use; see `inference.embedded.prepare`."""
    return embedded.prepare(models_directory(), progress)


def list_models(directories: Sequence[Path] = ()) -> list[KnownModel]:
    """The embedded model, then every GGUF file in the cache and in `directories`."""
    return list(_known((models_directory(), *directories)))


def resolve_model(
    model: str | None = None, *, directories: Sequence[Path] = (), progress: embedded.Progress | None = None
) -> Path:
    """The file that `model` (a name or a path; None: $CODER_MODEL, or "default") means. Raises `CoderError`."""
    wanted = model or os.environ.get("CODER_MODEL") or DEFAULT
    if wanted == DEFAULT:
        return default_model(progress)
    path = Path(wanted).expanduser()
    if path.exists() or path.name != wanted or wanted.endswith(".gguf"):
        return path
    known = {candidate.name: candidate.path for candidate in list_models(directories)}
    if wanted in known:
        return known[wanted]
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else "`coder models list` shows the names."
    raise CoderError(
        f'There is no model "{wanted}": give the path of a GGUF file, or a known name; {hint}', code="unknown_model"
    )


def pull(name: str) -> Path:
    """Make the model `name` ready. Coder opens no network connection, so only the embedded one can be pulled."""
    if name != DEFAULT:
        message = (
            f'"{name}" cannot be pulled, because Coder never opens a network connection: only "{DEFAULT}" can; put '
            f"another GGUF file into {models_directory()} or give its path to --model."
        )
        raise CoderError(message, code="no_network")
    return default_model()


def open_engine(
    model: str | None = None, *, context_length: int | None = None, progress: embedded.Progress | None = None
) -> Engine:
    """Load a model by name or path (None: $CODER_MODEL, or the embedded one) and start its engine.

    `context_length` is the window to serve, in tokens; without it, what the model and the memory allow, at most 8192.
    Raises `CoderError` when the file is missing, foreign, truncated, malformed or too big.
    """
    from inference.engine.capacity import plan_capacity
    from inference.engine.llama import LlamaEngine
    from inference.model_file import read_model_file

    file = read_model_file(resolve_model(model, progress=progress))
    return LlamaEngine(file, plan_capacity(file, context_length))


def _known(directories: Sequence[Path]) -> Iterator[KnownModel]:
    prepared = models_directory() / embedded.FILE_NAME
    ready = embedded.is_prepared(models_directory())
    yield KnownModel(name=DEFAULT, path=prepared, size=prepared.stat().st_size if ready else None, ready=ready)
    for directory in directories:
        for path in sorted(directory.glob("*.gguf")):
            if path != prepared and not path.name.startswith("."):
                yield KnownModel(name=path.stem, path=path, size=path.stat().st_size, ready=True)
