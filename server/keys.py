"""The file of API keys: one key a line, `#` begins a comment line. It does not know how keys are compared."""

from __future__ import annotations

from pathlib import Path

from languages.errors import CoderError


def read_keys(path: Path) -> tuple[str, ...]:
    """The keys in `path`, each once. Raises `CoderError` when it cannot be read, or holds none."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise CoderError(f"the file of API keys {path}: {reason}; write one key a line into it") from None
    except UnicodeDecodeError:
        raise CoderError(f"the file of API keys {path} is not UTF-8 text; write one key a line into it") from None
    lines = (line.strip() for line in text.splitlines())
    keys = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not keys:
        raise CoderError(f"the file of API keys {path} holds no key; write one key a line into it")
    for key in keys:
        if not key.isascii() or not key.isprintable() or " " in key:
            raise CoderError(f"the file of API keys {path}: a key must be printable ASCII without spaces")
    return keys
