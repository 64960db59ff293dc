"""`--verify`: is the GGUF file the model that was trained?

At F32 everything must be equal to torch: tokens, the likeliest next token, head outputs. What is delivered may be a
smaller type; its agreement is reported, and judged by the limits below. Metadata is read back as serving reads it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from export.gguf import Contents, write_gguf
from export.heads import ARRAYS
from export.model import TorchModel
from export.tokenizer import read_tokenizer
from export.verification.judgement import Judge, compare_heads, judged_windows
from export.verification.positions import WINDOW, compare_positions, windows
from export.verification.report import Row
from export.verification.runner import LlamaCpp
from export.verification.serving import compare_engine, served
from export.verification.tokens import compare_tokens
from inference.heads import Head
from inference.model_file import ModelFile, read_model_file
from tasks.quality import WINDOW_TOKENS

#: Files of the standard library whose tokens are compared.
FILES = 400
#: The least share of positions at which a delivered file must agree with torch; other types are reported only.
LEAST_AGREEMENT: Mapping[str, float] = {"F16": 0.97, "BF16": 0.9, "Q8_0": 0.9}
EXACT = "F32"


def verify(model: TorchModel, contents: Contents, delivered: Path, file_type: str, *, files: int = FILES) -> list[Row]:
    """Compare `delivered` (of type `file_type`), and an F32 file of the same model, with torch.

    Writes the F32 file into a temporary directory when `delivered` is of another type. Raises `CoderError` when
    llama.cpp refuses a file.
    """
    read = read_model_file(delivered)
    with ExitStack() as stack:
        exact = delivered if file_type == EXACT else stack.enter_context(_exact_file(model, contents, delivered))
        window = max(contents.window_tokens or WINDOW_TOKENS, 2 * WINDOW) + 64
        candidates = {EXACT: stack.enter_context(LlamaCpp(exact, window=window))}
        if file_type != EXACT:
            candidates[file_type] = stack.enter_context(LlamaCpp(delivered, window=window, full_precision=False))
        engine = stack.enter_context(served(delivered, window=min(2 * window, read.context_length)))
        rows = [_metadata_row(read, model, contents), compare_engine(engine, candidates[EXACT], contents)]
        rows += compare_tokens(model.tokenizer_directory, candidates[EXACT], files=files)
        rows += _position_rows(model, contents, candidates)
        judges: dict[str, Judge] = {EXACT: (candidates[EXACT].hidden_states, read_model_file(exact).heads)}
        judges[f"{file_type} served"] = (engine.hidden_states, engine.info.heads)
        return rows + _head_rows(model, contents, candidates[EXACT], judges)


@contextmanager
def _exact_file(model: TorchModel, contents: Contents, beside: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=beside.parent) as folder:
        path = Path(folder) / f"{beside.stem}-{EXACT}.gguf"
        write_gguf(path, model, contents, file_type=EXACT)
        yield path


def _metadata_row(read: ModelFile, model: TorchModel, contents: Contents) -> Row:
    """Control tokens, heads, sizes and chat template as serving reads them."""
    vocabulary = read_tokenizer(model.tokenizer_directory, vocabulary_size=model.config["vocab_size"])
    wanted = {
        "control tokens": dict(contents.controls.ids) == {key: read.controls.get(key) for key in contents.controls.ids},
        "heads": _equal_heads(contents.heads, read.heads),
        "vocabulary": read.vocabulary_size == len(vocabulary.tokens),
        "hidden size": read.hidden_size == model.config["hidden_size"],
        "chat template": read.chat_template == vocabulary.chat_template,
    }
    wrong = [name for name, equal in wanted.items() if not equal]
    result = f"{len(wanted) - len(wrong)} of {len(wanted)} equal"
    difference = f"read back differently: {', '.join(wrong)}" if wrong else ""
    return Row(check="metadata", compared=", ".join(wanted), result=result, passed=not wrong, difference=difference)


def _equal_heads(wanted: Mapping[str, Head], given: Mapping[str, Head]) -> bool:
    if set(wanted) != set(given):
        return False
    return all(
        head.labels == given[task].labels
        and all(np.array_equal(getattr(head, name), getattr(given[task], name)) for name in ARRAYS)
        for task, head in wanted.items()
    )


def _position_rows(model: TorchModel, contents: Contents, candidates: Mapping[str, LlamaCpp]) -> list[Row]:
    agreements = compare_positions(model, candidates, windows(candidates[EXACT], contents.controls))
    limits = {**LEAST_AGREEMENT, EXACT: 1.0}
    return [
        agreement.row(f"argmax {name}, {kind}", at_least=limits.get(name))
        for (name, kind), agreement in agreements.items()
    ]


def _head_rows(model: TorchModel, contents: Contents, exact: LlamaCpp, judges: Mapping[str, Judge]) -> list[Row]:
    heads = {task: head for task, head in contents.heads.items() if head.labels}
    if not heads:
        return [Row(check="heads", compared="none", result="this model has no heads", passed=None)]
    several = judged_windows(exact, contents.controls, contents.window_tokens or WINDOW_TOKENS)
    return [
        error.row(f"head {task} {name}", len(heads[task].labels), judged=name == EXACT)
        for (name, task), error in compare_heads(model, heads, judges, several).items()
    ]
