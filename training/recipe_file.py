"""Recipes as TOML files: found by name, read strictly, changed by a scale and by `--set`.

An unknown key or a wrong type is an error that names the nearest known key, the file and the line. `[scale.NAME]`
tables hold what that scale changes. This file knows what a `Recipe` is, but not what its values mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from languages.errors import CoderError
from training.recipe import Recipe
from training.recipe_lines import key_lines
from training.recipe_types import BadKeyError, build

RECIPES = Path(__file__).parent / "recipes"
Table = dict[str, Any]


def load_recipe(target: str, *, scale: str | None = None, settings: Sequence[str] = ()) -> Recipe:
    """The recipe `target` (a shipped name or the path of a TOML file) at `scale`, with `KEY=VALUE` settings applied.

    Raises `CoderError` with the file and the line of the first mistake.
    """
    path = _find(target)
    text = _read(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CoderError(f"{path}: this is not valid TOML: {error}.") from error
    places = {key: f"{path}:{line}" for key, line in key_lines(text).items()}
    table = _scaled(table, scale, path, places)
    for setting in settings:
        _apply(table, setting, places)
    return _checked(table, str(path), places)


def recipe_of(table: Mapping[str, Any], origin: str) -> Recipe:
    """The recipe in an already parsed `table`, such as the one that a run wrote down; `origin` is named in errors."""
    return _checked(dict(table), origin, {})


def recipe_names() -> list[str]:
    """The recipes that ship with Coder."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like `name`."""
    return get_close_matches(name, list(known), n=1, cutoff=0.0)[0]


def _find(target: str) -> Path:
    path = Path(target)
    if path.suffix == ".toml" or len(path.parts) > 1:
        if path.is_file():
            return path
        raise CoderError(f"There is no recipe file {path}; known recipes are: {', '.join(recipe_names())}.")
    if target in recipe_names():
        return RECIPES / f"{target}.toml"
    raise CoderError(
        f'There is no recipe "{target}"; the nearest one is "{nearest(target, recipe_names())}" '
        "(a recipe of your own is given by its path, ending in .toml)."
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise CoderError(f"{path} is not UTF-8 text; save it as UTF-8.") from error


def _scaled(table: Table, scale: str | None, path: Path, places: dict[str, str]) -> Table:
    """`table` without its scales, overlaid by the chosen one. Every scale is checked, chosen or not."""
    scales = table.pop("scale", {})
    if not isinstance(scales, dict) or not all(isinstance(changes, dict) for changes in scales.values()):
        raise CoderError(f"{places.get('scale', path)}: scale must hold tables such as [scale.tiny].")
    for name, changes in scales.items():
        moved = places | {key[len(f"scale.{name}.") :]: at for key, at in _below(places, f"scale.{name}.")}
        _checked(_merged(table, changes), str(path), moved)
    if scale is None:
        return table
    if scale not in scales:
        known = ", ".join(scales) or "none"
        raise CoderError(f'{path} has no scale "{scale}"; it has: {known}.')
    places |= {key[len(f"scale.{scale}.") :]: at for key, at in _below(places, f"scale.{scale}.")}
    return _merged(table, scales[scale])


def _below(places: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
    return [(key, at) for key, at in places.items() if key.startswith(prefix)]


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Table:
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        # A task mix is one value: half of one and half of another would be neither.
        merged[key] = _merged(merged[key], value) if both and key != "mix" else value
    return merged


def _apply(table: Table, setting: str, places: dict[str, str]) -> None:
    key, equals, text = setting.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise CoderError(f'--set needs KEY=VALUE, for example --set lora.rank=16; got "{setting}".')
    places[".".join(parts)] = f"--set {setting}"
    for part in parts[:-1]:
        table[part] = dict(table[part]) if isinstance(table.get(part), dict) else {}
        table = table[part]
    table[parts[-1]] = _value(text.strip())


def _value(text: str) -> Any:
    """A TOML value; bare words are strings, so that `--set base=default` needs no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _checked(table: Table, origin: str, places: Mapping[str, str]) -> Recipe:
    try:
        recipe = build(Recipe, table)
    except BadKeyError as error:
        raise CoderError(f"{_place(error.key, origin, places)}: {error.message}") from error
    known = {"complete", "quality"}
    for name, stage in recipe.stages.items():
        for task, share in stage.mix.items():
            where = _place(f"stages.{name}.mix.{task}", origin, places)
            if task not in known:
                raise CoderError(f'{where}: unknown task "{task}"; the nearest known one is "{nearest(task, known)}".')
            if share < 0:
                raise CoderError(f"{where}: the share of a task cannot be negative.")
        if sum(stage.mix.values()) <= 0:
            raise CoderError(f"{_place(f'stages.{name}.mix', origin, places)}: the mix gives no task a share.")
    if not recipe.stages:
        raise CoderError(f"{_place('stages', origin, places)}: a recipe needs at least one stage.")
    return recipe


def _place(key: str, origin: str, places: Mapping[str, str]) -> str:
    """Where `key`, or the nearest table around it, was written."""
    while key:
        if key in places:
            return places[key]
        key = key.rpartition(".")[0]
    return origin
