"""A tiny random Llama with a real byte-level tokenizer: enough to train for real, in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.tiny import write_tiny_base


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face directory: hidden 64, 2 layers, about 600 tokens."""
    directory = tmp_path_factory.mktemp("base")
    write_tiny_base(directory)
    return directory


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Matrices this small are slower on two threads, and much slower when the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
