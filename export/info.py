"""`coder.json`: what a checkpoint says of itself. Read strictly: an unknown key is an error that names the nearest.

{"format": 1, "base": {"name", "sha256"}, "tasks": [...], "controls": {"fim_prefix": 7, ...}, "window_tokens": 512,
 "heads": {"quality": {"labels", "temperature", "threshold"}}, "recipe": "spine", "datasets": [...]}

`recipe` and `datasets` may be absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from inference.heads import Head
from languages.errors import CoderError
from tasks.tokens import Control, ControlIds

FORMAT = 1
NAME = "coder.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseInfo:
    """The model that training started from: "default" or a directory, and the SHA-256 of its weights."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadInfo:
    """A head without its tensors: label names and calibration, all of the same length."""

    labels: tuple[str, ...]
    temperature: tuple[float, ...]
    threshold: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("labels", "temperature", "threshold"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not len(self.labels) == len(self.temperature) == len(self.threshold):
            raise ValueError("labels, temperature and threshold differ in length")

    @classmethod
    def of(cls, head: Head) -> HeadInfo:
        """The labels and the calibration of `head`."""
        return cls(
            labels=head.labels,
            temperature=tuple(float(value) for value in head.temperature),
            threshold=tuple(float(value) for value in head.threshold),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointInfo:
    """Everything in `coder.json`. `controls` maps a `Control`'s value to its vocabulary id."""

    base: BaseInfo
    tasks: tuple[str, ...]
    controls: Mapping[str, int]
    window_tokens: int
    heads: Mapping[str, HeadInfo]
    recipe: str = ""
    datasets: tuple[str, ...] = ()
    format: int = field(default=FORMAT)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tasks", tuple(self.tasks))
        object.__setattr__(self, "datasets", tuple(self.datasets))

    @property
    def control_ids(self) -> ControlIds:
        """The control tokens, for `Prompt.token_ids`."""
        return ControlIds({Control(name): token for name, token in self.controls.items()})


def write_info(directory: Path, info: CheckpointInfo) -> None:
    """Write `coder.json` into `directory`."""
    (directory / NAME).write_text(json.dumps(asdict(info), indent=1, ensure_ascii=False) + "\n", "utf-8")


def read_info(directory: Path) -> CheckpointInfo:
    """Read `coder.json`; `CoderError` when it is missing, newer than this program, or not what it should be."""
    path = directory / NAME
    if not path.is_file():
        raise CoderError(f"{path} is missing, so {directory} is not a Coder checkpoint.")
    try:
        values = json.loads(path.read_text("utf-8"))
        _check_format(path, values)
        return _info(path, values)
    except (ValueError, TypeError, AttributeError) as error:
        raise CoderError(f"{path} cannot be read ({error}).") from error


def _check_format(path: Path, values: Any) -> None:
    written = values.get("format") if isinstance(values, dict) else None
    if not isinstance(written, int):
        raise CoderError(f"{path} does not say its format, so it is not a Coder checkpoint.")
    if written > FORMAT:
        raise CoderError(f"{path} has format {written} and this program reads up to {FORMAT}; update Coder.")


def _info(path: Path, values: dict[str, Any]) -> CheckpointInfo:
    _known(path, "controls", values.get("controls", {}), [control.value for control in Control])
    nested = dict(values)
    nested["base"] = _build(path, BaseInfo, values.get("base", {}))
    nested["heads"] = {task: _build(path, HeadInfo, head) for task, head in values.get("heads", {}).items()}
    return _build(path, CheckpointInfo, nested)


Built = TypeVar("Built", BaseInfo, HeadInfo, CheckpointInfo)


def _build(path: Path, kind: type[Built], values: Mapping[str, Any]) -> Built:
    _known(path, kind.__name__, values, [item.name for item in fields(kind)])
    return kind(**values)


def _known(path: Path, where: str, given: Iterable[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            nearest = get_close_matches(name, known, n=1, cutoff=0.0)
            raise CoderError(f'{path}: unknown key "{name}" in {where}; the nearest known one is "{nearest[0]}".')
