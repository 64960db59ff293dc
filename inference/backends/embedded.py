"""The backend that runs the model in this process."""

from __future__ import annotations

from inference.assistant.completion import Completion, complete
from inference.assistant.judge import can_judge
from inference.engine.engine import Engine
from tasks.complete import CursorContext


class EmbeddedBackend:
    """An engine, as a `Backend`. It owns the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def name(self) -> str:
        return self._engine.info.name

    @property
    def judge(self) -> Engine | None:
        return self._engine if can_judge(self._engine.info) else None

    def complete(self, context: CursorContext) -> Completion:
        return complete(self._engine, context)

    def close(self) -> None:
        self._engine.close()
