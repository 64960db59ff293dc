"""Records on disk: `data/processed/{train,dev,test}/NAME.jsonl`, and a summary that says what they were made from.

The summary is written last and carries a fingerprint of everything that decides the records, so a change of recipe,
Python or linter makes new ones and nothing else does. Splits are by file, by a hash of its path; no content is in two
splits.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from languages.errors import CoderError
from tasks.record import Record
from training.corpus import stdlib
from training.corpus.labels import python_labels, tool_versions
from training.recipe import Corpus

SPLITS = ("train", "dev", "test")
PROCESSED = Path("data/processed")
_FORMAT = 1
Splits = Mapping[str, Sequence[Record]]


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What is in one split; `labelled_lines` have at least one label."""

    files: int
    lines: int
    bytes: int
    labelled_lines: int


def prepare(corpus: Corpus, name: str, seed: int, *, root: Path = PROCESSED, rebuild: bool = False) -> Splits:
    """The records of a recipe's corpus, read when they are there and current, built otherwise."""
    fingerprint = _fingerprint(corpus, seed)
    if not rebuild and _stored_fingerprint(root / f"{name}.json") == fingerprint:
        return {split: read_records(root / split / f"{name}.jsonl") for split in SPLITS}
    splits = split_records(build_records(corpus, seed), corpus)
    check_leaks(splits)
    for split, records in splits.items():
        _write(root / split / f"{name}.jsonl", "".join(f"{record.to_line()}\n" for record in records))
    summary = {"fingerprint": fingerprint, "splits": {split: asdict(summarise(splits[split])) for split in SPLITS}}
    _write(root / f"{name}.json", json.dumps(summary, indent=1) + "\n")
    return splits


def build_records(corpus: Corpus, seed: int) -> list[Record]:
    """Read and label the standard library."""
    files = stdlib.source_files(limit=corpus.files, max_bytes=corpus.max_file_bytes, seed=seed)
    texts = {file.path: file.text for file in files}
    labels = python_labels(texts, ruff=corpus.ruff, ruff_ignore=corpus.ruff_ignore, bandit=corpus.bandit)
    return [
        Record(
            id=f"{stdlib.NAME}/{stdlib.version()}/{file.path}",
            source=stdlib.NAME,
            license=stdlib.LICENSE,
            url=file.url,
            language="python",
            task="quality",
            content=file.text,
            labels=labels[file.path],
        )
        for file in files
    ]


def split_records(records: Iterable[Record], corpus: Corpus) -> dict[str, list[Record]]:
    """Each file into one split, decided by a hash of its path without the version, so that it never moves."""
    splits: dict[str, list[Record]] = {split: [] for split in SPLITS}
    for record in records:
        splits[split_of(record.id.split("/", 2)[-1], corpus)].append(record)
    for split, members in splits.items():
        if not members:
            raise CoderError(f"The {split} split got no file; raise corpus.files or corpus.{split}.")
    return splits


def split_of(path: str, corpus: Corpus) -> str:
    """The split of the file at `path`: "train", "dev" or "test"."""
    place = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big") / 2**32
    if place < corpus.test:
        return "test"
    return "dev" if place < corpus.test + corpus.dev else "train"


def check_leaks(splits: Splits) -> None:
    """`CoderError` when the same content, or the same file, is in two splits."""
    home: dict[str, tuple[str, str]] = {}
    for split, records in splits.items():
        for record in records:
            for key in (record.hash, record.id):
                other, twin = home.setdefault(key, (split, record.id))
                if other != split:
                    raise CoderError(f"{record.id} ({split}) is the same file as {twin} ({other}); remove one of them.")


def summarise(records: Iterable[Record]) -> SplitSummary:
    """Counts over one split."""
    listed = list(records)
    return SplitSummary(
        files=len(listed),
        lines=sum(record.content.count("\n") + (not record.content.endswith("\n")) for record in listed),
        bytes=sum(len(record.content.encode()) for record in listed),
        labelled_lines=sum(len(record.labels) for record in listed),
    )


def label_support(records: Iterable[Record]) -> tuple[Counter[str], Counter[str]]:
    """For each label, the lines and the files that have it."""
    lines: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for record in records:
        names = [name for found in record.labels.values() for name in found]
        lines.update(names)
        files.update(set(names))
    return lines, files


def read_records(path: Path) -> list[Record]:
    """All records of a file; `CoderError` with the line of the first damaged one."""
    records = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                records.append(Record.from_line(line))
            except ValueError as error:
                raise CoderError(
                    f"{path}:{number}: {error}; remove the file and run coder-train data again."
                ) from error
    return records


def _fingerprint(corpus: Corpus, seed: int) -> str:
    made_from = {"format": _FORMAT, "corpus": asdict(corpus), "python": stdlib.version(), "tools": tool_versions()}
    # The seed chooses files only when not all of them are taken.
    made_from["seed"] = seed if corpus.files else None
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _stored_fingerprint(path: Path) -> str | None:
    try:
        found = json.loads(path.read_text("utf-8"))["fingerprint"]
    except (OSError, ValueError, KeyError):
        return None
    whole = all((path.parent / split / f"{path.stem}.jsonl").is_file() for split in SPLITS)
    return str(found) if whole else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)
