"""The tokenizer between GGUF and Hugging Face."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from export.tokenizer import UNUSED, Vocabulary, read_tokenizer, write_tokenizer
from languages.errors import CoderError


def test_the_vocabulary_survives_the_way_there_and_back(vocabulary: Vocabulary, tmp_path: Path) -> None:
    write_tokenizer(vocabulary, tmp_path, context_length=8192)
    assert read_tokenizer(tmp_path, vocabulary_size=len(vocabulary.tokens)) == vocabulary


def test_transformers_saves_what_we_can_read(vocabulary: Vocabulary, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    write_tokenizer(vocabulary, tmp_path, context_length=8192)
    AutoTokenizer.from_pretrained(tmp_path).save_pretrained(tmp_path / "saved")
    assert read_tokenizer(tmp_path / "saved", vocabulary_size=len(vocabulary.tokens)) == vocabulary


def test_a_bigger_model_gets_unused_tokens(vocabulary: Vocabulary, tmp_path: Path) -> None:
    write_tokenizer(vocabulary, tmp_path, context_length=8192)
    size = len(vocabulary.tokens)
    padded = read_tokenizer(tmp_path, vocabulary_size=size + 2)
    assert padded.tokens[size:] == (f"[PAD{size}]", f"[PAD{size + 1}]")
    assert padded.types[size:] == (UNUSED, UNUSED)


def test_a_smaller_model_is_refused(vocabulary: Vocabulary, tmp_path: Path) -> None:
    write_tokenizer(vocabulary, tmp_path, context_length=8192)
    with pytest.raises(CoderError, match="they do not belong together"):
        read_tokenizer(tmp_path, vocabulary_size=100)


def test_an_unknown_cut_is_refused_both_ways(vocabulary: Vocabulary, tmp_path: Path) -> None:
    with pytest.raises(CoderError, match='pre-tokenizer "tekken" is not supported; known are: smollm'):
        write_tokenizer(replace(vocabulary, pre="tekken"), tmp_path, context_length=8)
    write_tokenizer(vocabulary, tmp_path, context_length=8)
    spelled = json.loads((tmp_path / "tokenizer.json").read_text())
    spelled["pre_tokenizer"] = {"type": "Whitespace"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(spelled))
    with pytest.raises(CoderError, match="cuts text in a way that export does not know"):
        read_tokenizer(tmp_path, vocabulary_size=len(vocabulary.tokens))


def test_sentencepiece_and_a_missing_tokenizer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match=r"tokenizer\.json is missing"):
        read_tokenizer(tmp_path, vocabulary_size=10)
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "Unigram"}}))
    with pytest.raises(CoderError, match="not a byte-level BPE tokenizer"):
        read_tokenizer(tmp_path, vocabulary_size=10)
