"""Verification passes what is equal and finds, by name, what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.gguf import Contents, write_gguf
from export.model import TorchModel, load_model
from export.quantise import quantise
from export.verification.report import Row, table
from export.verify import verify
from inference.heads import Head

FILES = 12


def _row(rows: Sequence[Row], check: str) -> Row:
    return next(row for row in rows if row.check == check)


def test_an_f32_file_is_equal_in_everything(tiny: TorchModel, contents: Contents, tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf", tiny, contents, file_type="F32")
    rows = verify(tiny, contents, tmp_path / "tiny.gguf", "F32", files=FILES)
    assert [row.check for row in rows] == [
        "metadata",
        "engine",
        "tokens",
        "special tokens",
        "argmax F32, plain",
        "argmax F32, FIM",
        "head quality F32",
        "head quality F32 served",
    ]
    assert all(row.passed for row in rows[:-1]), table(rows)
    assert rows[-1].passed is None
    compared = sum(int(row.compared.split()[0]) for row in rows if row.check.startswith("argmax"))
    assert compared >= 200


def test_a_smaller_file_is_reported_beside_the_exact_one(tiny: TorchModel, contents: Contents, tmp_path: Path) -> None:
    write_gguf(tmp_path / "exact.gguf", tiny, contents, file_type="F32")
    quantise(tmp_path / "exact.gguf", tmp_path / "small.gguf", "Q5_K_M")
    rows = verify(tiny, contents, tmp_path / "small.gguf", "Q5_K_M", files=FILES)
    assert not any(row.passed is False for row in rows), table(rows)
    assert _row(rows, "argmax Q5_K_M, plain").passed is None
    assert _row(rows, "head quality Q5_K_M served").passed is None
    assert _row(rows, "head quality F32").passed is True
    assert {path.name for path in tmp_path.iterdir()} == {"exact.gguf", "small.gguf"}


def test_a_model_without_heads_and_controls(tiny: TorchModel, tmp_path: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf", tiny, Contents(), file_type="F32")
    rows = verify(tiny, Contents(), tmp_path / "tiny.gguf", "F32", files=FILES)
    assert not any(row.passed is False for row in rows), table(rows)
    assert _row(rows, "heads").result == "this model has no heads"


def test_a_changed_tensor_is_found(
    tiny: TorchModel, contents: Contents, make_base: object, base: object, tmp_path: Path
) -> None:
    import torch

    changed = load_model(tiny.tokenizer_directory)
    with torch.no_grad():
        changed.model.get_parameter("model.layers.1.self_attn.q_proj.weight").mul_(3.0)
    write_gguf(tmp_path / "tiny.gguf", changed, contents, file_type="F32")
    rows = verify(tiny, contents, tmp_path / "tiny.gguf", "F32", files=FILES)
    plain = _row(rows, "argmax F32, plain")
    assert plain.passed is False
    assert ".py (second half), position " in plain.difference
    head = _row(rows, "head quality F32")
    assert head.passed is False
    assert ".py:" in head.difference


def test_a_changed_head_is_found(tiny: TorchModel, contents: Contents, head: Head, tmp_path: Path) -> None:
    other = replace(contents, heads={"quality": replace(head, bias=head.bias + np.float32(0.01))})
    write_gguf(tmp_path / "tiny.gguf", tiny, other, file_type="F32")
    rows = verify(tiny, contents, tmp_path / "tiny.gguf", "F32", files=FILES)
    assert _row(rows, "metadata").difference == "read back differently: heads"
    assert _row(rows, "head quality F32").passed is False


def test_another_tokenizer_is_found(tiny: TorchModel, contents: Contents, tmp_path: Path) -> None:
    import json
    import shutil

    write_gguf(tmp_path / "tiny.gguf", tiny, contents, file_type="F32")
    other = shutil.copytree(tiny.tokenizer_directory, tmp_path / "tokenizer")
    spelled = json.loads((other / "tokenizer.json").read_text())
    spelled["pre_tokenizer"] = spelled["pre_tokenizer"]["pretokenizers"][1]
    (other / "tokenizer.json").write_text(json.dumps(spelled))
    rows = verify(replace(tiny, tokenizer_directory=other), contents, tmp_path / "tiny.gguf", "F32", files=FILES)
    tokens = _row(rows, "tokens")
    assert tokens.passed is False
    assert "token " in tokens.difference
    assert "(byte " in tokens.difference


def test_the_table_shows_the_difference_under_its_row() -> None:
    rows = [
        Row(check="tokens", compared="2 files", result="9 tokens equal", passed=True),
        Row(check="argmax", compared="8 positions", result="7 equal", passed=False, difference="a.py, position 3"),
        Row(check="head", compared="1 line", result="within 1", passed=None),
    ]
    lines = table(rows).splitlines()
    assert lines[1].endswith("ok")
    assert lines[2].endswith("DIFFERENT")
    assert lines[3] == "    a.py, position 3"
    assert lines[4].endswith("reported")


@pytest.mark.slow
def test_the_embedded_model_is_equal_in_tokens_and_next_tokens(contents: Contents, tmp_path: Path) -> None:
    from export.base import base_checkpoint

    model = load_model(base_checkpoint())
    mine = replace(contents, heads={})
    write_gguf(tmp_path / "base.gguf", model, mine, file_type="F32")
    rows = verify(model, mine, tmp_path / "base.gguf", "F32")
    assert not any(row.passed is False for row in rows), table(rows)
    assert "400 files" in _row(rows, "tokens").compared
