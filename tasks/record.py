"""`Record`: one line of `data/processed/{train,dev,test}/*.jsonl`.

Everything that a corpus source gives and a task trains on. It knows where it came from and under which licence, and
carries a hash of its content for leak checks. It does not know which task will use it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One source file (or pair) with its labels.

    `labels` maps a 0-based line to label names such as "ruff:F401". `content` is the text that labels speak of.
    """

    id: str
    source: str
    license: str
    url: str
    language: str
    task: str
    content: str
    style: str = "file"
    labels: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    hash: str = ""

    def __post_init__(self) -> None:
        if not self.hash:
            object.__setattr__(self, "hash", content_hash(self.content))

    def to_line(self) -> str:
        """One JSON line, without the newline."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_line(cls, line: str) -> Record:
        """The inverse of `to_line`; raises `ValueError` when a field is missing, unknown, or the hash is wrong."""
        fields: dict[str, Any] = json.loads(line)
        fields["labels"] = {int(number): tuple(names) for number, names in fields.get("labels", {}).items()}
        try:
            record = cls(**fields)
        except TypeError as error:
            raise ValueError(f"not a record: {error}") from error
        if record.hash != content_hash(record.content):
            raise ValueError(f"record {record.id}: the content does not match its hash")
        return record


def content_hash(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
