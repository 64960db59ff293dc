"""Promises of the house that no other tool holds: what the base brings, what help imports, how long a file is."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
TRAINING_ONLY = {"torch", "transformers", "peft", "accelerate", "datasets", "gguf", "safetensors", "tensorboard"}
SERVING = ["inference.cli.app", "server.app", "server.cli", "lsp.server", "lsp.cli", "inference.models"]


def base_closure(distribution: str) -> set[str]:
    """Every distribution that installing `distribution` without extras brings, itself included."""
    found: set[str] = set()
    waiting = [distribution]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        needed = [Requirement(line) for line in requires(name) or []]
        waiting += [
            re.sub(r"[-_.]+", "-", each.name).lower()
            for each in needed
            if each.marker is None or each.marker.evaluate({"extra": ""})
        ]
    return found


def test_the_base_install_has_no_torch() -> None:
    closure = base_closure("coder-local")
    assert {"llama-cpp-python", "fastapi", "pygls"} <= closure
    assert not closure & TRAINING_ONLY


@pytest.mark.parametrize("module", SERVING)
def test_serving_imports_nothing_of_training(module: str) -> None:
    code = f"import {module}, sys; print([name for name in {sorted(TRAINING_ONLY)} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("program", ["inference.cli.app", "training.cli", "export.cli", "server.cli", "lsp.cli"])
def test_help_imports_nothing_heavy(program: str) -> None:
    heavy = ["llama_cpp", "torch", "transformers", "fastapi", "pygls", "numpy", "bandit", "rich"]
    code = f"import {program}, sys; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


def test_no_file_is_over_300_lines() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.py", "*.exs", "*.ts", "*.lua", "*.js", "*.css"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    long = {
        name: count
        for name in tracked.stdout.split()
        if (ROOT / name).exists() and (count := len((ROOT / name).read_text().splitlines())) > 300
    }
    assert not long
