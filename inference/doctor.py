"""What is installed, what is missing, and what to do about it.

One `Diagnosis` a thing that some feature needs. It looks and asks versions; it changes nothing and loads no model.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import psutil

from inference.models import list_models
from languages.cache_directory import cache_directory
from languages.linters.structural.fallback import WithRules
from languages.registry import LANGUAGES

_ADVICE = {
    "elixir": "install Elixir (Debian/Ubuntu: apt install elixir; macOS: brew install elixir)",
    "credo": "add {:credo, only: [:dev, :test], runtime: false} to the deps of your project's mix.exs",
    "sobelow": "add {:sobelow, only: [:dev, :test], runtime: false} to the deps of your project's mix.exs",
}
Status = Literal["ok", "missing", "optional"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing that was looked at, and what to do about it.

    `status` "missing": something promised does not work; "optional": a feature waits for it.
    """

    area: str
    name: str
    status: Status
    detail: str
    advice: str = ""


def diagnose() -> list[Diagnosis]:
    """Every diagnosis, grouped by area, in the order in which a newcomer would ask."""
    found = [*_machine(), *_model(), *_tools(), *_toolchains(), *_training(), *_editors()]
    areas = list(dict.fromkeys(diagnosis.area for diagnosis in found))
    return sorted(found, key=lambda diagnosis: areas.index(diagnosis.area))


def _machine() -> Iterator[Diagnosis]:
    yield Diagnosis(area="machine", name="python", status="ok", detail=platform.python_version())
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    yield Diagnosis(area="machine", name="cores", status="ok", detail=f"{cores} physical")
    free = psutil.virtual_memory().available
    enough = free > 1_000_000_000
    yield Diagnosis(
        area="machine",
        name="memory",
        status="ok" if enough else "missing",
        detail=f"{free / 1e9:.1f} GB free",
        advice="" if enough else "the embedded model needs 1 GB; close something",
    )
    yield _cache()


def _cache() -> Diagnosis:
    directory = cache_directory()
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    writable, enough = existing.is_dir() and os.access(existing, os.W_OK), free > 500_000_000
    advice = "" if writable and enough else "set CODER_CACHE_DIR to a writable folder with 500 MB free"
    return Diagnosis(
        area="machine",
        name="cache",
        status="missing" if advice else "ok",
        detail=f"{directory} ({free / 1e9:.1f} GB free)",
        advice=advice,
    )


def _model() -> Iterator[Diagnosis]:
    yield _package("model", "llama-cpp-python", "reinstall with: pip install llama-cpp-python")
    for model in list_models():
        detail = f"{model.path} ({'ready' if model.ready else 'prepared on first use'})"
        yield Diagnosis(area="model", name=model.name, status="ok", detail=detail)


def _tools() -> Iterator[Diagnosis]:
    for language in LANGUAGES:
        for linter in language.linters:
            found = linter.executable()
            missing = "not found; Coder's own rules stand in" if isinstance(linter, WithRules) else "not found"
            yield Diagnosis(
                area=language.name,
                name=linter.name,
                status="ok" if found else "optional",
                detail=str(found) if found else missing,
                advice="" if found else _ADVICE.get(linter.name, f"install {linter.name} and put it on PATH"),
            )


def _toolchains() -> Iterator[Diagnosis]:
    yield _program("elixir", "mix", "comes with Elixir")


def _training() -> Iterator[Diagnosis]:
    for name in ("torch", "transformers", "peft", "accelerate"):
        yield _package("training", name, "only coder-train and coder-export need it; run: make train", optional=True)


def _editors() -> Iterator[Diagnosis]:
    yield _program("editors", "nvim", "install Neovim 0.11 or later to use the plugin in neovim/")
    yield _program("editors", "code", "install VS Code to use the extension in vscode-extension/")


def _package(area: str, name: str, advice: str, *, optional: bool = False) -> Diagnosis:
    try:
        return Diagnosis(area=area, name=name, status="ok", detail=version(name))
    except PackageNotFoundError:
        status: Status = "optional" if optional else "missing"
        return Diagnosis(area=area, name=name, status=status, detail="not installed", advice=advice)


def _program(area: str, name: str, advice: str) -> Diagnosis:
    beside_python = Path(sys.executable).with_name(name)
    found = str(beside_python) if beside_python.exists() else shutil.which(name)
    if found is None:
        return Diagnosis(area=area, name=name, status="optional", detail="not found", advice=advice)
    return Diagnosis(area=area, name=name, status="ok", detail=_first_line(found) or found)


def _first_line(program: str) -> str:
    """The first line of `program --version`; empty when it prints none within five seconds."""
    try:
        result = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = [line for line in result.stdout.splitlines() if line.strip()]
    return lines[-1].strip() if lines and lines[0].startswith("Erlang") else (lines[0].strip() if lines else "")
