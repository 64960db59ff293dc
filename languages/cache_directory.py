"""Where Coder keeps what can be made again: models, verdicts, runs, built packages."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """$CODER_CACHE_DIR, or the user's cache directory. It need not exist yet."""
    import platformdirs

    chosen = os.environ.get("CODER_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("coder"))
