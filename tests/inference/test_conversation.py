from __future__ import annotations

from dataclasses import replace

import pytest

from inference.assistant.conversation import Conversation
from inference.chat import Message
from inference.engine.scripted import INFO, ScriptedEngine
from languages.errors import CoderError


def test_turns_are_kept_and_shown_to_the_model_again() -> None:
    engine = ScriptedEngine("four", "eight")
    conversation = Conversation(engine, system="Be brief.")
    with conversation.ask("2 + 2?") as answer:
        assert "".join(answer) == "four"
    with conversation.ask("twice that?") as answer:
        assert "".join(answer) == "eight"
    for said in ("Be brief.", "2 + 2?", "four", "twice that?"):
        assert said in engine.prompt_text()
    assert conversation.messages[-1] == Message("assistant", "eight")


def test_an_answer_that_is_left_early_stops_the_engine_and_keeps_what_was_said() -> None:
    engine = ScriptedEngine("a" * 1000, delay=0.001)
    conversation = Conversation(engine)
    with conversation.ask("talk") as answer:
        said = next(iter(answer))
    engine.close()
    assert engine.generations[0].finish_reason == "cancelled"
    assert conversation.messages[-1] == Message("assistant", said)


def test_a_question_without_an_answer_leaves_no_turn() -> None:
    conversation = Conversation(ScriptedEngine(""))
    with conversation.ask("hello?") as answer:
        assert list(answer) == []
    assert conversation.messages == []


def test_an_answer_at_its_limit_says_that_it_was_cut_short() -> None:
    conversation = Conversation(ScriptedEngine("abcdef"), max_tokens=3)
    with conversation.ask("spell") as answer:
        assert "".join(answer) == "abc"
    assert answer.cut_short


def test_old_turns_leave_the_window_with_a_note() -> None:
    engine = ScriptedEngine("x" * 60, "y" * 60, "z", info=replace(INFO, context_length=240))
    conversation = Conversation(engine, max_tokens=60)
    for _ in range(2):
        with conversation.ask("q" * 30) as answer:
            assert answer.notes == ()
            list(answer)
    with conversation.ask("last") as answer:
        assert "no longer fit the window" in answer.notes[0]
        list(answer)
    assert "xxx" not in engine.prompt_text()


def test_a_question_over_the_window_is_refused_and_nothing_is_lost() -> None:
    engine = ScriptedEngine("hello", info=replace(INFO, context_length=100))
    conversation = Conversation(engine)
    with conversation.ask("hi") as answer:
        list(answer)
    with pytest.raises(CoderError, match="window"):
        conversation.ask("q" * 200)
    assert [message.content for message in conversation.messages] == ["hi", "hello"]
