"""Base models: a GGUF file becomes exactly the Hugging Face model that it was made from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from export.base import Base, base_checkpoint, resolve_base
from export.gguf import Contents, write_gguf
from export.model import TorchModel
from inference.embedded import source_file
from languages.errors import CoderError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODER_CACHE_DIR", str(tmp_path / "cache"))


def test_a_hugging_face_directory_is_used_as_it_is(base: Base) -> None:
    assert base_checkpoint(str(base.directory)) == base.directory
    assert base.name == str(base.directory)


def test_a_gguf_file_is_unpacked_to_the_same_tensors_and_tokenizer(
    base: Base, tiny: TorchModel, contents: Contents, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    write_gguf(tmp_path / "tiny.gguf", tiny, contents, file_type="F32")
    unpacked = resolve_base(str(tmp_path / "tiny.gguf"))
    assert unpacked.directory.name == f"tiny-{unpacked.sha256[:16]}"
    wanted, given = (load_file(place.directory / "model.safetensors") for place in (base, unpacked))
    assert set(wanted) == set(given)
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(given[name], tensor, err_msg=name)
    for name in ("tokenizer.json", "chat_template.jinja"):
        assert (unpacked.directory / name).read_text() == (base.directory / name).read_text()
    assert json.loads((unpacked.directory / "provenance.json").read_text())["license"] == "apache-2.0"


def test_the_cache_is_used_and_renewed_when_it_is_not_whole(
    tiny: TorchModel, contents: Contents, tmp_path: Path
) -> None:
    write_gguf(tmp_path / "tiny.gguf", tiny, contents, file_type="F32")
    weights = base_checkpoint(str(tmp_path / "tiny.gguf")) / "model.safetensors"
    written = weights.stat().st_mtime_ns
    assert base_checkpoint(str(tmp_path / "tiny.gguf")) == weights.parent
    assert weights.stat().st_mtime_ns == written
    whole = weights.stat().st_size
    weights.write_bytes(b"short")
    base_checkpoint(str(tmp_path / "tiny.gguf"))
    assert weights.stat().st_size == whole


def test_what_is_not_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match="There is no model"):
        resolve_base(str(tmp_path / "nothing"))
    with pytest.raises(CoderError, match=r"has no config\.json"):
        resolve_base(str(tmp_path))
    (tmp_path / "text.gguf").write_text("this is text, not a model, and long enough to be read as one")
    with pytest.raises(CoderError, match="is not a whole GGUF file"):
        resolve_base(str(tmp_path / "text.gguf"))
    (tmp_path / "short.gguf").write_bytes(source_file().read_bytes()[:3_000_000])
    with pytest.raises(CoderError, match="is not a whole GGUF file"):
        resolve_base(str(tmp_path / "short.gguf"))
    (tmp_path / "empty.gguf").touch()
    with pytest.raises(CoderError, match="is not a whole GGUF file"):
        resolve_base(str(tmp_path / "empty.gguf"))


def test_another_architecture_is_refused(base: Base, tmp_path: Path) -> None:
    other = shutil.copytree(base.directory, tmp_path / "other")
    config = json.loads((other / "config.json").read_text()) | {"architectures": ["GPT2LMHeadModel"]}
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(CoderError, match="GPT2LMHeadModel is not supported"):
        resolve_base(str(other))


@pytest.mark.slow
def test_the_embedded_model_is_what_transformers_reads_from_the_same_file() -> None:
    from safetensors.numpy import load_file
    from transformers import AutoModelForCausalLM

    file = source_file()
    mine = load_file(base_checkpoint() / "model.safetensors")
    theirs = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name).state_dict()
    theirs.pop("lm_head.weight", None)
    assert set(mine) == set(theirs)
    for name, tensor in mine.items():
        np.testing.assert_array_equal(tensor, theirs[name].float().numpy(), err_msg=name)
