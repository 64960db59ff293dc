"""What is wrong with an open document, computed once a version.

Checking takes a thread and cannot be stopped, so a document has at most one check running; a newer version waits for
it and is then checked alone, however many versions came between. Whoever asks gets the verdict on the version that is
newest when the answer is given, never on an older one. It does not know how a verdict reaches the editor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from inference.engine.engine import Engine
from languages.errors import CoderError
from languages.finding import Finding
from languages.linters.linter import LinterFailure
from languages.registry import language_of
from lsp.documents import Document, Documents

if TYPE_CHECKING:
    from inference.assistant.check import CheckReport

logger = logging.getLogger(__name__)


class CheckText(Protocol):
    """`inference.assistant.check.check_text`, or a test's stand-in. Runs in a thread."""

    def __call__(self, path: Path, text: str, engine: Engine | None = None) -> CheckReport: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings in one version of a document, and which tools gave no verdict."""

    document: Document
    engine: Engine | None
    findings: tuple[Finding, ...]
    failures: tuple[LinterFailure, ...]


class Checks:
    """Verdicts on the open documents. Owned by the server's event loop."""

    def __init__(
        self, documents: Documents, check: CheckText, engine: Callable[[], Engine | None], *, quiet: float
    ) -> None:
        """`quiet`: seconds without a change before a changed document is checked."""
        self._documents = documents
        self._check = check
        self._engine = engine
        self._quiet = quiet
        self._known: dict[str, Verdict] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="check")

    def forget(self, uri: str) -> None:
        """The document was closed, or what is on disk changed: the verdict no longer counts."""
        self._known.pop(uri, None)

    def known(self, uri: str) -> Verdict | None:
        """The verdict on the newest version when there is one already."""
        verdict = self._known.get(uri)
        is_current = verdict is not None and self._documents.is_current(verdict.document)
        return verdict if is_current and verdict is not None and verdict.engine is self._engine() else None

    async def verdict(self, uri: str) -> Verdict | None:
        """The verdict on the newest version; None when the document is not open."""
        while self._documents.get(uri) is not None:
            if (verdict := self.known(uri)) is not None:
                return verdict
            if uri not in self._running:
                self._running[uri] = asyncio.create_task(self._run(uri))
            # One of several waiting requests may be cancelled; the check goes on for the others.
            await asyncio.shield(self._running[uri])
        return None

    def close(self) -> None:
        """Start no more checks."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, uri: str) -> None:
        try:
            document = await self._settled(uri)
            if document is None:
                return
            engine = self._engine()
            loop = asyncio.get_running_loop()
            findings, failures = await loop.run_in_executor(self._threads, self._judge, document, engine)
            self._known[uri] = Verdict(document, engine, findings, failures)
        finally:
            del self._running[uri]

    async def _settled(self, uri: str) -> Document | None:
        """The document once it has not changed for `quiet` seconds; at once when it was just opened."""
        document = self._documents.get(uri)
        if uri not in self._known:
            return document
        while document is not None:
            await asyncio.sleep(self._quiet)
            if self._documents.is_current(document):
                return document
            document = self._documents.get(uri)
        return None

    def _judge(
        self, document: Document, engine: Engine | None
    ) -> tuple[tuple[Finding, ...], tuple[LinterFailure, ...]]:
        """Run the check in a thread; an error in it is a tool that gave no verdict."""
        if language_of(document.path) is None:
            return (), ()
        try:
            report = self._check(document.path, document.text, engine=engine)
        except CoderError as error:
            return (), (LinterFailure("coder", error.message),)
        except Exception:
            logger.exception("the check of a document failed")
            return (), (LinterFailure("coder", "The check failed; the server's log (stderr) says where."),)
        return tuple(report.findings), tuple(report.failures)
