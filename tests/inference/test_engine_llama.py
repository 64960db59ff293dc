"""The real engine on the real embedded model: sampling, prefixes, concurrency, ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.chat import ChatFormat, Message
from inference.engine.context import Context, DecodeError
from inference.engine.engine import GREEDY, Engine, Priority, Request, SamplingOptions
from inference.engine.generation import Generation
from inference.models import open_engine

STORY = (
    "The lighthouse keeper wrote down every ship that passed, its name, its flag and the hour. "
    "One evening a ship came that had no name at all, and he did not know what to write. "
)


#: At Q8_0 another cut of the batch moves hidden states by up to 3 %: activations are rounded to 8 bits, too.
NOISE = 0.06


def distance(states: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """The relative difference of two arrays of hidden states."""
    return float(np.linalg.norm(states - wanted) / np.linalg.norm(wanted))


@pytest.fixture
def fresh_engine(default_file: Path) -> Iterator[Engine]:
    """An engine that no other test has used."""
    engine = open_engine(str(default_file), context_length=1024)
    yield engine
    engine.close()


def ask(engine: Engine, text: str, max_tokens: int = 24, **changes: object) -> Request:
    request = Request(prompt=tuple(engine.tokenize(text)), max_tokens=max_tokens, sampling=GREEDY)
    return replace(request, **changes)


def finished(generation: Generation) -> tuple[str, Generation]:
    return generation.text(), generation


def test_the_model_answers_a_chat_and_ends_by_itself(default_engine: Engine) -> None:
    prompt = ChatFormat(default_engine.info).token_ids(
        [Message("user", "What is the capital of France? One word.")], default_engine.tokenize
    )
    text, generation = finished(default_engine.submit(Request(prompt=prompt, max_tokens=60, sampling=GREEDY)))
    assert "Paris" in text
    assert "<|im_end|>" not in text
    assert generation.finish_reason == "stop"


def test_the_same_seed_draws_the_same_text_and_another_another(fresh_engine: Engine) -> None:
    def draw(seed: int | None) -> str:
        sampling = SamplingOptions(temperature=1.2, top_p=1.0, top_k=0, min_p=0.0, seed=seed)
        return fresh_engine.submit(ask(fresh_engine, STORY, sampling=sampling)).text()

    first = draw(1)
    again = draw(1)
    assert draw(1) == again
    assert len({first, draw(2), draw(3), draw(None)}) >= 3


def test_logit_bias_forces_and_forbids(default_engine: Engine) -> None:
    token = default_engine.tokenize(" whale")[0]
    forced = ask(default_engine, STORY, 5, sampling=replace(GREEDY, logit_bias={token: 100.0}))
    piece = default_engine.token_bytes(token).decode()
    assert default_engine.submit(forced).text() == piece * 5
    free = default_engine.submit(ask(default_engine, STORY, 1)).text()
    banned = {default_engine.tokenize(free)[0]: -100.0}
    assert (
        default_engine.submit(ask(default_engine, STORY, 1, sampling=replace(GREEDY, logit_bias=banned))).text() != free
    )


def test_penalties_stop_repetition(default_engine: Engine) -> None:
    token = default_engine.tokenize(" whale")[0]
    biased = replace(GREEDY, logit_bias={token: 30.0})
    penalised = replace(biased, frequency_penalty=2.0, presence_penalty=2.0)
    plain = default_engine.submit(ask(default_engine, STORY, 30, sampling=biased)).text()
    other = default_engine.submit(ask(default_engine, STORY, 30, sampling=penalised)).text()
    assert other.count("whale") < plain.count("whale") == 30


def test_a_reused_prefix_gives_the_same_greedy_text(fresh_engine: Engine) -> None:
    request = ask(fresh_engine, STORY * 6)
    cold, first = finished(fresh_engine.submit(request))
    warm, second = finished(fresh_engine.submit(request))
    assert first.usage is not None
    assert second.usage is not None
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens == len(request.prompt) - 1
    assert warm == cold


def test_a_follow_up_turn_reuses_the_turn_before(fresh_engine: Engine) -> None:
    answer = fresh_engine.submit(ask(fresh_engine, STORY, 10)).text()
    _, second = finished(fresh_engine.submit(ask(fresh_engine, STORY + answer + " Then", 5)))
    assert second.usage is not None
    assert second.usage.cached_tokens > len(fresh_engine.tokenize(STORY))


def test_six_at_once_each_get_the_text_that_they_get_alone(fresh_engine: Engine) -> None:
    prompts = [
        f"{STORY * 2}Chapter {number}. {topic}"
        for number, topic in enumerate(["Sea", "Sun", "Ink", "Oil", "Fog", "Ice"])
    ]
    together = [fresh_engine.submit(ask(fresh_engine, prompt, 16)) for prompt in prompts]
    texts = [generation.text() for generation in together]
    assert all(generation.finish_reason in ("length", "stop") for generation in together)
    alone = [fresh_engine.submit(ask(fresh_engine, prompt, 16)).text() for prompt in prompts]
    same = sum(a[:20] == b[:20] for a, b in zip(texts, alone, strict=True))
    assert same >= 5, "a batch may round differently, but not six times"


def test_ghost_text_does_not_wait_for_a_chats_prompt(fresh_engine: Engine) -> None:
    chat = fresh_engine.submit(ask(fresh_engine, STORY * 20, 100))
    ghost = fresh_engine.submit(ask(fresh_engine, "def add(a, b):\n    return", 3, priority=Priority.INLINE))
    assert ghost.text()
    assert chat.finish_reason is None
    chat.cancel()
    chat.text()


def test_cancel_before_the_start_gives_nothing(fresh_engine: Engine) -> None:
    running = [fresh_engine.submit(ask(fresh_engine, STORY, 200)) for _ in range(4)]
    waiting = fresh_engine.submit(ask(fresh_engine, STORY, 200))
    waiting.cancel()
    assert waiting.text() == ""
    assert waiting.finish_reason == "cancelled"
    assert waiting.usage is not None
    assert waiting.usage.completion_tokens == 0
    assert any(generation.finish_reason is None for generation in running)
    for generation in running:
        generation.cancel()


def test_cancel_within_a_prompt_stops_it(fresh_engine: Engine) -> None:
    started = time.monotonic()
    generation = fresh_engine.submit(ask(fresh_engine, STORY * 20, 200))
    generation.cancel()
    generation.text()
    assert generation.finish_reason == "cancelled"
    assert time.monotonic() - started < 10
    assert fresh_engine.submit(ask(fresh_engine, STORY, 3)).text()


def test_long_hidden_states_are_the_same_as_those_of_their_beginning(default_engine: Engine) -> None:
    tokens = default_engine.tokenize(STORY * 16)
    assert len(tokens) > 512
    long, short = default_engine.hidden_states(tokens), default_engine.hidden_states(tokens[:300])
    assert long.shape == (len(tokens), default_engine.info.hidden_size)
    assert distance(long[:300], short) < NOISE


def test_hidden_states_while_texts_are_written(fresh_engine: Engine) -> None:
    alone = fresh_engine.hidden_states(fresh_engine.tokenize(STORY))
    generation = fresh_engine.submit(ask(fresh_engine, STORY, 60))
    beside = fresh_engine.hidden_states(fresh_engine.tokenize(STORY))
    assert distance(beside, alone) < NOISE
    assert generation.text()


def test_control_tokens_are_not_text(default_engine: Engine) -> None:
    start = default_engine.tokenize("<|im_start|>", special=True)
    assert len(start) == 1
    assert default_engine.token_bytes(start[0]) == b""
    assert len(default_engine.tokenize("<|im_start|>")) > 1
    forced = ask(default_engine, STORY, 4, sampling=replace(GREEDY, logit_bias={start[0]: 100.0}))
    text, generation = finished(default_engine.submit(forced))
    assert text == ""
    assert generation.finish_reason == "length"


def test_one_failing_step_ends_its_requests_and_the_engine_lives(
    fresh_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = threading.Event()

    def fail(self: Context, *, states: bool = False) -> None:
        broken.set()
        raise DecodeError("the abacus fell down")

    with monkeypatch.context() as patch:
        patch.setattr(Context, "decode", fail)
        generation = fresh_engine.submit(ask(fresh_engine, STORY, 5))
        assert generation.text() == ""
    assert broken.is_set()
    assert generation.finish_reason == "error"
    assert "the abacus fell down" in (generation.error or "")
    assert fresh_engine.submit(ask(fresh_engine, STORY, 3)).text()


def test_a_program_that_forgets_to_close_still_ends(default_file: Path) -> None:
    program = (
        "import sys; from inference.models import open_engine; from inference.engine.engine import Request\n"
        "engine = open_engine(sys.argv[1], context_length=256)\n"
        "engine.submit(Request(prompt=tuple(engine.tokenize('a b c')), max_tokens=200))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, str(default_file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_dropped_engine_frees_its_thread(default_file: Path) -> None:
    engine = open_engine(str(default_file), context_length=256)
    before = threading.active_count()
    del engine
    assert threading.active_count() == before - 1
