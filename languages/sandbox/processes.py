"""How much memory a process and all below it hold, from /proc."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

_PAGE = os.sysconf("SC_PAGE_SIZE")


def memory_below(pid: int, enough: int) -> int:
    """Bytes of memory held by all processes below `pid`, without files' pages.

    Pages shared since a fork count in every process as long as the sum stays at or under `enough`; beyond that the
    exact, slower count decides.
    """
    below = list(_below(pid))
    quick = sum(map(_private_pages, below)) * _PAGE
    return quick if quick <= enough else sum(map(_proportional, below))


def _below(pid: int) -> Iterator[int]:
    waiting, seen = [pid], {pid}
    while waiting:
        for child in _children(waiting.pop()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                yield child


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children.extend(map(int, file.read().split()))
    return children


def _private_pages(pid: int) -> int:
    """Resident pages less those of files and shared memory."""
    with suppress(OSError), open(f"/proc/{pid}/statm", "rb") as file:
        _, resident, shared, *_ = map(int, file.read().split())
        return resident - shared
    return 0


def _proportional(pid: int) -> int:
    """The process's share of its anonymous and shared-memory pages; all of its private ones where that is hidden."""
    with suppress(OSError), open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        sizes = re.findall(rb"^Pss_(?:Anon|Shmem): +(\d+) kB$", file.read(), re.MULTILINE)
        if sizes:
            return sum(map(int, sizes)) * 1024
    return _private_pages(pid) * _PAGE
