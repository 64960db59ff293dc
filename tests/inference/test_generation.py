"""One request's answer between the engine's thread and its reader."""

from __future__ import annotations

import asyncio
import threading

from inference.engine.generation import Chunk, Generation, Usage

USAGE = Usage(prompt_tokens=3, cached_tokens=1, completion_tokens=2)


def test_chunks_that_were_pushed_before_anybody_read_are_there() -> None:
    generation = Generation()
    generation.push(Chunk("a", (1,)))
    generation.push(Chunk("b", (2,)))
    generation.finish("stop", USAGE)
    assert list(generation) == [Chunk("a", (1,)), Chunk("b", (2,))]
    assert (generation.finish_reason, generation.usage, generation.error) == ("stop", USAGE, None)


def test_the_first_finish_counts() -> None:
    generation = Generation()
    generation.finish("error", USAGE, "broken")
    generation.finish("stop", USAGE)
    assert (generation.finish_reason, generation.error) == ("error", "broken")


def test_a_blocked_reader_wakes_up() -> None:
    generation = Generation()
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(generation.text()))
    reader.start()
    generation.push(Chunk("late"))
    generation.finish("stop", USAGE)
    reader.join(timeout=5)
    assert said == ["late"]


async def test_async_reading_while_another_thread_writes() -> None:
    generation = Generation()

    def write() -> None:
        for number in range(200):
            generation.push(Chunk(str(number % 10)))
        generation.finish("stop", USAGE)

    writer = threading.Thread(target=write)
    writer.start()
    text = "".join([chunk.text async for chunk in generation])
    writer.join(timeout=5)
    assert text == "0123456789" * 20


async def test_an_async_reader_waits_without_blocking_the_loop() -> None:
    generation = Generation()
    task = asyncio.create_task(anext(aiter(generation)))
    await asyncio.sleep(0.01)
    assert not task.done()
    generation.push(Chunk("now"))
    assert (await asyncio.wait_for(task, 5)).text == "now"


def test_a_reader_whose_loop_is_closed_does_not_hurt_the_engine() -> None:
    generation = Generation()
    reader = aiter(generation)
    loop = asyncio.new_event_loop()
    generation.push(Chunk("first"))
    assert loop.run_until_complete(anext(reader)).text == "first"
    loop.close()
    generation.push(Chunk("second"))
    generation.finish("stop", USAGE)
    assert generation.text() == "second"


def test_cancel_is_a_wish_and_idempotent() -> None:
    generation = Generation()
    assert not generation.cancelled
    generation.cancel()
    generation.cancel()
    assert generation.cancelled
    assert generation.finish_reason is None


def test_leaving_the_context_manager_cancels() -> None:
    with Generation() as generation:
        pass
    assert generation.cancelled
