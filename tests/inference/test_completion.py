"""`inference/assistant/completion.py`, `ghost_text.py` and `inference/cli/complete.py` over a scripted engine."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from inference.assistant.completion import Completion, complete, head, tail
from inference.assistant.ghost_text import EmptyReason, Suggestion, closers_replaced, has_surplus, shape
from inference.cli.complete import complete as command
from inference.cli.complete import cursor_context, parse_place
from inference.engine.engine import Priority
from inference.engine.scripted import INFO, ScriptedEngine
from languages.errors import CoderError
from tasks.complete import CursorContext
from tasks.tokens import Control, ControlIds

FIM = ControlIds({Control.FIM_PREFIX: 300, Control.FIM_SUFFIX: 301, Control.FIM_MIDDLE: 302})


def at(text: str) -> CursorContext:
    """The context at the `|` in `text`."""
    prefix, suffix = text.split("|")
    return CursorContext(prefix, suffix, "a.py")


def suggest(text: str, reply: str, **options: int) -> Suggestion:
    return complete(ScriptedEngine(reply), at(text), **options).result()


def test_one_line_is_asked_for_inside_a_line_and_a_block_at_its_end() -> None:
    engine = ScriptedEngine("b)", "b")
    complete(engine, at("f(a, |)")).result()
    complete(engine, at("f(a, |\n)")).result()
    assert [request.stop for request in engine.requests] == [("\n",), ("\n\n",)]
    assert all(request.priority is Priority.INLINE for request in engine.requests)


def test_a_model_without_fim_tokens_sees_no_trailing_space_and_the_answer_is_healed() -> None:
    engine = ScriptedEngine("    return a + b\n\nprint()")
    suggestion = complete(engine, at("def add(a, b):\n    |\n")).result()
    assert engine.prompt_text() == "def add(a, b):\n"
    assert suggestion.text == "return a + b"


def test_a_model_with_fim_tokens_sees_both_sides() -> None:
    engine = ScriptedEngine("a + b").with_heads({}, FIM)
    assert complete(engine, at("x = |\nprint(x)\n")).result().text == "a + b"
    prompt = engine.requests[0].prompt
    assert [token for token in prompt if token >= 300] == [300, 301, 302]
    assert engine.prompt_text() == "x = \nprint(x)\n"


@pytest.mark.parametrize(
    ("text", "reply", "reason"),
    [
        ("x = |", "", EmptyReason.EMPTY_OUTPUT),
        ("x = |", "   \n ", EmptyReason.ONLY_BLANK),
        ("|", "x", EmptyReason.NOTHING_BEFORE_CURSOR),
        ("foo(|bar)", "bar)", EmptyReason.REPEATS_SUFFIX),
        ("x = 1\n|\nprint(x)\n", "print(x)\n", EmptyReason.REPEATS_SUFFIX),
        ("compute_total(x)\n|", "compute_total(x)\ncompute_total(x)", EmptyReason.REPEATS_PREFIX),
        ("def f():\n    x = 1\n    |", "def g():\n    pass", EmptyReason.LEAVES_BLOCK),
    ],
)
def test_every_empty_suggestion_has_its_reason(text: str, reply: str, reason: EmptyReason) -> None:
    suggestion = suggest(text, reply)
    assert (suggestion.text, suggestion.reason) == ("", reason)
    assert suggestion.explanation.endswith(".")


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.sentence for reason in EmptyReason)


def test_no_model_and_an_engine_that_refuses_are_reasons_and_not_errors() -> None:
    class Refusing(ScriptedEngine):
        def submit(self, request: object) -> object:
            raise CoderError("The engine is closed.", code="closed")

    assert complete(None, at("x|")).result().reason is EmptyReason.NO_MODEL
    refused = complete(Refusing(), at("x|")).result()
    assert refused.reason is EmptyReason.ENGINE_ERROR
    assert "The engine is closed." in refused.explanation


def test_lines_that_stand_after_the_cursor_are_not_repeated() -> None:
    assert suggest("a = 1\n|\nprint(a)\n", "b = 2\nprint(a)\nc = 3").text == "b = 2"


def test_a_block_ends_where_its_indentation_ends_and_a_loop_is_cut() -> None:
    assert suggest("def f():\n    return |", "1\nprint(f())").text == "1"
    assert suggest("def f(x):\n    |", "    step_one(x)\n    step_one(x)\n").text == "step_one(x)"


def test_the_last_line_of_an_answer_that_ran_out_of_tokens_goes() -> None:
    assert suggest("x|", " = 1\ny = 23456", max_tokens=9).text == " = 1"
    assert suggest("x|", " = 12345", max_tokens=5).text == " = 12"


@pytest.mark.parametrize(
    ("before", "text", "after", "count"),
    [
        ("print(", '"hello")', ")", 1),
        ("print(", '"hello"', ")", 0),
        ("f(a[", "0], b)", "])", 2),
        ("foo(bar(", "x), y", "))", 1),
        ("f(", "a)(b", ")", 0),
        ('print("', 'hello")', '")', 2),
        ("x = [", "1, 2]", "]", 1),
        ("", "b) + 1", ")", 1),
        ("f(", "a", " + b)", 0),
    ],
)
def test_a_bracket_that_the_editor_closed_is_replaced(before: str, text: str, after: str, count: int) -> None:
    assert closers_replaced(before, text, after) == count


def test_what_is_inserted_never_doubles_the_rest_of_the_line() -> None:
    suggestion = suggest("print(|)\n", '"hello")')
    assert (suggestion.text, suggestion.replaces, suggestion.insertion) == ('"hello")', 1, '"hello"')


def test_surplus_stops_the_engine_early() -> None:
    context = at("def f():\n    return |")
    assert has_surplus("1\nprint()\n", context)
    assert not has_surplus("1\n", context)
    engine = ScriptedEngine("1\nprint()\nx = 1\nx = 2\nx = 3\n", delay=0.002)
    assert complete(engine, context).result().text == "1"
    assert engine.generations[0].cancelled


def test_shape_keeps_a_leading_line_break() -> None:
    assert shape("\n    return 1", at("def f():|")).text == "\n    return 1"


def test_cancel_stops_the_engine_within_a_token() -> None:
    engine = ScriptedEngine("x" * 40, delay=0.01)
    running = complete(engine, at("y = |"))
    running.cancel()
    assert running.result().reason is EmptyReason.CANCELLED
    usage = engine.generations[0].usage
    assert usage is not None
    assert usage.completion_tokens <= 1


async def test_cancelling_the_task_cancels_the_engine() -> None:
    engine = ScriptedEngine("x" * 200, delay=0.01)
    task = asyncio.create_task(complete(engine, at("y = |")).wait())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.generations[0].cancelled


@pytest.mark.parametrize("is_async", [True, False])
async def test_time_that_runs_out_leaves_the_text_so_far_or_a_reason(is_async: bool) -> None:
    async def within(engine: ScriptedEngine, seconds: float) -> Suggestion:
        running = complete(engine, at("y = |"))
        return await running.wait(seconds) if is_async else running.result(seconds)

    partial = await within(ScriptedEngine("x" * 48, delay=0.02), 0.2)
    assert set(partial.text) == {"x"}
    assert len(partial.text) < 48
    assert (await within(ScriptedEngine("xyz", delay=0.3), 0.05)).reason is EmptyReason.TIMEOUT


async def test_waiting_gives_the_same_as_blocking() -> None:
    text = "def add(a, b):\n    return |"
    assert await complete(ScriptedEngine("a + b"), at(text)).wait() == suggest(text, "a + b")


def test_a_settled_completion_needs_no_engine() -> None:
    running = Completion(at("x|"), settled=Suggestion("y"))
    running.cancel()
    assert running.result().text == "y"


def test_the_window_is_cut_at_line_borders_and_stays_put_while_typing() -> None:
    text = "".join(f"line_{number} = {number}\n" for number in range(5000))

    def tokenize(piece: str) -> list[int]:
        return list(piece.encode())

    pieces = [tail(text + typed, 2000, tokenize) for typed in ("", "a", "ab", "abc")]
    assert {piece.split("\n")[0] for piece in pieces} == {pieces[0].split("\n")[0]}
    assert pieces[0].startswith("line_")
    assert 500 < len(pieces[0]) <= 2000
    assert text.startswith(head(text, 100, tokenize))
    assert head(text, 100, tokenize).endswith("\n")
    assert 50 < len(head(text, 100, tokenize)) <= 100


@pytest.mark.parametrize("unit", ["x" * 200_000, "x = 1\n" * 200_000, "é" * 50_000, "\n" * 100_000])
def test_a_huge_file_fits(unit: str) -> None:
    engine = ScriptedEngine("y", info=replace(INFO, context_length=256)).with_heads({}, FIM)
    assert complete(engine, CursorContext(unit, unit)).result().text == "y"
    assert len(engine.requests[0].prompt) + engine.requests[0].max_tokens <= 256


def test_places() -> None:
    place = parse_place(r"C:\code\a.py:3:7")
    assert (str(place.path), place.line, place.column) == (r"C:\code\a.py", 3, 7)
    for bad in ("a.py", "a.py:1", "a.py:x:1", "a.py:0:1", ":1:1"):
        with pytest.raises(CoderError):
            parse_place(bad)


def test_a_place_is_found_by_code_points_and_lsp_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes("a = '😀'\x0c\u2028b\r\nc\r\n".encode())
    assert cursor_context(parse_place(f"{file}:1:7")).prefix == "a = '😀"
    assert cursor_context(parse_place(f"{file}:2:2")).prefix.endswith("\r\nc")
    assert cursor_context(parse_place(f"{file}:3:1")).suffix == ""


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("{file}:9:1", "no line 9"), ("{file}:1:99", "last column is 6"), ("{file}x:1:1", "does not exist")],
)
def test_a_place_that_does_not_exist_is_a_sentence(tmp_path: Path, place: str, sentence: str) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    with pytest.raises(CoderError, match=sentence):
        cursor_context(parse_place(place.format(file=file)))


def test_bytes_that_are_not_utf8_are_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_bytes(b"x = '\xff'\n")
    with pytest.raises(CoderError, match="UTF-8"):
        cursor_context(parse_place(f"{file}:1:1"))


@pytest.mark.parametrize(("reply", "code", "stream"), [("a + b", 0, "stdout"), ("", 1, "stderr")])
def test_the_command_prints_the_text_or_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: str, code: int, stream: str
) -> None:
    engine = ScriptedEngine(reply)
    monkeypatch.setitem(sys.modules, "inference.models", SimpleNamespace(open_engine=lambda model: engine))
    file = tmp_path / "a.py"
    file.write_text("def add(a, b):\n    return \n")
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, [f"{file}:2:12"])
    assert result.exit_code == code
    assert getattr(result, stream) == (f"{reply}\n" if reply else result.stderr)
    if not reply:
        assert "nothing to suggest" in result.stderr
        assert result.stdout == ""
