"""Stop strings over token borders, and characters that are never cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engine.text_stream import TextStream


def feed_all(pieces: list[bytes], stop: tuple[str, ...] = ()) -> tuple[list[str], bool]:
    stream = TextStream(stop)
    said = []
    for piece in pieces:
        said.append(stream.feed(piece))
        if stream.stopped:
            return said, True
    said.append(stream.close())
    return said, stream.stopped


@pytest.mark.parametrize(
    ("pieces", "stop", "text", "stopped"),
    [
        ([b"abc"], (), "abc", False),
        ([b"ab", b"c</", b"s", b">d"], ("</s>",), "abc", True),
        ([b"ab</", b"x>"], ("</s>",), "ab</x>", False),
        ([b"a</s"], ("</s>",), "a</s", False),
        ([b"xaa", b"ab"], ("aab",), "xa", True),
        ([b"one\n", b"\ntwo"], ("\n\n", "two"), "one", True),
        ([b"late early"], ("early", "late"), "", True),
        ([b"abc"], ("",), "abc", False),
        ([b"\xc3", b"\xa9"], (), "é", False),
        ([b"a\xf0\x9f", b"\x98"], (), "a\ufffd", False),
        ([b"a\xffb"], (), "a\ufffdb", False),
        ([b"\xe2\x82", b"\xac!"], ("€",), "", True),
    ],
)
def test_known_cases(pieces: list[bytes], stop: tuple[str, ...], text: str, stopped: bool) -> None:
    said, ended = feed_all(pieces, stop)
    assert ("".join(said), ended) == (text, stopped)


def test_text_that_cannot_become_a_stop_string_is_not_held() -> None:
    stream = TextStream(("\nclass",))
    assert stream.feed(b"x = 1\n") == "x = 1"
    assert stream.feed(b"def") == "\ndef"


def test_nothing_is_said_after_the_stop_string() -> None:
    stream = TextStream(("END",))
    assert stream.feed(b"a END b") == "a "
    assert stream.feed(b"more") == ""
    assert stream.close() == ""


@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60)))
def test_any_cut_of_any_bytes_gives_the_same_text(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]
    said, _ = feed_all(pieces)
    assert "".join(said) == data.decode(errors="replace")


@given(
    text=st.text(alphabet="ab<é\n", max_size=40),
    stop=st.lists(st.text(alphabet="ab<é\n", min_size=1, max_size=4), max_size=3).map(tuple),
    size=st.integers(1, 5),
)
def test_the_text_ends_where_a_stop_string_first_completes(text: str, stop: tuple[str, ...], size: int) -> None:
    data = text.encode()
    said, stopped = feed_all([data[start : start + size] for start in range(0, len(data), size)], stop)
    joined = "".join(said)
    assert stopped == any(string in text for string in stop)
    assert text.startswith(joined)
    assert not any(string in joined for string in stop)
    assert stopped or joined == text


@given(text=st.text(max_size=30))
def test_every_piece_is_whole_characters(text: str) -> None:
    said, _ = feed_all([bytes([byte]) for byte in text.encode()])
    assert "\ufffd" not in "".join(said) or "\ufffd" in text
    assert "".join(said) == text
