"""What a run needs to go on exactly where it stopped, beside the model: optimiser, random states, position, best loss.

The data need no state of their own: step and seed decide them (`training/examples.py`). The learning rate is a
function of the step (`training/schedule.py`). It does not know where a checkpoint lies.
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from languages.errors import CoderError


@dataclass(slots=True, kw_only=True)
class Progress:
    """How far a run is: steps done, tokens seen, seconds of training, and the best loss on dev files with its step."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best_loss: float = float("inf")
    best_step: int = 0


def save_state(directory: Path, progress: Progress, optimizer: torch.optim.Optimizer) -> None:
    """Write the `trainer/` files into a checkpoint that is being filled."""
    folder = directory / "trainer"
    folder.mkdir()
    torch.save(optimizer.state_dict(), folder / "optimizer.pt")
    torch.save({"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}, folder / "random.pt")
    values = asdict(progress) | {"python_random": random.getstate()}
    (folder / "progress.json").write_text(json.dumps(values) + "\n", "utf-8")


def load_state(directory: Path, optimizer: torch.optim.Optimizer) -> Progress:
    """Put the optimiser and the random states back; returns the progress. `CoderError` when the files are not there."""
    folder = directory / "trainer"
    if not (folder / "progress.json").is_file():
        raise CoderError(f"{directory} was written without trainer files, so training cannot go on from it.")
    optimizer.load_state_dict(torch.load(folder / "optimizer.pt", weights_only=True))
    states = torch.load(folder / "random.pt", weights_only=True)
    torch.set_rng_state(states["cpu"])
    if states["cuda"] and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    values = json.loads((folder / "progress.json").read_text("utf-8"))
    version, numbers, gauss = values.pop("python_random")
    random.setstate((version, tuple(numbers), gauss))
    return Progress(**values)
