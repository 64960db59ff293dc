"""A run on disk: its folder, `training_config.json`, `metrics.jsonl`, and which checkpoint is `best` or `latest`.

`best` and `latest` are relative links, replaced in one step. A line of metrics is on the disk before the next step
begins. This file knows paths, not models.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.errors import CoderError

RUNS = Path("runs")
CONFIG = "training_config.json"
_STEP = re.compile(r"^step-(\d+)$")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The folder of one run."""

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints are."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The checkpoint to export."""
        return self.checkpoints / "best"

    @property
    def latest(self) -> Path:
        """The checkpoint to resume from."""
        return self.checkpoints / "latest"

    def step(self, number: int) -> Path:
        """The checkpoint after optimiser step `number`."""
        return self.checkpoints / f"step-{number}"

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write a JSON file in one step."""
        partial = self.path / f".{name}.partial"
        partial.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
        partial.replace(self.path / name)

    def read_json(self, name: str) -> dict[str, Any]:
        """Read a JSON file of this run; `CoderError` when it is missing or damaged."""
        path = self.path / name
        try:
            value: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            raise CoderError(
                f"{path} is missing, so {self.path} is not a training run (or it stopped too early)."
            ) from None
        except ValueError as error:
            raise CoderError(f"{path} is damaged ({error}); start a new run.") from error
        return value

    def append_metrics(self, line: Mapping[str, Any]) -> None:
        """Add one line to `metrics.jsonl` and force it to the disk."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def metrics(self) -> list[dict[str, Any]]:
        """All whole lines of `metrics.jsonl`."""
        path = self.path / "metrics.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def drop_metrics_after(self, step: int) -> None:
        """Forget lines of steps that a resumed run will do again."""
        kept = [line for line in self.metrics() if line["step"] <= step]
        partial = self.path / ".metrics.jsonl.partial"
        partial.write_text("".join(json.dumps(line) + "\n" for line in kept), "utf-8")
        partial.replace(self.path / "metrics.jsonl")

    def point(self, name: str, checkpoint: Path) -> None:
        """Make the link `best` or `latest` lead to `checkpoint`, in one step."""
        link = self.checkpoints / f".{name}.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(checkpoint.name)
        link.replace(self.checkpoints / name)

    def remove_unused(self) -> None:
        """Remove the folder when nothing was written into it, because the run could not begin."""
        if not any(path.is_file() for path in self.path.rglob("*")):
            shutil.rmtree(self.path)

    def keep_last(self, count: int) -> None:
        """Remove all but the last `count` step checkpoints, and never one that `best` or `latest` leads to."""
        held = {link.resolve() for link in (self.best, self.latest) if link.exists()}
        found = {int(match[1]): path for path in self.checkpoints.iterdir() if (match := _STEP.match(path.name))}
        for number in sorted(found)[:-count]:
            if found[number].resolve() not in held:
                shutil.rmtree(found[number])


def new_run(name: str, out: Path | None) -> RunDirectory:
    """A fresh run folder: `out`, which must be new or empty, or `runs/NAME-001` and so on."""
    if out is not None:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CoderError(f"{out} is not empty; give a new directory with --out, or continue it with --resume.")
        out.mkdir(parents=True, exist_ok=True)
        return _opened(out)
    for number in range(1, 100_000):
        path = RUNS / f"{name}-{number:03d}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return _opened(path)
    raise CoderError(f"{RUNS} holds too many runs; remove some.")


def existing_run(target: str, out: Path | None = None) -> RunDirectory:
    """The run at the path `target` (or `out`), or the newest run of the recipe `target`; else `CoderError`."""
    path = out or Path(target)
    if (path / CONFIG).is_file():
        return RunDirectory(path)
    runs = [config.parent for config in RUNS.glob("*/" + CONFIG) if config.parent.name.rpartition("-")[0] == target]
    if out is None and runs:
        return RunDirectory(max(runs, key=lambda run: (run / CONFIG).stat().st_mtime))
    raise CoderError(
        f"There is no training run {path}; see what is in {RUNS}/, or start one with coder-train run.", code="not_found"
    )


def _opened(path: Path) -> RunDirectory:
    (path / "checkpoints").mkdir()
    return RunDirectory(path)
