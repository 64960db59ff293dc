"""What the next step decodes."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from inference.engine.batch_plan import plan_batch
from inference.engine.engine import Priority


@dataclass
class Work:
    rank: tuple[Priority, int]
    left: int
    writing: bool = False
    done: int = 3
    tokens: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = [0] * (self.done + self.left)


def test_writers_come_first_and_prompts_fill_the_rest() -> None:
    prompt = Work((Priority.INTERACTIVE, 0), 1000)
    writer = Work((Priority.INTERACTIVE, 1), 1, writing=True)
    assert plan_batch([prompt, writer], 64, 8) == [(writer, 1), (prompt, 63)]


def test_ghost_text_goes_before_a_chat_that_came_earlier() -> None:
    chat = Work((Priority.INTERACTIVE, 0), 1000)
    ghost = Work((Priority.INLINE, 1), 40)
    assert plan_batch([chat, ghost], 64, 8) == [(ghost, 40), (chat, 8)]


def test_a_chats_prompt_only_trickles_while_ghost_text_is_written() -> None:
    chat = Work((Priority.INTERACTIVE, 0), 1000)
    ghost = Work((Priority.INLINE, 1), 1, writing=True)
    assert plan_batch([chat, ghost], 64, 8) == [(ghost, 1), (chat, 8)]


def test_prompts_of_one_class_are_served_in_their_order() -> None:
    first, second = (Work((Priority.BACKGROUND, order), 50) for order in range(2))
    assert plan_batch([second, first], 64, 8) == [(first, 50), (second, 14)]


works = st.builds(
    Work,
    rank=st.tuples(st.sampled_from(Priority), st.integers(0, 9)),
    left=st.integers(2, 500),
) | st.builds(
    Work, rank=st.tuples(st.sampled_from(Priority), st.integers(0, 9)), left=st.just(1), writing=st.just(True)
)


@given(jobs=st.lists(works, min_size=1, max_size=6), size=st.integers(16, 256))
def test_a_plan_fits_the_batch_moves_and_repeats_nobody(jobs: list[Work], size: int) -> None:
    plan = plan_batch(jobs, size, size // 8)
    assert 0 < sum(count for _, count in plan) <= size
    assert len({id(job) for job, _ in plan}) == len(plan)
    assert all(0 < count <= job.left for job, count in plan)
    planned = {id(job) for job, _ in plan}
    assert all(id(job) in planned for job in jobs if job.writing)
