"""Tools that a test needs and a machine may lack.

A missing tool skips the test with the reason; with `CODER_REQUIRE_TOOLS=1`, which CI sets, it fails instead.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

_ENVIRONMENT = Path(sys.executable).parent


def require_tool(name: str) -> Path:
    """The path of the program `name` in our environment or on PATH, or no test."""
    found = find_tool(name)
    if found is None:
        missing(f"{name} is not installed")
    return found


def find_tool(name: str) -> Path | None:
    """The program `name` beside the running Python, in the Go wheel, or on PATH."""
    candidates = [_ENVIRONMENT / name]
    if name in ("go", "gofmt"):
        candidates.append(Path(sys.prefix, "lib", f"python3.{sys.version_info.minor}", "site-packages/go/bin", name))
    local = next((path for path in candidates if path.exists()), None)
    if local is not None:
        return local
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def missing(reason: str) -> NoReturn:
    """Skip, or fail where every tool is required."""
    if os.environ.get("CODER_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{reason}, and CODER_REQUIRE_TOOLS=1 asks for it")
    pytest.skip(reason)
