"""Byte-level BPE tokenizers, from GGUF to Hugging Face and back.

GGUF names the way text is cut before BPE ("pre": "smollm"); Hugging Face spells it out. The table below is the bridge,
each line checked token by token on thousands of files (`export/verify.py`). transformers' own GGUF reader picks
the wrong cut for "smollm", which changes the tokens of one code file in ten.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.errors import CoderError

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 1, 2, 3, 4, 5

_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
_DIGITS = {"type": "Digits", "individual_digits": True}

#: GGUF's `tokenizer.ggml.pre` -> the `pre_tokenizer` of tokenizer.json.
PRE_TOKENIZERS: Mapping[str, Mapping[str, Any]] = {
    "smollm": {"type": "Sequence", "pretokenizers": [_DIGITS, _BYTE_LEVEL]},
    "gpt-2": _BYTE_LEVEL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A byte-level BPE tokenizer as GGUF holds it. `types[i]` is one of the constants above."""

    pre: str
    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    special_ids: Mapping[str, int]
    add_bos: bool
    chat_template: str | None


#: The keys of `special_ids`: GGUF's name -> tokenizer_config.json's.
SPECIAL = {"bos": "bos_token", "eos": "eos_token", "unknown": "unk_token", "padding": "pad_token"}


def write_tokenizer(vocabulary: Vocabulary, directory: Path, *, context_length: int) -> None:
    """Write tokenizer.json, its settings and the chat template; `CoderError` for an unknown pre-tokenizer."""
    if vocabulary.pre not in PRE_TOKENIZERS:
        raise CoderError(
            f'The pre-tokenizer "{vocabulary.pre}" is not supported; known are: {", ".join(PRE_TOKENIZERS)}.'
        )
    _write_json(directory / "tokenizer.json", _tokenizer_json(vocabulary))
    names = {
        SPECIAL[role]: vocabulary.tokens[token] for role, token in vocabulary.special_ids.items() if role in SPECIAL
    }
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": context_length} | names
    settings |= {"add_bos_token": vocabulary.add_bos, "clean_up_tokenization_spaces": False}
    _write_json(directory / "tokenizer_config.json", settings)
    if vocabulary.chat_template:
        (directory / "chat_template.jinja").write_text(vocabulary.chat_template, "utf-8")


def read_tokenizer(directory: Path, *, vocabulary_size: int) -> Vocabulary:
    """The vocabulary of a Hugging Face directory, filled up with unused tokens to `vocabulary_size`.

    Raises `CoderError` when it is not byte-level BPE with a known pre-tokenizer.
    """
    path = directory / "tokenizer.json"
    if not path.is_file():
        raise CoderError(f"{path} is missing; a checkpoint needs its tokenizer.")
    tokenizer = json.loads(path.read_text("utf-8"))
    model = tokenizer["model"]
    if model.get("type") != "BPE" or model.get("byte_fallback"):
        raise CoderError(f"{path} is not a byte-level BPE tokenizer, the only kind that export supports.")
    tokens, types = _tokens(tokenizer, vocabulary_size)
    settings = _settings(directory)
    return Vocabulary(
        pre=_pre_name(tokenizer, path),
        tokens=tokens,
        types=types,
        merges=tuple(merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]),
        special_ids=_special_ids(settings, tokens),
        add_bos=bool(settings.get("add_bos_token", False)),
        chat_template=_chat_template(directory, settings),
    )


def _tokenizer_json(vocabulary: Vocabulary) -> dict[str, Any]:
    marks = {CONTROL: True, USER_DEFINED: False}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [
        {"id": index, "content": token, **plain, "special": marks[kind]}
        for index, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types, strict=True))
        if kind in marks
    ]
    model: dict[str, Any] = {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None}
    model |= {"end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False}
    model["vocab"] = {token: index for index, token in enumerate(vocabulary.tokens)}
    model["merges"] = [merge.split(" ") for merge in vocabulary.merges]
    frame: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
    }
    frame |= {"pre_tokenizer": PRE_TOKENIZERS[vocabulary.pre], "post_processor": None}
    return frame | {"decoder": {**_BYTE_LEVEL, "add_prefix_space": True}, "model": model}


def _tokens(tokenizer: Mapping[str, Any], size: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    pieces = {index: (token, NORMAL) for token, index in tokenizer["model"]["vocab"].items()}
    for added in tokenizer.get("added_tokens", []):
        pieces[added["id"]] = (added["content"], CONTROL if added["special"] else USER_DEFINED)
    if pieces and max(pieces) >= size:
        raise CoderError(
            f"The tokenizer has a token {max(pieces)}, but the model knows only {size}; they do not belong together."
        )
    filled = [pieces.get(index, (f"[PAD{index}]", UNUSED)) for index in range(size)]
    return tuple(token for token, _ in filled), tuple(kind for _, kind in filled)


def _pre_name(tokenizer: Mapping[str, Any], path: Path) -> str:
    for name, spelled in PRE_TOKENIZERS.items():
        if _essence(tokenizer.get("pre_tokenizer")) == _essence(spelled) and not tokenizer.get("normalizer"):
            return name
    raise CoderError(f"{path} cuts text in a way that export does not know; known are: {', '.join(PRE_TOKENIZERS)}.")


def _essence(pre_tokenizer: Any) -> Any:
    """A pre-tokenizer without what does not change tokens (offsets)."""
    if isinstance(pre_tokenizer, Mapping):
        return {key: _essence(value) for key, value in pre_tokenizer.items() if key != "trim_offsets"}
    return [_essence(item) for item in pre_tokenizer] if isinstance(pre_tokenizer, list) else pre_tokenizer


def _settings(directory: Path) -> dict[str, Any]:
    path = directory / "tokenizer_config.json"
    values: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return values


def _special_ids(settings: Mapping[str, Any], tokens: tuple[str, ...]) -> dict[str, int]:
    numbers = {token: index for index, token in enumerate(tokens)}
    found = {}
    for role, key in SPECIAL.items():
        value = settings.get(key)
        name = value.get("content") if isinstance(value, Mapping) else value
        if name in numbers:
            found[role] = numbers[name]
    return found


def _chat_template(directory: Path, settings: Mapping[str, Any]) -> str | None:
    path = directory / "chat_template.jinja"
    if path.is_file():
        return path.read_text("utf-8")
    template = settings.get("chat_template")
    return template if isinstance(template, str) else None


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", "utf-8")
