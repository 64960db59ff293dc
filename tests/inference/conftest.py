"""The real embedded model, loaded once for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inference.engine.engine import Engine
from inference.models import default_model, open_engine


@pytest.fixture(scope="session")
def default_file() -> Path:
    """The embedded model's prepared file."""
    return default_model()


@pytest.fixture(scope="session")
def default_engine(default_file: Path) -> Iterator[Engine]:
    """An engine on the embedded model with a window of 2048 tokens. Do not close it."""
    engine = open_engine(str(default_file), context_length=2048)
    yield engine
    engine.close()
