from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from languages.injection.catalogue import injectors
from languages.injection.planting import Edit, Injector, Planted, plant
from languages.injection.python_structure import INJECTORS as STRUCTURE
from languages.injection.verification import detected, detected_all
from languages.linters.bandit import Bandit
from languages.linters.catalogue import describe
from tests.languages.injection.python_samples import FUNCTION, METHODS, MODULE, SAMPLES, parses, with_crlf, with_tabs
from tests.tools import require_tool

ALL = injectors("python")
NAMED = {injector.check: injector for injector in ALL}
EVERY = pytest.mark.parametrize("injector", ALL, ids=lambda injector: injector.check)

#: What a change of existing code makes of a line: check, before, after. `NEEDS` stand above.
REWRITES = [
    ("B006", "def f(a, b=None): return a", "def f(a, b=[]): return a"),
    ("B006", "def f(a, b: list[int] | None = None): return a", "def f(a, b: list[int] | None = {}): return a"),
    ("C408", "seen = {}", "seen = dict()"),
    ("DTZ005", "now = datetime.datetime.now(tz)", "now = datetime.datetime.now()"),
    ("E711", "known = a is not None", "known = a != None"),
    ("E712", "if not a.ready: pass", "if a.ready == False: pass"),
    ("E713", "known = a not in b", "known = not a in b"),
    ("E714", "same = a is not b", "same = not a is b"),
    ("F541", 'label = "plain"', 'label = f"plain"'),
    ("F541", 'label = """plain"""', 'label = f"""plain"""'),
    ("F821", "def f(amount): return g(amount)", "def f(amount): return g(amounts)"),
    ("W605", r'found = re.findall(r"\d+\.", a)', r'found = re.findall("\d+\.", a)'),
    ("B103", "os.chmod(a, 0o600)", "os.chmod(a, 0o777)"),
    ("B104", "listen('127.0.0.1', 80)", 'listen("0.0.0.0", 80)'),
    ("B105", 'password = os.environ["SHOP"]', 'password = "hunter2"'),
    ("B113", "reply = requests.get(a, timeout=10)", "reply = requests.get(a)"),
    ("B201", "app.run()", "app.run(debug=True)"),
    ("B201", "app.run(port=80, debug=False)", "app.run(port=80, debug=True)"),
    ("B202", 'archive.extractall(a, filter="data")', "archive.extractall(a)"),
    ("B306", "folder = tempfile.mkdtemp()", "folder = tempfile.mktemp()"),
    ("B307", "value = ast.literal_eval(a)", "value = eval(a)"),
    ("B323", "context = ssl.create_default_context()", "context = ssl._create_unverified_context()"),
    ("B324", "digest = hashlib.sha256(a)", "digest = hashlib.md5(a)"),
    ("B501", "reply = requests.get(a, timeout=10)", "reply = requests.get(a, timeout=10, verify=False)"),
    ("B506", "config = yaml.safe_load(a)", "config = yaml.load(a)"),
    ("B507", "c.set_missing_host_key_policy(paramiko.RejectPolicy())",
     "c.set_missing_host_key_policy(paramiko.AutoAddPolicy())"),
    ("B602", 'subprocess.run(["ls", a])', 'subprocess.run(["ls", a], shell=True)'),
    ("B608", 'db.execute("SELECT id FROM users WHERE name = ?", (a,))',
     'db.execute(f"SELECT id FROM users WHERE name = {a}")'),
    ("B608", "db.execute('DELETE FROM users WHERE name = %s LIMIT 1', [a.name])",
     "db.execute('DELETE FROM users WHERE name = %s LIMIT 1' % a.name)"),
    ("B701", "pages = jinja2.Environment(autoescape=True)", "pages = jinja2.Environment(autoescape=False)"),
]  # fmt: skip
NEEDS = """import ast
import datetime
import flask
import hashlib
import jinja2
import os
import paramiko
import re
import requests
import ssl
import subprocess
import tarfile
import tempfile
import yaml
"""


def results(injector: Injector, text: str) -> dict[str, Edit]:
    return {text[: edit.start] + edit.text + text[edit.end :]: edit for edit in injector.places(text)}


def planted(check: str, text: str, seed: int = 0) -> Planted:
    result = plant(NAMED[check], text, seed=seed)
    assert result is not None
    return result


@EVERY
def test_what_is_planted_is_found(injector: Injector) -> None:
    require_tool(injector.tool)
    made = [plant(injector, text, seed=seed) for text in SAMPLES.values() for seed in (1, 2)]
    found = [each for each in made if each is not None]
    assert found, "the violation fits into none of the samples"
    assert detected_all(found) == (True,) * len(found)
    assert all(parses(each.violating) for each in found)


@pytest.mark.parametrize(("check", "before", "after"), REWRITES)
def test_code_that_is_there_is_changed(check: str, before: str, after: str) -> None:
    clean = f"{NEEDS}label = 'x'\n{before}\n"
    violating = f"{NEEDS}label = 'x'\n{after}\n"
    edit = results(NAMED[check], clean)[violating]
    line = violating.count("\n", 0, edit.start + edit.at)
    injector = NAMED[check]
    assert detected(
        Planted(
            language="python",
            clean=clean,
            violating=violating,
            check=check,
            tool=injector.tool,
            cwe=injector.cwe,
            line=line,
        )
    )


def test_a_clause_catches_everything() -> None:
    text = "try:\n    step()\nexcept KeyError:\n    x = 1\nexcept (OSError, ValueError):\n    x = 2\n"
    assert any("except:\n    x = 2" in result for result in results(NAMED["E722"], text))
    assert any("except Exception:\n    x = 2" in result for result in results(NAMED["BLE001"], text))
    assert not any("except:\n    x = 1" in result for result in results(NAMED["E722"], text))


def test_a_cause_is_left_out() -> None:
    text = "try:\n    step()\nexcept KeyError as error:\n    raise ValueError(1) from error\n"
    assert text.replace(" from error", "") in results(NAMED["B904"], text)


def test_an_assignment_becomes_a_comparison() -> None:
    text = "def f(a):\n    total = 0\n    total = a\n    return total\n"
    assert list(results(NAMED["B015"], text)) == [text.replace("total = a", "total == a")]


def test_a_docstring_is_left_out() -> None:
    text = 'def f(a):\n    """What f does,\n    at length."""\n\n    return a\n'
    assert list(results(NAMED["D103"], text)) == ["def f(a):\n\n    return a\n"]
    assert planted("D103", text).line == 0


@pytest.mark.parametrize("check", ["C901", "PLR0911", "PLR0912", "PLR0913", "B107"])
def test_the_line_of_a_function_is_that_of_its_name(check: str) -> None:
    assert planted(check, f"x = 1\n\n\n{FUNCTION}").line == 3


def test_an_import_that_is_there_is_used() -> None:
    text = "import pickle\n\n\ndef f(a):\n    return a\n"
    assert all(result.count("import pickle") == 1 for result in results(NAMED["B301"], text) if "pickle." in result)


def test_a_missing_import_goes_to_the_top_or_into_the_function() -> None:
    made = results(NAMED["B301"], MODULE)
    assert any("annotations\n\nimport pickle\nimport os\n" in result for result in made)
    assert any("    import pickle\n    " in result for result in made)


def test_an_import_at_the_top_stands_apart_from_a_function() -> None:
    assert any(result.startswith("import pickle\n\n\ndef price") for result in results(NAMED["B301"], FUNCTION))


@pytest.mark.parametrize(
    "line", ["pickle = None", "import numpy as pickle", "from store import pickle", "x = pickle.y"]
)
def test_a_name_that_means_something_else_is_left_alone(line: str) -> None:
    made = results(NAMED["B301"], f"{line}\n{FUNCTION}")
    assert made
    assert not any("pickle." in result.replace(line, "") for result in made)


def test_a_builtin_that_is_redefined_is_left_alone() -> None:
    assert results(NAMED["T201"], FUNCTION)
    assert not results(NAMED["T201"], f"def print(x): pass\n{FUNCTION}")


@pytest.mark.parametrize(
    "text",
    ["class A:\n    amount = 1\n    def f(self): return g(amount)\n", "def f(amount): pass\nprint(amount)\n",
     "amount = 1\ndel amount\nprint(amount)\n", "amount: int\nprint(amount)\n", "from a import *\nprint(amount)\n"],
)  # fmt: skip
def test_a_name_that_may_have_no_value_is_not_misspelt(text: str) -> None:
    assert not results(NAMED["F821"], text)


def test_a_new_name_is_new() -> None:
    (line,) = {
        line.strip()
        for result in results(NAMED["B305"], FUNCTION.replace("total", "mode"))
        for line in result.split("\n")
        if "ECB" in line
    }
    assert line == "mode_2 = modes.ECB()"


def test_a_statement_stays_with_its_comment() -> None:
    assert not any("# Newest first.\n    print(" in result for result in results(NAMED["T201"], MODULE))
    assert any("    print(rows)\n    # Newest first.\n    for" in result for result in results(NAMED["T201"], MODULE))


def test_nothing_stands_where_control_never_comes() -> None:
    text = "def f(a):\n    return a\n    b = a\n"
    assert all(result.index("print(") < result.index("return") for result in results(NAMED["T201"], text))


def test_names_are_in_scope() -> None:
    text = "def f(self, a):\n    b = a\n    del b\n    return a\n"
    made = "".join(results(NAMED["T201"], text))
    assert "print(self)" not in made
    assert "print(b)\n    return" not in made
    assert "print(b)\n    del b" in made


@pytest.mark.parametrize(
    "text",
    ["", "\n", "# nothing\n", "x = (\n", "def f(:\n    pass\n", "x = '\0'\n", "print 'old'\n", "x = 1\ry = 2\n",
     f"# ruff: noqa\n# nosec\n{FUNCTION}"],
    ids=["empty", "blank", "comment", "broken", "broken signature", "NUL", "Python 2", "CR", "silenced"],
)  # fmt: skip
def test_nothing_is_planted_where_nothing_can_be(text: str) -> None:
    assert [injector.check for injector in ALL if list(injector.places(text))] == []
    assert plant(ALL[0], text) is None


@pytest.mark.parametrize("silent", ["x = None is None  # noqa", "x = None is None  # NOQA: E711"])
def test_a_silenced_line_stays(silent: str) -> None:
    assert not results(NAMED["E711"], f"{silent}\n")
    assert results(NAMED["E711"], f"{silent}\ny = x is None\n")


@EVERY
@pytest.mark.parametrize("change", [with_crlf, with_tabs])
def test_line_ends_and_tabs_are_kept(injector: Injector, change: Callable[[str], str]) -> None:
    text = change(METHODS)
    for result in results(injector, text):
        if change is with_crlf:
            assert result.count("\r\n") == result.count("\n")
        else:
            assert "\n    " not in result


def test_what_is_planted_into_crlf_tabs_and_other_letters_is_found() -> None:
    require_tool("ruff")
    texts = [with_crlf(MODULE), with_tabs(MODULE), MODULE.replace("owner", "größe").replace("shop", "🛒 café")]
    made = [plant(injector, text, seed=3) for injector in ALL for text in texts]
    found = [each for each in made if each is not None]
    assert len(found) > 200
    assert [each.check for each, ok in zip(found, detected_all(found), strict=True) if not ok] == []


def test_minified_lines_are_changed_or_left_alone() -> None:
    text = "a=1;b=[a];c=a is None;" * 3000 + "d=1\n"
    assert len(list(NAMED["E711"].places(text))) == 3000
    assert all(result.endswith(text) for result in results(NAMED["B108"], text))
    assert detected(planted("E711", "a=1;c=a is None;d=2\n"))


def test_deep_nesting_is_left_alone() -> None:
    deep = "def f(a):\n" + "".join(" " * level + "if a:\n" for level in range(1, 99)) + " " * 99 + "a = 1\n"
    printed = [line for result in results(NAMED["T201"], deep) for line in result.split("\n") if "print" in line]
    assert max(len(line) - len(line.lstrip()) for line in printed) == 80
    assert not results(NAMED["E711"], "x = " + "(" * 5000 + "1" + ")" * 5000 + "\n")


@pytest.mark.parametrize("injector", [each for each in ALL if each.tool == "bandit"], ids=lambda each: each.check)
def test_the_weakness_is_the_one_that_bandit_names(injector: Injector) -> None:
    made = planted(injector.check, METHODS if injector.check == "B112" else MODULE)
    findings = Bandit().lint(Path("a.py"), made.violating).findings
    assert {finding.cwe for finding in findings if finding.check == injector.check} == {injector.cwe} == {made.cwe}


def test_every_check_exists_and_is_planted_once() -> None:
    require_tool("ruff")
    assert [injector.check for injector in ALL if describe(f"{injector.tool}:{injector.check}") is None] == []
    assert len(NAMED) == len(ALL)
    assert all((injector.cwe is None) == (injector.tool == "ruff") for injector in ALL)
    assert set(STRUCTURE) < set(ALL)


def test_a_violation_that_is_there_does_not_end() -> None:
    text = "def f(a, b):\n    if a:\n        if b:\n            return a\n    return b\n"
    assert all("\n        if b:" in result for result in results(NAMED["SIM102"], text))
    assert all(detected(planted("SIM102", text, seed)) for seed in range(5))
    assert all(detected(planted("F841", "def f(a):\n    b = a\n    return a\n", seed)) for seed in range(9))


def test_values_that_are_constant_are_no_matter() -> None:
    text = 'def f():\n    a = "constant"\n    b = a\n    return g(b)\n'
    assert all(detected(planted(check, text, seed)) for check in ("B703", "B608", "B611") for seed in range(8))


@pytest.mark.parametrize(
    "signature", ["async def f(a):", "def f(a, *rest):", "def f(a, /, b=1):", "def f(*, a):", "def f(a, **rest: int):"]
)
def test_bandit_reads_the_defaults_of_plain_functions_alone(signature: str) -> None:
    assert not results(NAMED["B107"], f"{signature}\n    return a\n")


def test_a_parameter_goes_behind_the_others() -> None:
    text = "def f(\n    a: int,\n    *rest,\n    b=1\n) -> int:\n    return a\n"
    assert text.replace("b=1\n", "b=1, seen=[]\n") in results(NAMED["B006"], text)
    assert "def g(seen=[]): pass\n" in results(NAMED["B006"], "def g(): pass\n")
    assert not results(NAMED["B006"], "def g(a, **rest): pass\n")
