"""A GGUF file unpacked into a Hugging Face directory: float32 tensors, config.json, tokenizer.

Tensors are dequantised, renamed and put back into Hugging Face's row order. transformers can load GGUF too, but takes
eight times as long, rebuilds this tokenizer wrongly and refuses to train what it loaded. It does not import torch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.architectures.registry import of_config, of_gguf
from export.progress import Advance, progress_bar
from export.provenance import keep_provenance
from export.tokenizer import Vocabulary, write_tokenizer
from languages.errors import CoderError


def unpack_gguf(gguf_file: Path, directory: Path) -> None:
    """Write `gguf_file` into `directory`; `CoderError` when it is damaged, or of a kind that is not supported."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(gguf_file)
    except (ValueError, IndexError) as error:
        raise CoderError(f"{gguf_file} is not a whole GGUF file ({error}).") from error
    fields: Mapping[str, Any] = reader.fields
    if "general.architecture" not in fields:
        raise CoderError(f"{gguf_file} does not name its architecture, so it is not a language model.")
    architecture = of_gguf(str(fields["general.architecture"].contents()))
    prefix = f"{architecture.gguf_name}."
    values = {name.removeprefix(prefix): fields[name].contents() for name in fields if name.startswith(prefix)}
    tied = not any(tensor.name == "output.weight" for tensor in reader.tensors)
    vocabulary = read_vocabulary(fields)
    config = architecture.config(values, tied=tied) | _token_ids(vocabulary.special_ids)
    config |= {"vocab_size": len(vocabulary.tokens), "dtype": "float32"}
    (directory / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    write_tokenizer(vocabulary, directory, context_length=int(values["context_length"]))
    keep_provenance(fields, directory)
    with progress_bar(f"Converting {gguf_file.name} to a trainable model", len(reader.tensors)) as advance:
        _write_tensors(reader, config, directory / "model.safetensors", advance)


def _write_tensors(reader: Any, config: Mapping[str, Any], path: Path, advance: Advance) -> None:
    """Dequantise all tensors of a GGUF reader into one float32 safetensors file."""
    import numpy as np
    from gguf.quants import dequantize
    from safetensors.numpy import save_file

    stored = {tensor.name: tensor for tensor in reader.tensors}
    tensors = {}
    for name in of_config(config).tensors(config):
        if name.gguf not in stored:
            raise CoderError(f"The GGUF file lacks the tensor {name.gguf}, so it cannot be trained.")
        tensor = stored.pop(name.gguf)
        array = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        tensors[name.hugging_face] = np.ascontiguousarray(name.to_hugging_face(array))
        advance(1)
    if stored:
        raise CoderError(f"The GGUF file has a tensor that is not understood: {next(iter(stored))}.")
    save_file(tensors, path, metadata={"format": "pt"})


def read_vocabulary(fields: Mapping[str, Any]) -> Vocabulary:
    """The tokenizer in a GGUF reader's `fields`; `CoderError` unless it is byte-level BPE."""

    def read(key: str, otherwise: Any = None) -> Any:
        field = fields.get(f"tokenizer.{key}")
        return field.contents() if field is not None else otherwise

    if read("ggml.model") != "gpt2":
        raise CoderError(f'The tokenizer "{read("ggml.model")}" is not supported; take a model with byte-level BPE.')
    ids = {role: read(f"ggml.{role}_token_id") for role in ("bos", "eos", "unknown", "padding")}
    return Vocabulary(
        pre=str(read("ggml.pre", "gpt-2")),
        tokens=tuple(read("ggml.tokens")),
        types=tuple(read("ggml.token_type")),
        merges=tuple(read("ggml.merges")),
        special_ids={role: token for role, token in ids.items() if token is not None},
        add_bos=bool(read("ggml.add_bos_token", False)),
        chat_template=read("chat_template"),
    )


def _token_ids(special_ids: Mapping[str, int]) -> dict[str, int]:
    roles = {"bos": "bos_token_id", "eos": "eos_token_id", "padding": "pad_token_id"}
    return {key: special_ids[role] for role, key in roles.items() if role in special_ids}
