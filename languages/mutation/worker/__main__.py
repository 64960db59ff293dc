"""The worker's beginning: take our package off `sys.path` again, quieten the tests, serve."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    """Talk over what were stdin and stdout; whatever the tests print goes nowhere."""
    inbox, outbox = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    gc.disable()  # until the tests run: importing and collecting make much that lives and little garbage
    _enter()
    from languages.mutation.worker.messages import read_message

    _serve_pytest(read_message(inbox), inbox, outbox)


def _serve_pytest(setup: dict[str, Any], inbox: int, outbox: int) -> None:
    try:
        import pytest  # noqa: F401
    except ImportError as error:
        sys.exit(f"{sys.executable} cannot import pytest ({error}); install pytest there or give another interpreter")
    from languages.mutation.worker.project import Project
    from languages.mutation.worker.serving import Server

    _leave()
    scratch = Path(tempfile.mkdtemp(prefix="coder-mutation-"))
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = f"{scratch}/hypothesis"
    source = setup["source"].encode()
    Server(Project(setup["target"], source, setup["arguments"], setup["parallel"], inbox, outbox, scratch)).serve()


def _enter() -> None:
    """Make our own package importable in place of this folder."""
    sys.path[0] = str(Path(__file__).resolve().parents[3])


def _leave() -> None:
    """From here on the path is as `python -m pytest` has it, and none of our modules is in anyone's way."""
    sys.path[0] = os.getcwd()
    for name in [name for name in sys.modules if name == "languages" or name.startswith("languages.")]:
        del sys.modules[name]


if __name__ == "__main__":
    main()
