"""Clean Python that violations are planted into: a module that uses libraries, one function, methods, a script."""

from __future__ import annotations

import ast
import warnings

MODULE = '''"""Orders of a shop."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

LIMIT = 10


def find(cursor, owner, limit=None):
    """The orders of an owner."""
    if owner is None or (limit is not None and limit not in (1, 2)):
        return []
    rows = cursor.fetchall(owner)
    # Newest first.
    for row in rows:
        if row is not owner:
            continue
    return rows


def fetch(url: str, names: list | None = None) -> Any:
    found = {}
    total = 0
    try:
        reply = os.stat(url)
        total = 5
    except (KeyError, TypeError):
        found = []
    except OSError as error:
        raise RuntimeError(f"no reply for {url}") from error
    return Counter(reply), found, total
'''

FUNCTION = """def price(items, rate):
    total = 0
    for item in items:
        if item.paid:
            total += item.amount * rate
    return total
"""

METHODS = '''class Shelf:
    """A shelf."""

    label = "shelf"

    def __init__(self, width):
        self.width = width

    async def add(self, book, place=None):
        if not book:
            return None
        while place:
            place = place.next
        with book as opened:
            kept = opened.read()
        return kept

    @property
    def size(self):
        return self.width
'''

SCRIPT = """import sys

name = sys.argv[1]
label = "plain"
count = len(name)
"""

SAMPLES = {"module": MODULE, "function": FUNCTION, "methods": METHODS, "script": SCRIPT}


def parses(text: str) -> bool:
    """Whether Python itself parses `text`, which may have odd escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except SyntaxError:
            return False
    return True


def with_tabs(text: str) -> str:
    """`text` with a tab for each level."""
    return text.replace("    ", "\t")


def with_crlf(text: str) -> str:
    """`text` with the line ends of Windows."""
    return text.replace("\n", "\r\n")
