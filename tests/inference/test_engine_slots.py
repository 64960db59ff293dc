"""Which sequence a request gets, and what of its cells is reused. The cells are a dictionary here."""

from __future__ import annotations

from inference.engine.engine import Priority, Request
from inference.engine.generation import Generation
from inference.engine.jobs import StatesJob, TextJob
from inference.engine.slots import Slot, SlotTable, common_prefix


class Ledger:
    """Cells that remember how long each sequence is."""

    def __init__(self, stateful: bool = False) -> None:
        self.stateful = stateful
        self.log: list[tuple[str, int, int]] = []

    def forget(self, sequence: int, start: int = 0) -> bool:
        self.log.append(("forget", sequence, start))
        return start == 0 or not self.stateful

    def share(self, source: int, target: int, length: int) -> None:
        self.log.append(("share", target, length))


ORDER = iter(range(10_000))


def text(prompt: list[int], max_tokens: int = 10, priority: Priority = Priority.INTERACTIVE) -> TextJob:
    request = Request(prompt=tuple(prompt), max_tokens=max_tokens, priority=priority)
    return TextJob(request, Generation(), next(ORDER))


def run(table: SlotTable, job: TextJob) -> Slot:
    """Admit a job and let it decode its prompt."""
    slot = table.admit(job)
    assert slot is not None
    job.done = len(job.tokens)
    return slot


def table(cells: Ledger | None = None, capacity: int = 400, window: int = 200) -> SlotTable:
    return SlotTable(cells or Ledger(), shared=2, capacity=capacity, window=window)


def test_common_prefix_counts_equal_beginnings() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([1, 2], [1, 2, 3]) == 2
    assert common_prefix([], [1]) == 0


def test_a_follow_up_continues_in_the_cells_of_the_turn_before() -> None:
    slots = table()
    first = text(list(range(20)))
    slot = run(slots, first)
    slots.release(slot)
    follow_up = text([*range(20), 50, 51])
    assert slots.admit(follow_up) is slot
    assert (follow_up.done, follow_up.cached) == (20, 20)


def test_the_last_token_of_a_prompt_is_always_decoded_again() -> None:
    slots = table()
    slots.release(run(slots, text([1, 2, 3])))
    again = text([1, 2, 3])
    slots.admit(again)
    assert again.cached == 2


def test_a_short_common_beginning_does_not_cost_another_chat_its_cells() -> None:
    cells = Ledger()
    slots = table(cells)
    long_chat = run(slots, text(list(range(100))))
    slots.release(long_chat)
    other = text([0, 1, 2, 3, 999, 998])
    slot = slots.admit(other)
    assert slot is not None
    assert slot is not long_chat
    assert other.cached == 4
    assert ("share", slot.sequence, 4) in cells.log
    assert len(long_chat.tokens) == 100


def test_a_running_sequence_shares_its_decoded_beginning() -> None:
    slots = table()
    run(slots, text([1, 2, 3, 4]))
    second = text([1, 2, 3, 9, 9])
    slots.admit(second)
    assert second.cached == 3


def test_a_stateful_model_shares_and_cuts_nothing() -> None:
    cells = Ledger(stateful=True)
    slots = table(cells)
    slots.release(run(slots, text([1, 2, 3, 4])))
    job = text([1, 2, 3, 9])
    slots.admit(job)
    assert job.cached == 0
    assert not [entry for entry in cells.log if entry[0] == "share"]


def test_requests_wait_when_the_sequences_are_taken_but_ghost_text_has_its_own() -> None:
    slots = table()
    run(slots, text([1]))
    run(slots, text([2]))
    assert slots.admit(text([3])) is None
    assert slots.admit(text([3], priority=Priority.INLINE)) is not None


def test_a_quarter_window_of_cells_is_kept_for_ghost_text() -> None:
    slots = table(capacity=400, window=200)
    run(slots, text([1] * 190))
    assert slots.admit(text([2] * 190)) is None
    assert slots.admit(text([2] * 100)) is not None
    assert slots.admit(text([3] * 40, priority=Priority.INLINE)) is not None


def test_a_full_window_is_admitted_when_there_is_but_one() -> None:
    slots = table(capacity=200, window=200)
    assert slots.admit(text([1] * 190)) is not None


def test_idle_cells_make_room_for_running_ones_unused_longest_first() -> None:
    slots = table(capacity=250, window=200)
    old = run(slots, text([1] * 80))
    new = run(slots, text([2] * 80))
    slots.release(old)
    slots.release(new)
    job = text([2] * 80 + [3] * 60)
    assert slots.admit(job) is new
    assert job.cached == 80
    assert old.tokens == [1] * 80
    slots.release(new)
    slots.admit(text([4] * 180))
    held = sum(len(slot.tokens) for slot in slots.slots if slot.job is None)
    assert held + 190 <= 250


def test_hidden_states_have_a_sequence_of_their_own_and_leave_nothing() -> None:
    slots = table()
    job = StatesJob([1, 2, 3], Priority.BACKGROUND, 0, 4)
    slot = slots.admit(job)
    assert slot is not None
    assert slots.admit(StatesJob([1], Priority.INLINE, 1, 4)) is None
    job.done = 3
    slots.release(slot)
    assert slot.tokens == []
