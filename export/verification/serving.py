"""Does the engine that serves people read the delivered file as it was meant?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from export.gguf import Contents
from export.verification.corpus import awkward_texts
from export.verification.report import Row
from export.verification.runner import LlamaCpp
from inference.engine.engine import Engine
from inference.models import open_engine


@contextmanager
def served(path: Path, *, window: int) -> Iterator[Engine]:
    """The serving engine on `path`, closed at the end. `window`: tokens to serve."""
    engine = open_engine(str(path), context_length=window)
    try:
        yield engine
    finally:
        engine.close()


def compare_engine(engine: Engine, exact: LlamaCpp, contents: Contents) -> Row:
    """Control tokens, head labels and tokens as the engine gives them."""
    texts = awkward_texts()
    wrong = [text.name for text in texts if engine.tokenize(text.content) != exact.tokenize(text.content)]
    if any(engine.info.controls.get(control) != token for control, token in contents.controls.ids.items()):
        wrong.append("control tokens")
    wanted = {task: head.labels for task, head in contents.heads.items() if head.labels}
    if wanted != {task: head.labels for task, head in engine.info.heads.items()}:
        wrong.append("head labels")
    return Row(
        check="engine",
        compared=f"control tokens, head labels, {len(texts)} strings",
        result="equal" if not wrong else "not equal",
        passed=not wrong,
        difference=f"different: {', '.join(wrong)}" if wrong else "",
    )
