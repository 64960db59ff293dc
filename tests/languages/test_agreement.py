"""Precision, recall and F1 against numbers worked out by hand."""

from __future__ import annotations

import pytest

from languages.agreement import Agreement, agreements, macro_f1


def test_counts_by_file_line_and_check() -> None:
    measured = [("a", 1, "X"), ("a", 1, "X"), ("a", 2, "X"), ("b", 2, "X"), ("a", 1, "Y")]
    true = [("a", 1, "X"), ("b", 3, "X"), ("b", 2, "X"), ("a", 1, "Other")]
    rows = agreements(measured, true, ["X", "Y", "Z"])
    assert rows == [Agreement("X", 2, 1, 1), Agreement("Y", 0, 1, 0), Agreement("Z", 0, 0, 0)]


def test_shares() -> None:
    row = Agreement("X", both=3, only_measured=1, only_true=2)
    assert row.precision == 0.75
    assert row.recall == 0.6
    assert row.f1 == pytest.approx(2 / 3)
    nothing = Agreement("Z", 0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (None, None, None)


def test_macro_f1_leaves_out_what_nobody_found() -> None:
    assert macro_f1([Agreement("X", 1, 0, 0), Agreement("Y", 0, 1, 0), Agreement("Z", 0, 0, 0)]) == 0.5
    assert macro_f1([]) is None
