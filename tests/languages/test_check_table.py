from __future__ import annotations

import re
from typing import get_args

import pytest

from languages.finding import Severity
from languages.linters.catalogue import describe
from languages.linters.check_table import TOOLS, checks_of

CATEGORIES = {"complexity", "correctness", "design", "documentation", "performance", "security", "style"}


@pytest.mark.parametrize(("tool", "count"), [("credo", 112), ("gosec", 40), ("sobelow", 31), ("staticcheck", 149)])
def test_every_check_is_described(tool: str, count: int) -> None:
    checks = checks_of(tool)
    assert tool in TOOLS
    assert len(checks) == count
    for name, check in checks.items():
        assert check.category in CATEGORIES, name
        assert check.severity in get_args(Severity), name
        assert check.cwe is None or re.fullmatch(r"CWE-\d+", check.cwe), name
        assert check.summary.endswith("."), name
        assert check.url.startswith("https://"), name


def test_every_security_check_of_a_security_tool_has_a_cwe() -> None:
    without = [name for tool in ("gosec", "sobelow") for name, check in checks_of(tool).items() if check.cwe is None]
    assert without == ["G307"]


@pytest.mark.parametrize(
    ("label", "name", "url"),
    [
        (
            "credo:Credo.Check.Warning.IoInspect",
            "Warning.IoInspect",
            "https://hexdocs.pm/credo/Credo.Check.Warning.IoInspect.html",
        ),
        ("gosec:G101", "hardcoded-credentials", "https://github.com/securego/gosec#available-rules"),
        ("sobelow:SQL.Query", "SQL.Query", "https://hexdocs.pm/sobelow/Sobelow.SQL.Query.html"),
        ("staticcheck:SA4006", "SA4006", "https://staticcheck.dev/docs/checks/#SA4006"),
    ],
)
def test_a_hover_describes_it(label: str, name: str, url: str) -> None:
    described = describe(label)
    assert described is not None
    assert (described.name, described.url) == (name, url)
    assert described.summary


def test_an_unknown_check_is_not_described() -> None:
    assert describe("gosec:G999") is None
