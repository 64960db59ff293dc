"""Everyday arithmetic of a small shop: money, dates, codes, statistics and shapes. The module that is mutated."""

from __future__ import annotations

from collections.abc import Sequence


def net(gross: int, rate: int) -> int:
    """The price without tax, in cents, rounded half up."""
    if rate < 0 or rate > 100:
        raise ValueError("a rate is between 0 and 100")
    return (gross * 200 + 100 + rate) // (2 * (100 + rate))


def discount(total: int, items: int, member: bool) -> int:
    """Cents off an order."""
    percent = 0
    if total >= 10_000 and items > 3:
        percent = 5
    elif total >= 5_000 or items > 10:
        percent = 2
    if member:
        percent += 3
    return total * percent // 100


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` cents split by weight, without losing one."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must add up to something")
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    for index in range(len(parts)):
        if left > 0 and weights[index] > 0:
            parts[index] += 1
            left -= 1
    return parts


def shown(cents: int, symbol: str = "EUR") -> str:
    """`1,234.50 EUR`."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    digits = str(units)
    groups = [digits[max(0, index - 3) : index] for index in range(len(digits), 0, -3)]
    return sign + ",".join(reversed(groups)) + "." + str(rest).zfill(2) + " " + symbol


def instalments(total: int, count: int, interest: int) -> list[int]:
    """Equal payments of a loan in cents; the first takes what is left over."""
    if count < 1:
        raise ValueError("at least one payment")
    due = total + total * interest * count // 1200
    each = due // count
    return [each + due - each * count] + [each] * (count - 1)


def is_leap(year: int) -> bool:
    """The Gregorian rule."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year: int, month: int) -> int:
    """The days of a month, which counts from 1."""
    if not 1 <= month <= 12:
        raise ValueError("a month is between 1 and 12")
    if month == 2 and is_leap(year):
        return 29
    return 30 if month in (4, 6, 9, 11) else 28 if month == 2 else 31


def day_of_year(year: int, month: int, day: int) -> int:
    """1 for the first of January."""
    if day < 1 or day > days_in(year, month):
        raise ValueError("no such day")
    return sum(days_in(year, earlier) for earlier in range(1, month)) + day


def weekday(year: int, month: int, day: int) -> int:
    """0 for Monday (Zeller's congruence)."""
    if month < 3:
        month += 12
        year -= 1
    century, short = year // 100, year % 100
    return (day + 13 * (month + 1) // 5 + short + short // 4 + century // 4 + 5 * century + 5) % 7


def months_later(year: int, month: int, day: int, months: int) -> tuple[int, int, int]:
    """The same day so many months later, or the last one of a shorter month."""
    index = year * 12 + month - 1 + months
    year, month = index // 12, index % 12 + 1
    return year, month, min(day, days_in(year, month))


def duration(seconds: int) -> str:
    """`1d 2h 3m 4s`."""
    if seconds == 0:
        return "0s"
    parts = []
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = seconds // size, seconds % size
        if count:
            parts.append(str(count) + name)
    return " ".join(parts)


def is_luhn(number: str) -> bool:
    """Whether a card number's check digit is right."""
    total = 0
    for place, digit in enumerate(reversed(number.replace(" ", ""))):
        if not digit.isdigit():
            return False
        value = int(digit)
        if place % 2 == 1:
            value *= 2
            if value > 9:
                value -= 9
        total += value
    return total % 10 == 0 and len(number) > 1


def isbn_digit(nine: str) -> str:
    """The check digit of an ISBN-10."""
    if len(nine) != 9:
        raise ValueError("nine digits, please")
    total = 0
    for place, digit in enumerate(nine):
        total += (10 - place) * int(digit)
    rest = (11 - total % 11) % 11
    return "X" if rest == 10 else str(rest)


def ean_digit(twelve: str) -> int:
    """The check digit of an EAN-13."""
    odd = sum(int(digit) for digit in twelve[::2])
    even = sum(int(digit) for digit in twelve[1::2])
    return (10 - (odd + 3 * even) % 10) % 10


def roman(number: int) -> str:
    """Roman numerals, from 1 to 3999."""
    if number < 1 or number > 3999:
        raise ValueError("Romans counted from 1 to 3999")
    text = ""
    large = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"))
    small = ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    for value, letters in large + small:
        count, number = divmod(number, value)
        text += letters * count
    return text


def slug(title: str) -> str:
    """A title as part of an address."""
    kept = ""
    for letter in title.lower():
        if letter.isalnum():
            kept += letter
        elif kept and kept[-1] != "-":
            kept += "-"
    return kept.strip("-")


def initials(name: str) -> str:
    """`A. L.` of `ada lovelace`."""
    return " ".join(word[0].upper() + "." for word in name.split() if word[0].isalpha())


def shortened(text: str, width: int) -> str:
    """`text`, cut at a space where it is longer than `width`."""
    if len(text) <= width:
        return text
    cut = text[: width - 1]
    if " " in cut and text[width - 1] != " ":
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip() + "…"


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def variance(values: Sequence[float]) -> float:
    """The sample variance."""
    if len(values) < 2:
        return 0.0
    centre = mean(values)
    return sum((value - centre) ** 2 for value in values) / (len(values) - 1)


def overlap(a: tuple[int, int], b: tuple[int, int]) -> int:
    """How long two spans have in common."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch become one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > start:
            found.append((start, end))
    return found


def area(corners: Sequence[tuple[float, float]]) -> float:
    """The area of a polygon (the shoelace formula)."""
    doubled = 0.0
    for index, (x, y) in enumerate(corners):
        next_x, next_y = corners[(index + 1) % len(corners)]
        doubled += x * next_y - next_x * y
    return abs(doubled) / 2


def is_inside(point: tuple[float, float], corners: Sequence[tuple[float, float]]) -> bool:
    """Whether a point lies in a polygon (ray casting)."""
    x, y = point
    inside = False
    for index, (a_x, a_y) in enumerate(corners):
        b_x, b_y = corners[index - 1]
        if (a_y > y) != (b_y > y) and x < (b_x - a_x) * (y - a_y) / (b_y - a_y) + a_x:
            inside = not inside
    return inside


def postage(grams: int, zone: int, express: bool) -> int:
    """Cents for a parcel."""
    if grams <= 0 or grams > 30_000:
        raise ValueError("a parcel weighs up to 30 kg")
    price = 390 + 110 * zone
    if grams > 2_000:
        price += (grams - 2_000 + 999) // 1_000 * (60 + 25 * zone)
    if express:
        price += max(500, price // 2)
    return price


class Basket:
    """What a customer is about to buy: name -> (count, cents each)."""

    def __init__(self, limit: int = 20) -> None:
        self.lines: dict[str, tuple[int, int]] = {}
        self.limit = limit

    def add(self, name: str, cents: int, count: int = 1) -> None:
        """Put something in."""
        if count < 1 or cents < 0:
            raise ValueError("something that costs something")
        before = self.lines.get(name, (0, cents))[0]
        if self.count + count > self.limit:
            raise OverflowError("the basket is full")
        self.lines[name] = (before + count, cents)

    def remove(self, name: str, count: int = 1) -> bool:
        """Take something out; False when it was not in."""
        if name not in self.lines:
            return False
        left = self.lines[name][0] - count
        if left > 0:
            self.lines[name] = (left, self.lines[name][1])
        else:
            del self.lines[name]
        return True

    @property
    def count(self) -> int:
        """How many things."""
        return sum(count for count, _ in self.lines.values())

    @property
    def total(self) -> int:
        """Cents."""
        return sum(count * cents for count, cents in self.lines.values())

    def dearest(self) -> str | None:
        """The line that costs most; of equal ones the first by name."""
        if not self.lines:
            return None
        return min(self.lines, key=lambda name: (-self.lines[name][0] * self.lines[name][1], name))
