"""`lsp/diagnostics.py`, `checks.py` and `hover.py` through a real client and server."""

from __future__ import annotations

import asyncio
from typing import Any

from lsprotocol import types

from inference.assistant.check import check_text
from inference.engine.scripted import ScriptedEngine
from languages.linters.linter import LinterFailure
from tasks.tokens import Control, ControlIds

PULLING = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())
)


async def test_what_is_found_is_published_with_its_version(start: Any, wait_until: Any, uri: str) -> None:
    async with start() as (editor, _):
        editor.open("x = 1\n  bug\n")
        await wait_until(lambda: editor.published)
        published = editor.published[0]
        (diagnostic,) = published.diagnostics
        assert (published.uri, published.version) == (uri, 1)
        assert diagnostic.range == types.Range(types.Position(1, 2), types.Position(1, 5))
        assert (diagnostic.source, diagnostic.code, diagnostic.message) == ("ruff", "B001", "A bug.")
        assert diagnostic.severity is types.DiagnosticSeverity.Warning
        assert diagnostic.code_description == types.CodeDescription("https://example.org/B001")
        assert diagnostic.data["confidence"] == 0.75


async def test_utf16_positions_behind_an_emoji(start: Any, wait_until: Any) -> None:
    async with start() as (editor, _):
        editor.open('a = "😀"; bug\n')
        await wait_until(lambda: editor.published)
        assert editor.published[0].diagnostics[0].range.start == types.Position(0, 10)


async def test_a_stale_verdict_is_never_published(start: Any, wait_until: Any, fake_check: Any) -> None:
    check = fake_check()
    check.gate.clear()
    async with start(check=check) as (editor, _):
        editor.open("bug\n")
        await wait_until(lambda: check.texts)
        for version in range(2, 6):
            editor.change(version, "\n" * version + "bug\n")
        check.gate.set()
        await wait_until(lambda: editor.published)
        assert [(given.version, given.diagnostics[0].range.start.line) for given in editor.published] == [(5, 5)]
        assert len(check.texts) == 2


async def test_a_fixed_problem_and_a_closed_document_are_taken_back(start: Any, wait_until: Any, uri: str) -> None:
    async with start() as (editor, _):
        editor.open("bug\n")
        await wait_until(lambda: len(editor.published) == 1)
        editor.change(2, "fine\n")
        await wait_until(lambda: len(editor.published) == 2)
        assert not editor.published[1].diagnostics
        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
        await wait_until(lambda: len(editor.published) == 3)
        assert len((await editor.pull()).items) == 0


async def test_saving_checks_again(start: Any, wait_until: Any, fake_check: Any, uri: str) -> None:
    check = fake_check()
    async with start(check=check) as (editor, _):
        editor.open("bug\n")
        await wait_until(lambda: editor.published)
        editor.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
        await wait_until(lambda: len(editor.published) == 2)
        assert len(check.texts) == 2


async def test_a_client_that_pulls_is_not_pushed_to_and_learns_what_is_unchanged(start: Any, wait_until: Any) -> None:
    async with start(capabilities=PULLING) as (editor, _):
        assert editor.server_capabilities.diagnostic_provider is not None
        editor.open("bug\n")
        first = await editor.pull()
        assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
        assert [diagnostic.code for diagnostic in first.items] == ["B001"]
        editor.change(2, "bug\n\n")
        second = await editor.pull(first.result_id)
        assert second == types.RelatedUnchangedDocumentDiagnosticReport(result_id=first.result_id)
        editor.change(3, "\nbug\n")
        third = await editor.pull(first.result_id)
        assert isinstance(third, types.RelatedFullDocumentDiagnosticReport)
        assert third.result_id != first.result_id
        assert editor.published == []


async def test_pulls_that_wait_share_one_check_and_get_the_newest_version(
    start: Any, wait_until: Any, fake_check: Any
) -> None:
    check = fake_check()
    check.gate.clear()
    async with start(check=check, capabilities=PULLING) as (editor, _):
        editor.open("bug\n")
        waiting = [asyncio.create_task(editor.pull()) for _ in range(3)]
        await wait_until(lambda: check.texts)
        editor.change(2, "fine\n")
        newest = asyncio.create_task(editor.pull())
        await editor.status()
        check.gate.set()
        reports = await asyncio.gather(*waiting, newest)
        assert [len(report.items) for report in reports] == [0, 0, 0, 0]
        assert check.texts == ["bug\n", "fine\n"]


async def test_a_tool_without_a_verdict_is_named_once(start: Any, wait_until: Any, fake_check: Any) -> None:
    check = fake_check(LinterFailure("staticcheck", "It is not installed; install it."))
    async with start(check=check) as (editor, _):
        editor.open("bug\n")
        await wait_until(lambda: editor.published)
        editor.change(2, "bug bug\n")
        await wait_until(lambda: len(editor.published) == 2)
        assert editor.messages == []
        assert editor.logged == ["staticcheck gave no verdict: It is not installed; install it."]
        status = await editor.status()
        assert status["failures"][0]["tool"] == "staticcheck"
        check.failures = ()
        editor.change(3, "fine\n")
        await wait_until(lambda: len(editor.published) == 3)
        assert (await editor.status())["failures"] == []


async def test_a_check_that_crashes_is_a_tool_without_a_verdict(start: Any, wait_until: Any) -> None:
    def crash(*arguments: Any, **options: Any) -> Any:
        raise ValueError("no")

    async with start(check=crash) as (editor, _):
        editor.open("bug\n")
        await wait_until(lambda: editor.published)
        assert not editor.published[0].diagnostics
        assert "The check failed" in editor.logged[0]


async def test_a_model_with_heads_judges_when_it_is_ready(start: Any, wait_until: Any, fake_check: Any) -> None:
    import threading

    gate, check = threading.Event(), fake_check()
    engine = ScriptedEngine().with_heads({"quality": None}, ControlIds({Control.JUDGE: 300}))  # type: ignore[dict-item]

    def load() -> ScriptedEngine:
        gate.wait(5)
        return engine

    async with start(load, check=check) as (editor, _):
        editor.open("bug\n")
        await wait_until(lambda: len(editor.published) == 1)
        gate.set()
        await wait_until(lambda: len(editor.published) == 2)
        assert check.engines == [None, engine]


async def test_hover_explains_the_diagnostic_under_the_cursor(start: Any, uri: str) -> None:
    async with start() as (editor, _):
        editor.open("x = 1\n  bug\n")
        document = types.TextDocumentIdentifier(uri)
        hover = await editor.text_document_hover_async(types.HoverParams(document, types.Position(1, 3)))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        for part in ("**B001**", "ruff", "75% sure", "A bug.", "(https://example.org/B001)"):
            assert part in hover.contents.value
        assert await editor.text_document_hover_async(types.HoverParams(document, types.Position(0, 1))) is None


async def test_status_names_the_model_and_the_tools(start: Any, wait_until: Any) -> None:
    async with start(ScriptedEngine()) as (editor, server):
        await wait_until(lambda: server.model.backend)
        status = await editor.status()
        assert (status["model"], status["ready"], status["state"], status["error"]) == ("scripted", True, "ready", None)
        assert {tool["language"] for tool in status["tools"]} >= {"python", "go"}
        assert status["version"]
        assert status["last_empty_completion"] is None
        await wait_until(lambda: editor.statuses and editor.statuses[-1]["ready"])


async def test_a_file_in_another_language_is_left_alone(start: Any, wait_until: Any) -> None:
    async with start(check=check_text) as (editor, _):
        editor.open("# Notes\n", "file:///project/notes.md", "markdown")
        await wait_until(lambda: editor.published)
        assert not editor.published[0].diagnostics
        assert editor.messages == editor.logged == []


async def test_an_unsaved_buffer_is_checked_by_its_language(start: Any, wait_until: Any) -> None:
    async with start(check=check_text) as (editor, _):
        editor.open("def f(:\n", "untitled:Untitled-1", "python")
        await wait_until(lambda: editor.published)
        assert editor.published[0].diagnostics


async def test_hover_says_what_a_check_means_and_where_to_read_more(start: Any, uri: str) -> None:
    async with start(check=check_text) as (editor, _):
        editor.open("import os\n")
        where = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 8))
        hover = await editor.text_document_hover_async(where)
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        for part in ("**F401**", "unused-import", "/rules/unused-import"):
            assert part in hover.contents.value
