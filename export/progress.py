"""A progress bar on stderr: shown while it lasts when stderr is a terminal, one plain line otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Call it with the number of steps that were just done.
Advance = Callable[[int], None]


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Advance]:
    """Show `title` and how many of `total` steps are done."""
    if not sys.stderr.isatty():
        print(title, file=sys.stderr, flush=True)
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda steps: bar.update(task, advance=steps)
