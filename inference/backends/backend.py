"""`Backend`: where the model runs, as far as an editor needs to know.

`inference/backends/embedded.py` runs it in this process, `inference/backends/openai.py` asks a server.
"""

from __future__ import annotations

from typing import Protocol

from inference.assistant.completion import Completion
from inference.engine.engine import Engine
from tasks.complete import CursorContext


class Backend(Protocol):
    """A model that can be asked. Every method may be called from any thread."""

    @property
    def name(self) -> str:
        """What people know the model by."""

    @property
    def judge(self) -> Engine | None:
        """The engine that judges code, when the model was trained to and its hidden states can be read here."""

    def complete(self, context: CursorContext) -> Completion:
        """Start ghost text at a cursor. Never raises."""

    def close(self) -> None:
        """Stop what runs and free the model. Idempotent."""
