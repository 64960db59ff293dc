"""What `coder.status` answers and the `coder/status` notification carries.

`{"version", "model", "ready", "state", "error", "last_empty_completion": {"reason", "message", "uri"} | null,
"tools": [{"name", "language", "path"}], "missing_tools": [...], "failures": [{"tool", "reason"}]}`. It collects; it
does not know who listens.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from inference.assistant.ghost_text import Suggestion
from languages.linters.linter import LinterFailure
from languages.registry import LANGUAGES
from lsp.model import Model


class Status:
    """The state of one server, as JSON."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._version = version("coder-local")
        self._last_empty: dict[str, str] | None = None
        self._failures: dict[str, tuple[LinterFailure, ...]] = {}
        self._told: set[LinterFailure] = set()
        self._tools: list[dict[str, str | None]] = []

    def note_suggestion(self, suggestion: Suggestion, uri: str) -> None:
        """Remember why a completion was empty."""
        if suggestion.reason is not None:
            self._last_empty = {"reason": suggestion.reason.value, "message": suggestion.explanation, "uri": uri}

    def note_failures(self, uri: str, failures: Sequence[LinterFailure]) -> list[LinterFailure]:
        """The tools that gave no verdict on a document now; returns those never told of before."""
        self._failures[uri] = tuple(failures)
        news = [failure for failure in failures if failure not in self._told]
        self._told.update(news)
        return news

    def forget(self, uri: str) -> None:
        """A document was closed."""
        self._failures.pop(uri, None)

    def find_tools(self) -> None:
        """Look for every language's tools on this machine. Reads the disk."""
        self._tools = [
            {"name": linter.name, "language": language.name, "path": str(path) if path else None}
            for language in LANGUAGES
            for linter in language.linters
            for path in [linter.executable()]
        ]

    def to_json(self) -> dict[str, Any]:
        """The shape in the module's docstring."""
        backend = self._model.backend
        return {
            "version": self._version,
            "model": backend.name if backend else None,
            "ready": backend is not None,
            "state": self._model.state,
            "error": self._model.error,
            "last_empty_completion": self._last_empty,
            "tools": self._tools,
            "missing_tools": [tool["name"] for tool in self._tools if tool["path"] is None],
            "failures": [{"tool": failure.linter, "reason": failure.reason} for failure in self._current_failures()],
        }

    def _current_failures(self) -> list[LinterFailure]:
        return list(dict.fromkeys(failure for failures in self._failures.values() for failure in failures))
