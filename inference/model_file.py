"""What a GGUF model file says of itself, before it is loaded.

Reads the metadata (GGUF specification, `ggml/docs/gguf.md`), our `coder.control.*` and `coder.head.*` keys among it,
and refuses what cannot work: a missing, truncated or foreign file, malformed heads. It does not load weights and knows
no engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.gguf_reader import Metadata, TensorSummary, open_metadata
from inference.heads import KEY as HEAD_KEY
from inference.heads import Head
from inference.native import take_errors
from languages.errors import CoderError
from tasks.quality import WINDOW_TOKENS
from tasks.tokens import Control, ControlIds

Value = TypeVar("Value")

#: Prefix of our control tokens' ids in GGUF metadata.
CONTROL_KEY = "coder.control"
#: Tokens of code in a window that the heads were calibrated on.
WINDOW_KEY = "coder.window_tokens"
_TOKENS = "tokenizer.ggml.tokens"
#: llama.cpp's own FIM keys, newest first, for models that were not exported by us.
_FIM_KEYS = {
    Control.FIM_PREFIX: ("tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.prefix_token_id"),
    Control.FIM_SUFFIX: ("tokenizer.ggml.fim_suf_token_id", "tokenizer.ggml.suffix_token_id"),
    Control.FIM_MIDDLE: ("tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.middle_token_id"),
    Control.FILE_SEPARATOR: ("tokenizer.ggml.fim_sep_token_id",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A readable, complete GGUF model.

    `context_length` is what it was trained for, in tokens; `kv_bytes` what one token costs in the key-value cache at
    F16, in bytes; `size` the file's bytes; `bos_id` None when prompts get no beginning-of-sequence token from the
    tokenizer.
    """

    path: Path
    size: int
    name: str
    architecture: str
    parameters: int
    quantisation: str
    context_length: int
    hidden_size: int
    vocabulary_size: int
    kv_bytes: int
    chat_template: str | None
    bos_token: str
    eos_token: str
    bos_id: int | None
    controls: ControlIds
    heads: dict[str, Head]
    window_tokens: int = WINDOW_TOKENS


def read_model_file(path: Path) -> ModelFile:
    """Read the file at `path`; raises `CoderError` with a sentence when it cannot be a model."""
    size = _checked_size(path)
    take_errors()
    with open_metadata(path) as metadata:
        if metadata is None:
            raise CoderError(
                f"{path} is a damaged or truncated GGUF file ({take_errors() or 'its header cannot be read'}): "
                "download or export it again.",
                code="model_damaged",
            )
        tensors = metadata.tensors()
        _check_complete(path, size, tensors)
        return _model(path, size, metadata, tensors)


def describe(path: Path) -> dict[str, Any]:
    """What `coder models info` prints: JSON values only, weights left out."""
    model = read_model_file(path)
    return {
        "name": model.name,
        "path": str(model.path),
        "bytes": model.size,
        "architecture": model.architecture,
        "parameters": model.parameters,
        "quantisation": model.quantisation,
        "context_length": model.context_length,
        "hidden_size": model.hidden_size,
        "vocabulary_size": model.vocabulary_size,
        "chat_template": model.chat_template is not None,
        "controls": {control.value: token for control, token in model.controls.ids.items()},
        "heads": {task: list(head.labels) for task, head in model.heads.items()},
        "window_tokens": model.window_tokens,
    }


def _checked_size(path: Path) -> int:
    if path.is_dir():
        raise CoderError(f"{path} is a directory: give the path of a .gguf file in it.", code="model_not_found")
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        size = path.stat().st_size
    except FileNotFoundError:
        message = f"There is no file {path}: check the path, or see `coder models list`."
        raise CoderError(message, code="model_not_found") from None
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): check its permissions."
        raise CoderError(message, code="model_unreadable") from error
    if magic != b"GGUF":
        raise CoderError(f"{path} is not a GGUF file: give a model exported to GGUF.", code="not_a_gguf")
    return size


def _check_complete(path: Path, size: int, tensors: TensorSummary) -> None:
    if not tensors.parameters:
        raise CoderError(f"{path} holds no tensors, so it is not a model: give another file.", code="model_damaged")
    if size < tensors.end:
        missing = tensors.end - size
        message = f"{path} is truncated ({missing} of {tensors.end} bytes are missing): download or export it again."
        raise CoderError(message, code="model_truncated")


def _model(path: Path, size: int, metadata: Metadata, tensors: TensorSummary) -> ModelFile:
    architecture = _required(path, metadata.string("general.architecture"), "general.architecture")
    hidden_size = _required(
        path, metadata.integer(f"{architecture}.embedding_length"), f"{architecture}.embedding_length"
    )
    return ModelFile(
        path=path,
        size=size,
        name=metadata.string("general.name") or path.stem,
        architecture=architecture,
        parameters=tensors.parameters,
        quantisation=tensors.commonest_type,
        context_length=_required(
            path, metadata.integer(f"{architecture}.context_length"), f"{architecture}.context_length"
        ),
        hidden_size=hidden_size,
        vocabulary_size=_required(path, metadata.length(_TOKENS), _TOKENS),
        kv_bytes=_kv_bytes(metadata, architecture, hidden_size),
        chat_template=metadata.string("tokenizer.chat_template"),
        bos_token=_special_token(metadata, "bos"),
        eos_token=_special_token(metadata, "eos"),
        bos_id=_bos_id(metadata),
        controls=_controls(path, metadata),
        heads=_heads(path, metadata, hidden_size),
        window_tokens=_window_tokens(path, metadata),
    )


def _required(path: Path, value: Value | None, key: str) -> Value:
    if value is None:
        message = f"{path} has no {key}, so it is not a language model: give another GGUF file."
        raise CoderError(message, code="model_damaged")
    return value


def _special_token(metadata: Metadata, name: str) -> str:
    place = metadata.integer(f"tokenizer.ggml.{name}_token_id")
    return "" if place is None else metadata.string_at(_TOKENS, place) or ""


def _bos_id(metadata: Metadata) -> int | None:
    """The BOS id when it goes before every prompt; SentencePiece vocabularies do that unless they say no."""
    wanted = metadata.boolean("tokenizer.ggml.add_bos_token")
    if wanted is None:
        wanted = metadata.string("tokenizer.ggml.model") == "llama"
    return metadata.integer("tokenizer.ggml.bos_token_id") if wanted else None


def _kv_bytes(metadata: Metadata, architecture: str, hidden_size: int) -> int:
    """Bytes of keys and values of one token at F16, summed over layers."""
    layers = metadata.integer(f"{architecture}.block_count") or 0
    heads = max(metadata.integer(f"{architecture}.attention.head_count") or 1, 1)
    key_length = metadata.integer(f"{architecture}.attention.key_length") or hidden_size // heads
    value_length = metadata.integer(f"{architecture}.attention.value_length") or hidden_size // heads
    by_layer = metadata.numbers(f"{architecture}.attention.head_count_kv")
    shared = metadata.integer(f"{architecture}.attention.head_count_kv")
    kv_heads = int(np.sum(by_layer)) if by_layer is not None else layers * (shared or heads)
    return 2 * kv_heads * (key_length + value_length)


def _controls(path: Path, metadata: Metadata) -> ControlIds:
    ids: dict[Control, int] = {}
    vocabulary = metadata.length(_TOKENS) or 0
    for control in Control:
        for key in (f"{CONTROL_KEY}.{control.value}", *_FIM_KEYS.get(control, ())):
            token = metadata.integer(key)
            if token is None:
                continue
            if not 0 <= token < vocabulary:
                message = (
                    f"{path}: {key} is {token}, but the vocabulary has {vocabulary} tokens: export the model again."
                )
                raise CoderError(message, code="model_damaged")
            ids[control] = token
            break
    return ControlIds(ids)


def _heads(path: Path, metadata: Metadata, hidden_size: int) -> dict[str, Head]:
    suffix = ".labels"
    keys = metadata.keys(f"{HEAD_KEY}.")
    tasks = [key[len(HEAD_KEY) + 1 : -len(suffix)] for key in keys if key.endswith(suffix)]
    try:
        return {task: _head(metadata, task, hidden_size) for task in tasks}
    except ValueError as error:
        message = f"{path} holds a malformed head ({error}): export the model again."
        raise CoderError(message, code="malformed_head") from error


def _window_tokens(path: Path, metadata: Metadata) -> int:
    """Tokens of code in a window that the heads were calibrated on."""
    window = metadata.integer(WINDOW_KEY)
    if window is not None and window < 1:
        message = f"{path}: {WINDOW_KEY} is {window}, but a window has a token at least: export the model again."
        raise CoderError(message, code="model_damaged")
    return window or WINDOW_TOKENS


def _head(metadata: Metadata, task: str, hidden_size: int) -> Head:
    labels = metadata.strings(f"{HEAD_KEY}.{task}.labels")
    if not labels:
        raise ValueError(f"head {task} has no labels")
    if len(set(labels)) != len(labels):
        raise ValueError(f"head {task} has the same label twice")
    weight = _floats(metadata, task, "weight")
    if weight.size != len(labels) * hidden_size:
        wanted = f"{len(labels)} labels x {hidden_size} hidden"
        raise ValueError(f"head {task}: weight has {weight.size} numbers, wanted {wanted}")
    return Head(
        task=task,
        labels=tuple(labels),
        weight=weight.reshape(len(labels), hidden_size),
        bias=_floats(metadata, task, "bias"),
        temperature=_floats(metadata, task, "temperature"),
        threshold=_floats(metadata, task, "threshold"),
    )


def _floats(metadata: Metadata, task: str, name: str) -> NDArray[np.float32]:
    numbers = metadata.numbers(f"{HEAD_KEY}.{task}.{name}")
    if numbers is None:
        raise ValueError(f"head {task} has no array {name}")
    floats = numbers.astype(np.float32)
    if not np.isfinite(floats).all():
        raise ValueError(f"head {task}: {name} holds a number that is not finite")
    return floats
