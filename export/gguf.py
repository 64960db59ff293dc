"""Writes one GGUF file: hyperparameters, tokenizer, control tokens, heads, provenance, tensors.

Metadata keys follow ggml's `docs/gguf.md`; ours start with "coder.". Tensors go through one at a time, so memory holds
the model once. It knows nothing of K-quants (`export/quantise.py`) or of where the model came from (`export/merge.py`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from export.architectures.architecture import TensorName
from export.architectures.registry import of_config
from export.heads import add_heads
from export.info import FORMAT, CheckpointInfo
from export.manifest import fsync_path
from export.model import TorchModel
from export.progress import progress_bar
from export.tokenizer import Vocabulary, read_tokenizer
from inference.heads import Head
from inference.model_file import CONTROL_KEY, WINDOW_KEY
from languages.errors import CoderError
from tasks.tokens import Control, ControlIds

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType, GGUFWriter

#: The types that this file can write, and their `general.file_type`.
FILE_TYPES: Mapping[str, int] = {"F32": 0, "F16": 1, "BF16": 32, "Q8_0": 7}

#: Control -> the standard GGUF key that other programs read.
_STANDARD_KEYS: Mapping[Control, str] = {
    Control.FIM_PREFIX: "fim_pre",
    Control.FIM_SUFFIX: "fim_suf",
    Control.FIM_MIDDLE: "fim_mid",
    Control.FILE_SEPARATOR: "fim_sep",
}
_ENDS_OF_TURN = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What goes into the file beside the model: judgement, control tokens, and where it came from."""

    heads: Mapping[str, Head] = field(default_factory=dict)
    controls: ControlIds = field(default_factory=lambda: ControlIds({}))
    tasks: tuple[str, ...] = ()
    window_tokens: int = 0
    #: `general.*` keys and others, by name; a sequence of texts becomes an array.
    provenance: Mapping[str, str | int | tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, info: CheckpointInfo, heads: Mapping[str, Head], provenance: Mapping[str, Any]) -> Contents:
        """What a checkpoint's `coder.json` says."""
        return cls(
            heads=heads,
            controls=info.control_ids,
            tasks=info.tasks,
            window_tokens=info.window_tokens,
            provenance=provenance,
        )


def write_gguf(path: Path, model: TorchModel, contents: Contents, *, file_type: str = "F16") -> None:
    """Write `model` and `contents` to `path`, whole or not at all; `file_type` is a key of `FILE_TYPES`."""
    from gguf import GGUFWriter

    with replacing(path) as partial:
        writer = GGUFWriter(None, of_config(model.config).gguf_name)
        _add_metadata(writer, model, contents, file_type)
        _write_tensors(writer, model, file_type, partial, title=f"Writing {path.name}")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place, fsynced, when the block ends well."""
    if not path.parent.is_dir():
        raise CoderError(f"The directory {path.parent} does not exist; create it first.")
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        raise CoderError(f"Cannot write into {path.parent}: {error.strerror}.") from error
    os.close(descriptor)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        fsync_path(partial)
        os.replace(partial, path)
        fsync_path(path.parent)
    except OSError as error:
        raise CoderError(
            f"Cannot write {path}: {error.strerror or error}; make room or choose another place."
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _add_metadata(writer: GGUFWriter, model: TorchModel, contents: Contents, file_type: str) -> None:
    _add_provenance(writer, contents.provenance)
    for key, value in of_config(model.config).hyperparameters(model.config).items():
        _add(writer, f"{writer.arch}.{key}", value)
    writer.add_file_type(FILE_TYPES[file_type])
    writer.add_quantization_version(2)
    vocabulary = read_tokenizer(model.tokenizer_directory, vocabulary_size=model.config["vocab_size"])
    _add_tokenizer(writer, vocabulary)
    _add_controls(writer, contents.controls)
    writer.add_uint32("coder.format", FORMAT)
    if contents.window_tokens:
        writer.add_uint32(WINDOW_KEY, contents.window_tokens)
    if contents.tasks:
        writer.add_array("coder.tasks", list(contents.tasks))
    add_heads(writer, contents.heads, hidden_size=model.config["hidden_size"])


def _add_provenance(writer: GGUFWriter, provenance: Mapping[str, str | int | tuple[str, ...]]) -> None:
    writer.add_type("model")
    for key, value in provenance.items():
        _add(writer, key, value)


def _add(writer: GGUFWriter, key: str, value: str | int | float | tuple[str, ...]) -> None:
    if isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    else:
        writer.add_array(key, list(value))


def _add_tokenizer(writer: GGUFWriter, vocabulary: Vocabulary) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(list(vocabulary.tokens))
    writer.add_token_types(list(vocabulary.types))
    writer.add_token_merges(list(vocabulary.merges))
    for role, token in vocabulary.special_ids.items():
        writer.add_uint32(f"tokenizer.ggml.{role}_token_id", token)
    end_of_turn = next((piece for piece in _ENDS_OF_TURN if piece in vocabulary.tokens), None)
    if end_of_turn is not None:
        writer.add_eot_token_id(vocabulary.tokens.index(end_of_turn))
    writer.add_add_bos_token(vocabulary.add_bos)
    writer.add_add_space_prefix(False)
    if vocabulary.chat_template:
        writer.add_chat_template(vocabulary.chat_template)


def _add_controls(writer: GGUFWriter, controls: ControlIds) -> None:
    for control, token in controls.ids.items():
        writer.add_uint32(f"{CONTROL_KEY}.{control.value}", token)
        if control in _STANDARD_KEYS:
            writer.add_uint32(f"tokenizer.ggml.{_STANDARD_KEYS[control]}_token_id", token)


def _write_tensors(writer: GGUFWriter, model: TorchModel, file_type: str, path: Path, *, title: str) -> None:
    """Announce every tensor, then convert and write one after the other."""
    from gguf import quant_shape_to_byte_shape

    names = of_config(model.config).tensors(model.config)
    kinds = {}
    for name in names:
        shape = model.tensor(name.hugging_face).shape
        kinds[name.gguf] = kind = _stored_type(shape, file_type)
        size = int(np.prod(quant_shape_to_byte_shape(shape, kind)))
        writer.add_tensor_info(name.gguf, shape, np.dtype(np.float32), size, raw_dtype=kind)
    writer.write_header_to_file(path)
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    with progress_bar(title, len(names)) as advance:
        for name in names:
            writer.write_tensor_data(_encoded(model, name, kinds[name.gguf]))
            advance(1)
    writer.close()


def _stored_type(shape: tuple[int, ...], file_type: str) -> GGMLQuantizationType:
    """Vectors stay float32; rows that do not divide into blocks of a quantised type become F16."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    if len(shape) < 2:
        return GGMLQuantizationType.F32
    wanted = GGMLQuantizationType[file_type]
    block, _ = GGML_QUANT_SIZES[wanted]
    return GGMLQuantizationType.F16 if shape[-1] % block else wanted


def _encoded(model: TorchModel, name: TensorName, kind: GGMLQuantizationType) -> NDArray[Any]:
    from gguf.quants import quantize

    array = name.to_gguf(model.tensor(name.hugging_face))
    return np.ascontiguousarray(quantize(np.ascontiguousarray(array), kind))
