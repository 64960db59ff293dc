"""What every `Engine` does, asked of the scripted one and of the real one alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.engine.engine import GREEDY, Engine, Request, SamplingOptions
from inference.engine.scripted import ScriptedEngine
from inference.models import open_engine
from languages.errors import CoderError


@pytest.fixture(params=["scripted", "llama"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Either engine, with enough to say."""
    if request.param == "llama":
        yield request.getfixturevalue("default_engine")
        return
    scripted = ScriptedEngine(*["one two three four five six seven eight nine ten. " * 20] * 8, delay=0.002)
    yield scripted
    scripted.close()


def count_on(engine: Engine, max_tokens: int = 30, **options: object) -> Request:
    prompt = tuple(engine.tokenize("one two three four five six seven eight nine ten one two three four"))
    return replace(Request(prompt=prompt, max_tokens=max_tokens, sampling=GREEDY), **options)


def test_chunks_add_up_and_usage_counts_them(engine: Engine) -> None:
    request = count_on(engine)
    generation = engine.submit(request)
    chunks = list(generation)
    assert "".join(chunk.text for chunk in chunks)
    assert all(chunk.text and chunk.tokens for chunk in chunks)
    assert generation.finish_reason == "length"
    assert generation.usage is not None
    assert generation.usage.prompt_tokens == len(request.prompt)
    assert generation.usage.completion_tokens == 30


def test_a_stop_string_ends_the_text_before_itself(engine: Engine) -> None:
    generation = engine.submit(count_on(engine, stop=("ven", "unheard of")))
    text = generation.text()
    assert text.endswith("se")
    assert "ven" not in text
    assert generation.finish_reason == "stop"


async def test_async_iteration_gives_the_same_chunks(engine: Engine) -> None:
    generation = engine.submit(count_on(engine, 12))
    text = "".join([chunk.text async for chunk in generation])
    assert text
    assert generation.finish_reason == "length"


async def test_two_readers_at_once_each_get_their_own(engine: Engine) -> None:
    async def read() -> str:
        return "".join([chunk.text async for chunk in engine.submit(count_on(engine, 12))])

    first, second = await asyncio.gather(read(), read())
    assert first == second != ""


def test_cancel_in_the_middle_stops_within_a_token_or_two(engine: Engine) -> None:
    generation = engine.submit(count_on(engine, 400))
    for seen, _ in enumerate(generation):
        if seen == 2:
            generation.cancel()
    assert generation.finish_reason == "cancelled"
    assert generation.usage is not None
    assert generation.usage.completion_tokens < 20


def test_leaving_the_context_cancels(engine: Engine) -> None:
    with engine.submit(count_on(engine, 400)) as generation:
        next(iter(generation))
    deadline = time.monotonic() + 20
    while generation.finish_reason is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert generation.finish_reason == "cancelled"


def test_what_does_not_fit_the_window_is_refused_with_the_numbers(engine: Engine) -> None:
    window = engine.info.context_length
    with pytest.raises(CoderError, match=f"window of {window} tokens") as caught:
        engine.submit(count_on(engine, window))
    assert caught.value.code == "context_length_exceeded"
    with pytest.raises(CoderError, match=f"{window + 1} tokens do not fit"):
        engine.hidden_states([5] * (window + 1))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prompt": ()}, "empty_prompt"),
        ({"prompt": (10_000_000,)}, "bad_token"),
        ({"prompt": (-1,)}, "bad_token"),
        ({"max_tokens": -1}, "bad_input"),
        ({"sampling": SamplingOptions(temperature=3)}, "bad_sampling"),
        ({"sampling": SamplingOptions(temperature=float("nan"))}, "bad_sampling"),
        ({"sampling": SamplingOptions(top_p=0)}, "bad_sampling"),
        ({"sampling": SamplingOptions(top_k=-1)}, "bad_sampling"),
        ({"sampling": SamplingOptions(logit_bias={10_000_000: 1.0})}, "bad_sampling"),
    ],
)
def test_impossible_requests_are_refused(engine: Engine, change: dict[str, object], code: str) -> None:
    with pytest.raises(CoderError) as caught:
        engine.submit(count_on(engine, **change))
    assert caught.value.code == code


def test_no_tokens_asked_no_tokens_written(engine: Engine) -> None:
    generation = engine.submit(count_on(engine, 0))
    assert generation.text() == ""
    assert generation.finish_reason == "length"


def test_tokens_spell_the_text_that_they_came_from(engine: Engine) -> None:
    text = "def grüße(n):\n\treturn '€' * n  # \U0001f600\n"
    assert b"".join(engine.token_bytes(token) for token in engine.tokenize(text)).decode() == text


def test_hidden_states_are_one_row_a_token_and_repeatable(engine: Engine) -> None:
    tokens = engine.tokenize("def add(a, b):\n    return a + b\n")
    first, second = engine.hidden_states(tokens), engine.hidden_states(tokens)
    assert first.shape == (len(tokens), engine.info.hidden_size)
    assert first.dtype == np.float32
    assert np.array_equal(first, second)


def test_a_closed_engine_ends_what_runs_and_refuses_the_rest(default_file: Path) -> None:
    for engine in (open_engine(str(default_file), context_length=512), ScriptedEngine("word " * 200, delay=0.05)):
        generation = engine.submit(count_on(engine, 200))
        next(iter(generation))
        engine.close()
        engine.close()
        assert generation.finish_reason == "cancelled"
        with pytest.raises(CoderError) as caught:
            engine.submit(Request(prompt=(1,), max_tokens=1))
        assert caught.value.code == "engine_closed"
