"""What a process has beside its objects: folders, environment, descriptors, threads, hooks, random numbers.

Also what the project's modules see of the standard library: a name that is bound anew there is a change. It does not
know the project's own objects; see `state.py`.
"""

from __future__ import annotations

import abc
import builtins
import gc
import logging
import os
import signal
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterable
from contextvars import copy_context
from types import ModuleType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGUSR2)
_CONTAINERS = (dict, list, set)
#: Modules whose containers are caches.
_CACHING = frozenset({"re", "typing", "linecache", "functools"})


class ProcessState:
    """Call it for a value that is equal as long as nothing has changed. `own` are the project's modules."""

    def __init__(self, own: Iterable[ModuleType]) -> None:
        used = {value for module in own for value in vars(module).values() if isinstance(value, ModuleType)}
        self._used = sorted({*used, builtins} - {*own, sys, os}, key=lambda module: module.__name__)

    def __call__(self) -> tuple[object, ...]:
        temporary = os.listdir(tempfile.gettempdir())
        return (
            *(os.getcwd(), dict(os.environ), sorted(os.listdir("/proc/self/fd")), _umask()),
            *(threading.active_count(), len(os.listdir("/proc/self/task")), _has_children()),
            *(list(sys.path), list(sys.argv), set(sys.modules), [*map(id, (sys.stdin, sys.stdout, sys.stderr))]),
            *(id(sys.excepthook), id(sys.gettrace()), id(sys.getprofile()), sys.getrecursionlimit()),
            *(gc.isenabled(), gc.get_threshold(), len(gc.callbacks), abc.get_cache_token(), tempfile.tempdir),
            *([signal.getsignal(number) for number in _SIGNALS], _is_timed()),
            *(logging.root.level, logging.root.disabled, logging.root.manager.disable, len(logging.root.handlers)),
            *([*map(id, warnings.filters)], {variable: id(value) for variable, value in copy_context().items()}),
            *(temporary, _numbers(), [_names(module) for module in self._used]),
        )


def _names(module: ModuleType) -> list[Any]:
    """Which object each name of a module stands for, and how many things its containers hold."""
    values = vars(module).values()
    sizes = [] if module.__name__ in _CACHING else [len(value) for value in values if type(value) in _CONTAINERS]
    return [*map(id, values), *sizes]


def _numbers() -> tuple[object, ...]:
    """The states of what numbers depend on, where it is in use."""
    random, decimal, locale = (sys.modules.get(name) for name in ("random", "decimal", "locale"))
    return (
        random.getstate() if random else None,
        repr(decimal.getcontext()) if decimal else None,
        locale.setlocale(locale.LC_ALL) if locale else None,
    )


def _is_timed() -> tuple[bool, float]:
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    return left > 0, interval


def _umask() -> int:
    mask = os.umask(0o77)
    os.umask(mask)
    return mask


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
