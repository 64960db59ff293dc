"""Merging: the whole model answers as base and adapter did together."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export.base import Base
from export.checkpoint import BaseInfo, CheckpointInfo, open_checkpoint, write_checkpoint, write_info
from export.merge import merge
from export.model import TorchModel, load_model
from languages.errors import CoderError
from tasks.tokens import Control, ControlIds

MakeInfo = Callable[..., CheckpointInfo]


def test_the_merged_model_answers_as_the_adapter_did(
    adapter_checkpoint: Path, base: Base, tiny: TorchModel, controls: ControlIds
) -> None:
    from peft import PeftModel

    merged = merge(open_checkpoint(adapter_checkpoint))
    loaded = load_model(base.directory)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        PeftModel.from_pretrained(loaded.model, str(adapter_checkpoint)).eval()
    tokens = [controls.ids[Control.FIM_PREFIX], 500, 600, controls.ids[Control.FIM_MIDDLE], 700]
    wanted, wanted_hidden = loaded.logits_and_hidden_states(tokens)
    given, given_hidden = merged.logits_and_hidden_states(tokens)
    np.testing.assert_allclose(given, wanted, atol=1e-4)
    np.testing.assert_allclose(given_hidden, wanted_hidden, atol=1e-4)
    plain, _ = tiny.logits_and_hidden_states(tokens)
    assert np.abs(plain - given).max() > 0.1, "the adapter must have done something"


def test_trained_rows_are_merged_and_stay_tied(
    adapter_checkpoint: Path, tiny: TorchModel, controls: ControlIds
) -> None:
    merged = merge(open_checkpoint(adapter_checkpoint))
    before, after = (model.tensor("model.embed_tokens.weight") for model in (tiny, merged))
    changed = np.flatnonzero(np.any(before != after, axis=1))
    assert changed.tolist() == sorted(controls.ids.values())
    assert merged.config["tie_word_embeddings"] is True


def test_a_full_fine_tune_is_loaded(base: Base, info: MakeInfo, tiny: TorchModel, tmp_path: Path) -> None:
    def fill(directory: Path) -> None:
        shutil.copytree(base.directory, directory, dirs_exist_ok=True)
        write_info(directory, info())

    write_checkpoint(tmp_path / "full", fill)
    whole = merge(open_checkpoint(tmp_path / "full"))
    np.testing.assert_array_equal(whole.tensor("model.norm.weight"), tiny.tensor("model.norm.weight"))
    assert whole.tokenizer_directory == tmp_path / "full"


def test_another_base_is_refused(adapter_checkpoint: Path, base: Base) -> None:
    checkpoint = open_checkpoint(adapter_checkpoint)
    wrong = replace(checkpoint.info, base=BaseInfo(name=base.name, sha256="0" * 64))
    with pytest.raises(CoderError, match="is another one now"):
        merge(replace(checkpoint, info=wrong))


def test_an_adapter_of_another_shape_is_refused(adapter_checkpoint: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(adapter_checkpoint, tmp_path / "changed")
    settings = json.loads((changed / "adapter_config.json").read_text()) | {"r": 8}
    (changed / "adapter_config.json").write_text(json.dumps(settings))
    checkpoint = open_checkpoint(adapter_checkpoint)
    with pytest.raises(CoderError, match="does not fit its base model"):
        merge(replace(checkpoint, directory=changed))


def test_a_tensor_that_is_not_there(tiny: TorchModel) -> None:
    with pytest.raises(CoderError, match=r"no tensor model\.absent"):
        tiny.tensor("model.absent")
