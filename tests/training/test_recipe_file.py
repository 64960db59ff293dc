"""Recipes are read strictly: every mistake names the nearest known key, the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from languages.errors import CoderError
from training.recipe_file import load_recipe, recipe_names

GOOD = """name = "mine"
seed = 3

[lora]
rank = 4

[stages.first]
steps = 5
mix = { complete = 1 }

[scale.tiny.lora]
rank = 2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    return path


def test_every_shipped_recipe_loads_at_every_scale() -> None:
    assert "spine" in recipe_names()
    for name in recipe_names():
        assert load_recipe(name).name == name
        assert load_recipe(name, scale="tiny").total_steps > 0
        assert load_recipe(name, scale="full").total_steps > 0


def test_a_file_a_scale_and_settings_stack(file: Path) -> None:
    assert load_recipe(str(file)).lora.rank == 4
    assert load_recipe(str(file), scale="tiny").lora.rank == 2
    changed = load_recipe(str(file), scale="tiny", settings=["lora.rank=9", "base=other", "lora.alpha=3"])
    assert (changed.lora.rank, changed.base, changed.lora.alpha) == (9, "other", 3.0)
    assert changed.stages["first"].mix == {"complete": 1.0}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("rank = 4", "rnak = 4", ':5: unknown key "lora.rnak"; the nearest known one is "lora.rank"'),
        ("[lora]", "[lroa]", ':4: unknown key "lroa"; the nearest known one is "lora"'),
        ("rank = 4", "rank = 4.5", ':5: "lora.rank" must be a whole number, not 4.5'),
        ("rank = 4", "rank = true", ':5: "lora.rank" must be a whole number, not True'),
        ("rank = 4", "rank = 0", ':5: "lora.rank" must be at least 1, not 0'),
        ("steps = 5", "stesp = 5", ':8: unknown key "stages.first.stesp"'),
        ("complete = 1", "compleet = 1", ':9: unknown task "compleet"; the nearest known one is "complete"'),
        ("complete = 1", "complete = -1", ":9: the share of a task cannot be negative"),
        ("rank = 2", "rnk = 2", ':12: unknown key "lora.rnk"'),
        ("seed = 3", "seed = ", "not valid TOML"),
        ('name = "mine"', "", 'the key "name" is missing'),
    ],
)
def test_mistakes_name_file_line_and_nearest_key(file: Path, before: str, after: str, message: str) -> None:
    file.write_text(GOOD.replace(before, after, 1))
    with pytest.raises(CoderError) as caught:
        load_recipe(str(file))
    assert str(file) in caught.value.message
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("lora.rnk=3", '--set lora.rnk=3: unknown key "lora.rnk"; the nearest known one is "lora.rank"'),
        ("lora.rank=x", "--set lora.rank=x: \"lora.rank\" must be a whole number, not 'x'"),
        ("lora.rank", "--set needs KEY=VALUE"),
        ("optimisation.precision=bfloat61", 'looks most like "bfloat16"'),
        ("lora=3", '"lora" must be a table'),
    ],
)
def test_settings_are_checked_like_files(file: Path, setting: str, message: str) -> None:
    with pytest.raises(CoderError) as caught:
        load_recipe(str(file), settings=[setting])
    assert message in caught.value.message


def test_unknown_recipe_and_scale_name_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match='nearest one is "spine"'):
        load_recipe("spin")
    with pytest.raises(CoderError, match="it has: tiny, full"):
        load_recipe("spine", scale="tny")
    with pytest.raises(CoderError, match="no recipe file"):
        load_recipe(str(tmp_path / "none.toml"))
