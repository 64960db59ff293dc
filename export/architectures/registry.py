"""Finds the architecture of a model, or says which ones there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from export.architectures.architecture import Architecture
from export.architectures.llama import Llama
from languages.errors import CoderError

ARCHITECTURES: tuple[Architecture, ...] = (Llama(),)


def of_config(config: Mapping[str, Any]) -> Architecture:
    """The architecture of a config.json."""
    names = config.get("architectures") or ["none"]
    return _find(str(names[0]), {found.hugging_face_name: found for found in ARCHITECTURES})


def of_gguf(name: str) -> Architecture:
    """The architecture called `name` in GGUF's `general.architecture`."""
    return _find(name, {found.gguf_name: found for found in ARCHITECTURES})


def _find(name: str, known: Mapping[str, Architecture]) -> Architecture:
    if name not in known:
        raise CoderError(
            f"The architecture {name} is not supported; take a model with one of: {', '.join(sorted(known))}."
        )
    return known[name]
