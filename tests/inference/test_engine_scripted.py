"""The engine for tests: what it says and remembers. What it shares with the real one: `test_engine_contract.py`."""

from __future__ import annotations

import numpy as np

from inference.engine.engine import Engine, Request
from inference.engine.scripted import ScriptedEngine
from inference.heads import Head
from tasks.tokens import Control, ControlIds


def ask(engine: Engine, text: str, max_tokens: int = 100) -> str:
    return engine.submit(Request(prompt=tuple(engine.tokenize(text)), max_tokens=max_tokens)).text()


def test_replies_come_in_their_order_and_then_there_are_none() -> None:
    engine = ScriptedEngine("first", "second")
    engine.say("third")
    assert [ask(engine, "x") for _ in range(4)] == ["first", "second", "third", ""]


def test_requests_are_kept() -> None:
    engine = ScriptedEngine("yes")
    ask(engine, "is it?")
    assert engine.prompt_text() == "is it?"
    assert engine.requests[0].max_tokens == 100


def test_the_token_limit_holds() -> None:
    engine = ScriptedEngine("abcdef")
    generation = engine.submit(Request(prompt=(65,), max_tokens=3))
    assert generation.text() == "abc"
    assert generation.finish_reason == "length"


def test_a_reply_of_exactly_the_limit_ends_as_the_real_engine_would() -> None:
    generation = ScriptedEngine("abc").submit(Request(prompt=(65,), max_tokens=3))
    assert generation.text() == "abc"
    assert generation.finish_reason == "length"


def test_heads_and_controls_can_be_given() -> None:
    one = np.ones(1, dtype=np.float32)
    head = Head("quality", ("ruff:F401",), np.ones((1, 8), dtype=np.float32), one, one, one)
    engine = ScriptedEngine().with_heads({"quality": head}, ControlIds({Control.JUDGE: 300}))
    assert engine.info.heads["quality"] is head
    assert engine.token_bytes(300) == b""
