"""Which labels a head learns: those that occur often enough, in enough training files, to be learned."""

from __future__ import annotations

from collections.abc import Sequence

from languages.errors import CoderError
from tasks.record import Record
from training.corpus.store import label_support
from training.recipe import Quality


def label_vocabulary(records: Sequence[Record], quality: Quality) -> tuple[str, ...]:
    """At most `max_labels` label names by falling support; counted on training records alone."""
    lines, files = label_support(records)
    enough = [name for name in lines if lines[name] >= quality.min_support and files[name] >= quality.min_files]
    if not enough:
        raise CoderError(
            f"No check fires on {quality.min_support} lines of {quality.min_files} training files; "
            "lower quality.min_support and quality.min_files, or take more files."
        )
    return tuple(sorted(enough, key=lambda name: (-lines[name], name))[: quality.max_labels])
