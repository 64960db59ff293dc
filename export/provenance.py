"""Where a model came from: its base, licence, recipe and data, from one file to the next.

Unpacking a GGUF file keeps what it says of itself in `provenance.json`; exporting writes that, and what training added,
into `general.*` keys of the new file (`ggml/docs/gguf.md`, section "general metadata").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from export.info import CheckpointInfo

NAME = "provenance.json"
_KEPT = ("name", "organization", "license", "size_label")

Provenance = dict[str, str | int | tuple[str, ...]]


def keep_provenance(fields: Mapping[str, Any], directory: Path) -> None:
    """Write what a GGUF reader's `fields` say of the model's origin into `directory`."""
    found = {name: fields[f"general.{name}"].contents() for name in _KEPT if f"general.{name}" in fields}
    (directory / NAME).write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def provenance(info: CheckpointInfo, base: Path | None) -> Provenance:
    """GGUF keys for a checkpoint trained from the Hugging Face directory `base` (None: not at hand)."""
    origin = _origin(base)
    name = origin.get("name") or Path(info.base.name).name
    recipe = info.recipe or ", ".join(info.tasks)
    keys: Provenance = {"general.name": f"Coder ({recipe}) from {name}", "general.finetune": recipe}
    keys |= {f"general.{key}": origin[key] for key in ("license", "size_label") if key in origin}
    keys |= {"general.base_model.count": 1, "general.base_model.0.name": name}
    if "organization" in origin:
        keys["general.base_model.0.organization"] = origin["organization"]
    if info.datasets:
        keys["general.dataset.count"] = len(info.datasets)
        keys |= {f"general.dataset.{number}.name": dataset for number, dataset in enumerate(info.datasets)}
    return keys | {"coder.recipe": recipe, "coder.base.sha256": info.base.sha256}


def _origin(base: Path | None) -> dict[str, str]:
    path = base / NAME if base else None
    if path is None or not path.is_file():
        return {}
    origin: dict[str, str] = json.loads(path.read_text("utf-8"))
    return origin
