"""The tests that all three programs run: as a careful shop would have them."""

from __future__ import annotations

import measures
import pytest
from measures import Basket

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]


@pytest.fixture
def basket() -> Basket:
    basket = Basket(limit=10)
    basket.add("pen", 120, 3)
    basket.add("book", 1999)
    return basket


@pytest.mark.parametrize(("gross", "rate", "expected"), [(119, 19, 100), (1000, 7, 935), (500, 0, 500), (1, 100, 1)])
def test_net(gross: int, rate: int, expected: int) -> None:
    assert measures.net(gross, rate) == expected


@pytest.mark.parametrize("rate", [-1, 101])
def test_net_of_an_impossible_rate(rate: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 100"):
        measures.net(100, rate)


@pytest.mark.parametrize(
    ("total", "items", "member", "expected"),
    [
        (10_000, 4, False, 500),
        (10_000, 3, False, 200),
        (9_999, 4, True, 499),
        (4_999, 10, False, 0),
        (4_900, 11, False, 98),
        (1_000, 1, True, 30),
    ],
)
def test_discount(total: int, items: int, member: bool, expected: int) -> None:
    assert measures.discount(total, items, member) == expected


def test_shares() -> None:
    assert measures.shares(100, [1, 1, 1]) == [34, 33, 33]
    assert measures.shares(101, [0, 1, 1]) == [0, 51, 50]
    with pytest.raises(ValueError, match="add up"):
        measures.shares(100, [0, 0])


@pytest.mark.parametrize(
    ("cents", "expected"),
    [(0, "0.00 EUR"), (123_450, "1,234.50 EUR"), (-5, "-0.05 EUR"), (100_000_000, "1,000,000.00 EUR")],
)
def test_shown(cents: int, expected: str) -> None:
    assert measures.shown(cents) == expected


def test_shown_in_another_currency() -> None:
    assert measures.shown(100, "CHF") == "1.00 CHF"


def test_instalments() -> None:
    assert measures.instalments(1000, 3, 0) == [334, 333, 333]
    assert measures.instalments(12_000, 12, 6) == [1060] * 12
    assert measures.instalments(50, 1, 0) == [50]
    with pytest.raises(ValueError, match="one payment"):
        measures.instalments(1000, 0, 5)


@pytest.mark.parametrize(("year", "leap"), [(2024, True), (2023, False), (1900, False), (2000, True)])
def test_leap_years(year: int, leap: bool) -> None:
    assert measures.is_leap(year) is leap


def test_days() -> None:
    assert [measures.days_in(2023, month) for month in (1, 2, 4, 12)] == [31, 28, 30, 31]
    assert measures.days_in(2024, 2) == 29
    assert measures.day_of_year(2024, 12, 31) == 366
    assert measures.day_of_year(2023, 3, 1) == 60
    for year, month, day in ((2023, 13, 1), (2023, 0, 1), (2023, 2, 29), (2023, 5, 0)):
        with pytest.raises(ValueError, match=r"month|day"):
            measures.day_of_year(year, month, day)


@pytest.mark.parametrize(
    ("date", "expected"),
    [((2024, 1, 1), 0), ((2024, 2, 29), 3), ((2000, 3, 1), 2), ((1999, 12, 31), 4), ((2023, 7, 16), 6)],
)
def test_weekday(date: tuple[int, int, int], expected: int) -> None:
    assert measures.weekday(*date) == expected


@pytest.mark.parametrize(
    ("date", "months", "expected"),
    [
        ((2024, 1, 31), 1, (2024, 2, 29)),
        ((2023, 11, 15), 2, (2024, 1, 15)),
        ((2023, 1, 31), -2, (2022, 11, 30)),
        ((2023, 12, 1), 0, (2023, 12, 1)),
    ],
)
def test_months_later(date: tuple[int, int, int], months: int, expected: tuple[int, int, int]) -> None:
    assert measures.months_later(*date, months) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0s"), (59, "59s"), (60, "1m"), (3_661, "1h 1m 1s"), (93_784, "1d 2h 3m 4s")]
)
def test_duration(seconds: int, expected: str) -> None:
    assert measures.duration(seconds) == expected


@pytest.mark.parametrize(
    ("number", "right"),
    [("4539 1488 0343 6467", True), ("8273 1232 7352 0569", False), ("0", False), ("59", True), ("5x9", False)],
)
def test_luhn(number: str, right: bool) -> None:
    assert measures.is_luhn(number) is right


def test_check_digits() -> None:
    assert measures.isbn_digit("030640615") == "2"
    assert measures.isbn_digit("043942089") == "X"
    assert measures.ean_digit("400638133393") == 1
    assert measures.ean_digit("978030640615") == 7
    with pytest.raises(ValueError, match="nine"):
        measures.isbn_digit("12345678")


@pytest.mark.parametrize(
    ("number", "text"), [(1, "I"), (4, "IV"), (49, "XLIX"), (1994, "MCMXCIV"), (3999, "MMMCMXCIX"), (666, "DCLXVI")]
)
def test_roman(number: int, text: str) -> None:
    assert measures.roman(number) == text


@pytest.mark.parametrize("number", [0, 4000])
def test_roman_out_of_range(number: int) -> None:
    with pytest.raises(ValueError, match="Romans"):
        measures.roman(number)


def test_texts() -> None:
    assert measures.slug("  Hello, World: 2nd try!") == "hello-world-2nd-try"
    assert measures.initials("ada king 4 lovelace") == "A. K. L."
    assert measures.shortened("short", 5) == "short"
    assert measures.shortened("a long line of words", 10) == "a long…"
    assert measures.shortened("a long line of words", 7) == "a long…"
    assert measures.shortened("unbreakable", 6) == "unbre…"


def test_statistics() -> None:
    assert measures.mean([1, 2, 6]) == 3
    assert measures.median([5, 1, 3]) == 3
    assert measures.median([4, 1, 3, 2]) == 2.5
    assert measures.variance([2, 4, 4, 4, 5, 5, 7, 9]) == pytest.approx(32 / 7)
    assert measures.variance([5]) == 0
    with pytest.raises(ValueError, match="no values"):
        measures.mean([])


def test_spans() -> None:
    assert measures.overlap((1, 5), (3, 9)) == 2
    assert measures.overlap((1, 2), (3, 4)) == 0
    assert measures.merged([(5, 8), (1, 3), (3, 4), (7, 7), (9, 9)]) == [(1, 4), (5, 8)]
    assert measures.merged([(1, 9), (2, 3)]) == [(1, 9)]


def test_shapes() -> None:
    assert measures.area(SQUARE) == 16
    assert measures.area([(0, 0), (2, 0), (0, 3)]) == 3
    assert measures.is_inside((1, 2), SQUARE) is True
    assert measures.is_inside((5, 2), SQUARE) is False
    assert measures.is_inside((1, 1), [(0, 0), (4, 0), (0, 4)]) is True
    assert measures.is_inside((3, 3), [(0, 0), (4, 0), (0, 4)]) is False


@pytest.mark.parametrize(
    ("grams", "zone", "express", "expected"),
    [
        (500, 0, False, 390),
        (2_000, 1, False, 500),
        (2_001, 1, False, 585),
        (5_000, 2, False, 940),
        (9_000, 1, True, 1642),
        (100, 0, True, 890),
    ],
)
def test_postage(grams: int, zone: int, express: bool, expected: int) -> None:
    assert measures.postage(grams, zone, express) == expected


@pytest.mark.parametrize("grams", [0, 30_001])
def test_parcels_that_cannot_be_sent(grams: int) -> None:
    with pytest.raises(ValueError, match="30 kg"):
        measures.postage(grams, 1, False)


def test_basket(basket: Basket) -> None:
    assert (basket.count, basket.total) == (4, 2359)
    assert basket.dearest() == "book"
    basket.add("pen", 120, 2)
    assert basket.lines["pen"] == (5, 120)


def test_a_full_basket(basket: Basket) -> None:
    basket.add("cup", 500, 6)
    with pytest.raises(OverflowError, match="full"):
        basket.add("cup", 500)
    for count, cents in ((0, 5), (1, -1)):
        with pytest.raises(ValueError, match="something"):
            basket.add("cup", cents, count)


def test_taking_out(basket: Basket) -> None:
    assert basket.remove("pen", 2) is True
    assert basket.lines["pen"] == (1, 120)
    assert basket.remove("pen") is True
    assert basket.remove("pen") is False
    assert basket.dearest() == "book"
    assert Basket().dearest() is None
