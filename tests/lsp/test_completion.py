"""`lsp/completion.py`: ghost text through a real client and server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from inference.engine.scripted import ScriptedEngine
from languages.errors import CoderError

AUTOMATIC = types.InlineCompletionTriggerKind.Automatic


async def test_it_is_advertised_and_answers(start: Any, wait_until: Any) -> None:
    async with start(ScriptedEngine("a + b")) as (editor, server):
        assert editor.server_capabilities.inline_completion_provider is not None
        await wait_until(lambda: server.model.backend)
        editor.open("def add(a, b):\n    return \n")
        (item,) = await editor.ghost_text(1, 11)
        assert item.insert_text == "a + b"
        assert item.range == types.Range(types.Position(1, 11), types.Position(1, 11))


async def test_the_range_swallows_a_bracket_that_the_editor_closed(start: Any, wait_until: Any) -> None:
    async with start(ScriptedEngine('"hello")')) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("print()\n")
        (item,) = await editor.ghost_text(0, 6)
        assert item.insert_text == '"hello")'
        assert item.range == types.Range(types.Position(0, 6), types.Position(0, 7))


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 13), ("utf-16", 11), ("utf-32", 10)])
async def test_positions_count_in_the_negotiated_encoding(
    start: Any, wait_until: Any, encoding: str, character: int
) -> None:
    general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)])
    engine = ScriptedEngine("x)")
    async with start(engine, capabilities=types.ClientCapabilities(general=general)) as (editor, server):
        assert editor.server_capabilities.position_encoding == encoding
        await wait_until(lambda: server.model.backend)
        editor.open('f("\f😀", a=)\n')
        (item,) = await editor.ghost_text(0, character)
        assert engine.prompt_text() == 'f("\f😀", a='
        assert item.range is not None
        assert (item.range.start.character, item.range.end.character) == (character, character + 1)


async def test_the_selected_item_of_a_suggestion_list_is_part_of_the_text(start: Any, wait_until: Any) -> None:
    engine = ScriptedEngine("(a, b)")
    async with start(engine) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("x = ad\n")
        span = types.Range(types.Position(0, 4), types.Position(0, 6))
        selected = types.SelectedCompletionInfo(span, "add")
        (item,) = await editor.ghost_text(0, 6, selected_completion_info=selected)
        assert engine.prompt_text() == "x = add"
        assert (item.insert_text, item.range) == ("add(a, b)", span)


async def test_cancel_stops_the_engine_and_is_answered_as_cancelled(start: Any, wait_until: Any) -> None:
    engine = ScriptedEngine("x" * 400, delay=0.02)
    async with start(engine) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("y = \n")
        params = types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked),
            types.TextDocumentIdentifier("file:///project/shop.py"),
            types.Position(0, 4),
        )
        request = editor.protocol.send_request("textDocument/inlineCompletion", params, msg_id="7")
        await wait_until(lambda: engine.requests)
        editor.cancel_request(types.CancelParams("7"))
        with pytest.raises(JsonRpcException, match="canceled"):
            await asyncio.wrap_future(request)
        await wait_until(lambda: engine.generations[0].finish_reason)
        assert engine.generations[0].finish_reason == "cancelled"
        assert (await editor.status())["last_empty_completion"]["reason"] == "cancelled"


async def test_the_latest_request_for_a_document_wins(start: Any, wait_until: Any) -> None:
    engine = ScriptedEngine("x" * 400, "second", delay=0.01)
    async with start(engine) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("y = \n")
        first = asyncio.create_task(editor.ghost_text(0, 4))
        await wait_until(lambda: engine.requests)
        assert [item.insert_text for item in await editor.ghost_text(0, 4)] == ["second"]
        assert await first == []
        assert engine.generations[0].cancelled


async def test_an_edit_stops_the_running_request(start: Any, wait_until: Any) -> None:
    engine = ScriptedEngine("x" * 400, delay=0.01)
    async with start(engine) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("y = \n")
        running = asyncio.create_task(editor.ghost_text(0, 4))
        await wait_until(lambda: engine.requests)
        editor.change(2, "y = 1\n")
        assert await running == []
        await wait_until(lambda: engine.generations[0].finish_reason == "cancelled")


async def test_keys_in_quick_succession_reach_the_model_once(start: Any, wait_until: Any) -> None:
    engine = ScriptedEngine("only")
    async with start(engine) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("y = \n")
        answers = await asyncio.gather(*(editor.ghost_text(0, 4, trigger_kind=AUTOMATIC) for _ in range(5)))
        assert [len(items) for items in answers] == [0, 0, 0, 0, 1]
        assert len(engine.requests) == 1


async def test_every_empty_answer_has_a_reason_in_the_status(start: Any, wait_until: Any) -> None:
    async with start(ScriptedEngine("")) as (editor, server):
        await wait_until(lambda: server.model.backend)
        editor.open("y = \n")
        assert await editor.ghost_text(0, 4) == []
        await wait_until(lambda: editor.statuses and editor.statuses[-1]["last_empty_completion"])
        assert editor.statuses[-1]["last_empty_completion"].reason == "empty_output"


async def test_a_model_that_does_not_load_is_a_reason(start: Any, wait_until: Any) -> None:
    def fail() -> ScriptedEngine:
        raise CoderError("m.gguf does not exist; check the path", code="not_found")

    async with start(fail) as (editor, server):
        await wait_until(lambda: server.model.error)
        editor.open("y = \n")
        assert await editor.ghost_text(0, 4) == []
        status = await editor.status()
        assert (status["ready"], status["state"], status["error"]) == (
            False,
            "failed",
            "m.gguf does not exist; check the path",
        )
        assert status["last_empty_completion"]["reason"] == "no_model"
        assert "m.gguf does not exist" in status["last_empty_completion"]["message"]
        await wait_until(lambda: editor.messages)
        assert "no ghost text" in editor.messages[0]


async def test_a_model_that_is_still_loading_is_a_reason(start: Any, wait_until: Any) -> None:
    import threading

    gate = threading.Event()

    def load() -> ScriptedEngine:
        gate.wait(5)
        return ScriptedEngine("ready")

    async with start(load) as (editor, _):
        editor.open("y = \n")
        assert await editor.ghost_text(0, 4) == []
        assert (await editor.status())["last_empty_completion"]["reason"] == "model_loading"
        gate.set()
        await wait_until(lambda: editor.statuses and editor.statuses[-1]["ready"])
        assert [item.insert_text for item in await editor.ghost_text(0, 4)] == ["ready"]
