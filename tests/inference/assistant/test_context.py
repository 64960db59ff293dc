from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.assistant.context import fit_context, turn_starts, whole_context
from inference.chat import ChatFormat, Message
from inference.engine.scripted import INFO, ScriptedEngine
from languages.errors import CoderError


def engine_of(window: int) -> ScriptedEngine:
    return ScriptedEngine(info=replace(INFO, context_length=window))


def conversation(*turns: str) -> list[Message]:
    messages = [Message("system", "S")]
    for turn in turns:
        messages += [Message("user", turn), Message("assistant", f"re {turn}")]
    return messages[:-1]


def test_what_fits_is_left_alone() -> None:
    engine = engine_of(500)
    context = fit_context(engine, ChatFormat(engine.info), conversation("one", "two"), reserve=100)
    assert context.dropped == ()
    assert context.given == context.kept == len(context.prompt)


def test_the_oldest_turns_go_whole_and_the_system_message_stays() -> None:
    engine = engine_of(200)
    messages = conversation("a" * 80, "b" * 40, "c")
    context = fit_context(engine, ChatFormat(engine.info), messages, reserve=50)
    assert [(gone.index, gone.role, gone.tokens) for gone in context.dropped] == [(1, "user", 80), (2, "assistant", 83)]
    text = bytes(context.prompt).decode()
    assert text.startswith("<|system|>S\n<|user|>bbb")
    assert "a" * 80 not in text
    assert context.kept == len(context.prompt) <= 150 < context.given


def test_the_last_turn_stays_even_when_it_leaves_less_than_the_reserve() -> None:
    engine = engine_of(200)
    context = fit_context(engine, ChatFormat(engine.info), conversation("a", "b" * 120), reserve=100)
    assert [gone.index for gone in context.dropped] == [1, 2]
    assert b"b" * 120 in bytes(context.prompt)


def test_a_last_message_that_cannot_fit_is_an_error_with_the_numbers() -> None:
    engine = engine_of(100)
    with pytest.raises(CoderError, match="100") as refused:
        fit_context(engine, ChatFormat(engine.info), conversation("a", "b" * 120), reserve=10)
    assert refused.value.code == "context_length_exceeded"


def test_the_whole_context_or_nothing() -> None:
    engine = engine_of(100)
    assert whole_context(engine, ChatFormat(engine.info), conversation("a")).dropped == ()
    with pytest.raises(CoderError) as refused:
        whole_context(engine, ChatFormat(engine.info), conversation("a" * 100))
    assert refused.value.code == "context_length_exceeded"


def test_of_a_very_long_conversation_as_much_is_kept_as_fits() -> None:
    engine = engine_of(2000)
    messages = conversation(*(f"question {number}" for number in range(1500)))
    context = fit_context(engine, ChatFormat(engine.info), messages, reserve=100)
    assert 1900 - 100 < context.kept <= 1900
    assert len(context.dropped) + 40 < len(messages)


@pytest.mark.parametrize(
    ("roles", "starts"),
    [
        ("suau", [0, 3]),
        ("uau", [0, 2]),
        ("uua", [0]),
        ("auau", [0, 3]),
        ("s", [0]),
        ("aa", [0]),
        ("uasu", [0, 3]),
    ],
)
def test_where_turns_begin(roles: str, starts: list[int]) -> None:
    names = {"s": "system", "u": "user", "a": "assistant"}
    assert turn_starts([Message(names[role], "x") for role in roles]) == starts


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), st.text("ab", max_size=60)), min_size=1))
def test_every_message_is_either_in_the_prompt_or_reported(said: list[tuple[str, str]]) -> None:
    engine = engine_of(256)
    messages = [Message(role, f"<{index}>{text}") for index, (role, text) in enumerate(said)]
    chat_format = ChatFormat(engine.info)
    last = messages[turn_starts(messages)[-1] :]
    least = [message for message in messages if message.role == "system" or message in last]
    if len(chat_format.token_ids(least, engine.tokenize)) >= 256:
        with pytest.raises(CoderError):
            fit_context(engine, chat_format, messages, reserve=64)
        return
    context = fit_context(engine, chat_format, messages, reserve=64)
    gone = {message.index for message in context.dropped}
    text = bytes(context.prompt).decode()
    for index, message in enumerate(messages):
        assert (message.content in text) is (index not in gone)
    assert all(messages[index].role != "system" for index in gone)
    assert len(context.prompt) < 256
