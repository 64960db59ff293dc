"""Tasks of a Mix project, run in a VM that stays alive: milliseconds in place of the second that `mix TASK` takes.

One VM for each project, the last few of them; it is replaced when the project's `mix.exs`, `mix.lock` or dependencies
change. The task runs as `mix` runs it: with the user's environment and rights, unconfined. It does not know what the
tasks print.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from languages.linters.process import ToolFailure, ToolOutput
from languages.sandbox.job import Confined
from languages.workers.beam import BeamWorker
from languages.workers.launching import Group

_SCRIPT = Path(__file__).with_name("mix_tasks.exs")
#: VMs that are kept, of about 80 MB each.
_KEPT = 2
#: Files whose change makes a VM an old one.
_DESCRIBING = ("mix.exs", "mix.lock", "deps")


class MixWorkers:
    """The VMs of this process. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._vms: OrderedDict[Path, tuple[object, BeamWorker]] = OrderedDict()

    def run(
        self, root: Path, task: str, arguments: Sequence[str | Path], *, text: str = "", timeout: float = 30.0
    ) -> ToolOutput | ToolFailure:
        """`mix TASK ARGUMENTS` in the project at `root` with `text` on stdin, at most `timeout` seconds.

        A task that ends the VM is a `crash`: what it printed is lost.
        """
        answer = self._worker(root).ask("task", text, task, *map(str, arguments), timeout=timeout)
        if isinstance(answer, ToolFailure):
            if answer.kind == "timeout":
                return ToolFailure("timeout", f"mix {task} took longer than {timeout:g} s and was stopped")
            return answer
        return ToolOutput(answer["exit"], answer["output"], answer["said"])

    def close(self) -> None:
        """End the VMs."""
        with self._lock:
            for _, worker in self._vms.values():
                worker.close()
            self._vms.clear()

    def _worker(self, root: Path) -> BeamWorker:
        state = _state(root)
        with self._lock:
            known = self._vms.pop(root, None)
            if known is not None and known[0] != state:
                known[1].close()
                known = None
            arguments = ("-r", str(_SCRIPT), "-S", "mix", "coder.serve")
            self._vms[root] = known or (state, BeamWorker(arguments=arguments, launch=partial(_launch, root)))
            while len(self._vms) > _KEPT:
                self._vms.popitem(last=False)[1][1].close()
            return self._vms[root][1]


#: Those that this process shares; they end with it.
MIX_WORKERS = MixWorkers()
atexit.register(MIX_WORKERS.close)


def _state(root: Path) -> object:
    return tuple(_changed(root / name) for name in _DESCRIBING)


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _launch(root: Path, command: Sequence[str], environment: Mapping[str, str]) -> Confined:
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment, "NO_COLOR": "1", "TERM": "dumb"},
        cwd=root,
        start_new_session=True,
    )
    return Group(process)
