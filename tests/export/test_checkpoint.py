"""The checkpoint's format: what is written is read back, and everything else is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.checkpoint import CheckpointInfo, open_checkpoint, write_checkpoint, write_heads, write_info
from inference.heads import Head
from languages.errors import CoderError

MakeInfo = Callable[..., CheckpointInfo]


def _write(directory: Path, change: Callable[[dict[str, Any]], Any], info: CheckpointInfo) -> None:
    """A checkpoint whose coder.json was changed by hand."""

    def fill(partial: Path) -> None:
        (partial / "config.json").write_text("{}")
        write_info(partial, info)
        values = json.loads((partial / "coder.json").read_text())
        change(values)
        (partial / "coder.json").write_text(json.dumps(values))

    write_checkpoint(directory, fill)


def test_it_is_read_back_as_it_was_written(adapter_checkpoint: Path, head: Head, info: MakeInfo) -> None:
    checkpoint = open_checkpoint(adapter_checkpoint)
    assert checkpoint.is_adapter
    assert checkpoint.info == info(heads=checkpoint.info.heads)
    assert set(checkpoint.heads()) == {"quality"}
    read = checkpoint.heads()["quality"]
    assert read.labels == head.labels
    for name in ("weight", "bias", "temperature", "threshold"):
        np.testing.assert_array_equal(getattr(read, name), getattr(head, name))


def test_coder_json_has_the_agreed_keys(adapter_checkpoint: Path) -> None:
    values = json.loads((adapter_checkpoint / "coder.json").read_text())
    assert values["format"] == 1
    assert set(values["base"]) == {"name", "sha256"}
    assert values["controls"]["fim_prefix"] == 7
    assert set(values["heads"]["quality"]) == {"labels", "temperature", "threshold"}


def test_links_are_followed(adapter_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "best").symlink_to(adapter_checkpoint)
    assert open_checkpoint(tmp_path / "best").directory == adapter_checkpoint.resolve()


def test_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match="There is no checkpoint") as caught:
        open_checkpoint(tmp_path / "nothing")
    assert caught.value.code == "not_found"
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(CoderError, match=f"look into {tmp_path / 'checkpoints'}"):
        open_checkpoint(tmp_path / "step-3")
    (tmp_path / "file").touch()
    with pytest.raises(CoderError, match="is a file"):
        open_checkpoint(tmp_path / "file")


def test_a_newer_format(tmp_path: Path, info: MakeInfo) -> None:
    _write(tmp_path / "c", lambda values: values.update(format=2), info())
    with pytest.raises(CoderError, match="has format 2 and this program reads up to 1; update Coder"):
        open_checkpoint(tmp_path / "c")


def test_an_unknown_key_names_the_nearest(tmp_path: Path, info: MakeInfo) -> None:
    _write(tmp_path / "c", lambda values: values.update(window_token=1), info())
    with pytest.raises(CoderError, match=r'unknown key "window_token".*nearest known one is "window_tokens"'):
        open_checkpoint(tmp_path / "c")
    _write(tmp_path / "d", lambda values: values["controls"].update(fim_prefx=1), info())
    with pytest.raises(CoderError, match=r'unknown key "fim_prefx" in controls.*"fim_prefix"'):
        open_checkpoint(tmp_path / "d")


def test_a_missing_key_and_something_else(tmp_path: Path, info: MakeInfo) -> None:
    _write(tmp_path / "c", lambda values: values.pop("tasks"), info())
    with pytest.raises(CoderError, match=r"coder\.json cannot be read .*tasks"):
        open_checkpoint(tmp_path / "c")
    _write(tmp_path / "d", lambda values: values.pop("format"), info())
    with pytest.raises(CoderError, match="does not say its format"):
        open_checkpoint(tmp_path / "d")


def test_heads_that_do_not_fit_their_labels(tmp_path: Path, info: MakeInfo, head: Head) -> None:
    def fill(directory: Path) -> None:
        (directory / "config.json").write_text("{}")
        heads = write_heads(directory, {"quality": head})
        shorter = type(heads["quality"])(labels=("one",), temperature=(1.0,), threshold=(0.5,))
        write_info(directory, info(heads={"quality": shorter}))

    write_checkpoint(tmp_path / "c", fill)
    with pytest.raises(CoderError, match=r"does not fit coder\.json"):
        open_checkpoint(tmp_path / "c").heads()


def test_a_checkpoint_without_a_model(tmp_path: Path, info: MakeInfo) -> None:
    write_checkpoint(tmp_path / "c", lambda directory: write_info(directory, info()))
    with pytest.raises(CoderError, match="there is no model in it"):
        open_checkpoint(tmp_path / "c")
