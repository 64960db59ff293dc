"""Bytes of tokens -> text that may be shown.

Tokens cut UTF-8 characters and stop strings wherever they like. `TextStream` gives out whole characters only, and keeps
back the longest end that could still become a stop string. It knows nothing of models.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Feed it bytes; once `stopped` is true, a stop string was found and nothing after it is given out."""

    def __init__(self, stop: Sequence[str] = ()) -> None:
        """`stop`: strings that end the text; empty ones are ignored."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stop = tuple(string for string in stop if string)
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """The text that `data` makes certain. Bytes that are not UTF-8 become U+FFFD."""
        return self._release(self._decoder.decode(data))

    def close(self) -> str:
        """What was still held: no stop string can begin in it any more, and a broken character becomes U+FFFD."""
        last = self._release(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        return last + held

    def _release(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        found = [place for place in (text.find(stop) for stop in self._stop) if place >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """The length of the longest proper prefix of `stop` that `text` ends with."""
    longest = min(len(text), len(stop) - 1)
    return next((length for length in range(longest, 0, -1) if text.endswith(stop[:length])), 0)
