"""What is planted into Go is found, still compiles, and is written as gofmt writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.injection.go_security import INJECTORS as SECURITY
from languages.injection.go_style import INJECTORS as STYLE
from languages.injection.planting import Injector, Planted, plant
from languages.injection.verification import detected, detected_all
from languages.linters.go_vet import GoVet
from tests.languages.injection.go_samples import NOTHING, SAMPLES, SHOP, STORE, with_crlf
from tests.tools import require_tool

ALL: tuple[Injector, ...] = (*SECURITY, *STYLE)
NAMED = {injector.check: injector for injector in ALL}
ANY = pytest.mark.parametrize("injector", ALL, ids=lambda injector: injector.check)
GOSEC = pytest.mark.parametrize("injector", SECURITY, ids=lambda injector: injector.check)


def planted_into(injector: Injector, *texts: str, seeds: int = 4) -> list[Planted]:
    found = (plant(injector, text, seed=seed) for text in texts for seed in range(seeds))
    return [planted for planted in found if planted is not None]


def test_ids_are_the_tools_and_come_once() -> None:
    assert len(NAMED) == len(ALL)
    assert len(SECURITY) >= 30
    assert len(STYLE) >= 15
    assert all(injector.cwe is not None and injector.tool == "gosec" for injector in SECURITY)
    assert all(injector.cwe is None and injector.tool == "go vet" for injector in STYLE)


@GOSEC
def test_what_is_planted_is_found(injector: Injector) -> None:
    planted = planted_into(injector, *SAMPLES.values(), *map(with_crlf, SAMPLES.values()))
    assert planted
    assert all(detected_all(planted))


@ANY
def test_line_ends_stay(injector: Injector) -> None:
    planted = planted_into(injector, *map(with_crlf, SAMPLES.values()))
    assert planted
    assert all("\n" not in one.violating.replace("\r\n", "") for one in planted)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_planted_where_nothing_is(text: str) -> None:
    assert [injector.check for injector in ALL if plant(injector, text) is not None] == []


def test_nothing_is_planted_into_very_deep_code() -> None:
    text = SHOP.replace("sum - discount", " + ".join(["sum"] * 5000))
    assert text != SHOP
    assert all(plant(injector, text) is None for injector in ALL)


def test_nothing_is_planted_where_a_name_is_taken() -> None:
    shadowed = SHOP.replace("discount", "os").replace("prefix", "md5")
    for check in ("G301", "G304", "G501"):
        assert plant(NAMED[check], shadowed) is None
    assert plant(NAMED["G403"], SHOP.replace('"fmt"', '"fmt"\n\t"math/rand"')) is None


def test_an_import_comes_along_where_it_belongs() -> None:
    planted = plant(NAMED["G501"], SHOP)
    assert planted is not None
    assert 'import (\n\t"crypto/md5"\n' in planted.violating
    assert planted.violating.split("\n")[planted.line] == '\t"crypto/md5"'
    foreign = plant(NAMED["G506"], SHOP)
    assert foreign is not None
    assert '\t"strings"\n\n\t"golang.org/x/crypto/md4"\n)' in foreign.violating
    single = plant(NAMED["G108"], STORE)
    assert single is not None
    assert 'import "os"\nimport _ "net/http/pprof"\n' in single.violating


@pytest.mark.parametrize(
    ("check", "text", "after"),
    [
        ("G201", STORE, """db.QueryRow(fmt.Sprintf("SELECT name FROM users WHERE id = '%v'", id))"""),
        ("G301", STORE, 'os.MkdirAll("data", 0777)'),
        ("G302", STORE, 'os.OpenFile("data/log", os.O_RDONLY, 0666)'),
        ("G306", STORE, 'os.WriteFile("data/state.json", content, 0644)'),
        ("printf", SHOP, 'fmt.Printf("%s%s (%d)\\n", prefix, i.Name)'),
        ("structtag", SHOP, "Name  string `json:name`"),
        ("structtag", SHOP, 'Price int    `json: "price,omitempty"`'),
        ("unreachable", SHOP, "\treturn sum - discount\n\treturn sum - discount\n"),
        ("nilfunc", SHOP, "\tif total == nil {"),
    ],
)
def test_existing_code_is_spoilt(check: str, text: str, after: str) -> None:
    made = [text[: edit.start] + edit.text + text[edit.end :] for edit in NAMED[check].places(text)]
    assert after not in text
    assert any(after in one for one in made)


def test_go_vet_finds_what_is_planted() -> None:
    require_tool("go")
    planted = [one for injector in STYLE for one in planted_into(injector, SHOP, seeds=1)]
    assert len(planted) == len(STYLE)
    assert all(detected_all(planted))


def test_gofmt_has_nothing_to_change(tmp_path: Path) -> None:
    gofmt = require_tool("gofmt")
    for injector in ALL:
        for number, planted in enumerate(planted_into(injector, *SAMPLES.values())):
            (tmp_path / f"{injector.check}_{number}.go").write_text(planted.violating, encoding="utf-8", newline="")
    said = subprocess.run([gofmt, "-e", "-l", tmp_path], capture_output=True, text=True, timeout=120)
    assert (said.stdout, said.stderr, said.returncode) == ("", "", 0)


def test_it_compiles(tmp_path: Path) -> None:
    """The injectors that need no more of the library than the samples do, all in one package; vet compiles first."""
    require_tool("go")
    texts = [one.violating for check in ("G103", "G301", "G304", "G306") for one in planted_into(NAMED[check], STORE)]
    for text in texts[::6]:
        report = GoVet().lint(tmp_path / "planted.go", text, timeout=120)
        assert report.failure is None
        assert [finding for finding in report.findings if finding.check == "compile"] == []


NAMES = st.sampled_from(["user", "größe", "count", "err", "os", "md5"])
TYPES = st.sampled_from(["string", "[]byte", "int", "error", "*sql.DB", "T"])
SIMPLE = st.sampled_from(
    [
        "total++",
        'fmt.Println("a; b")',
        "_ = `raw\ntext`",
        "// a note",
        "defer f()",
        "x, y := 1, 2; _, _ = x, y",
        "return",
    ]
).map(lambda statement: statement.split("\n"))
STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.builds(
        lambda head, body: [f"{head} {{", *(f"\t{line}" for part in body for line in part), "}"],
        st.sampled_from(["if total > 0", "for range 3", "switch"]),
        st.lists(inner, max_size=2),
    ).filter(lambda lines: not lines[0].startswith("switch") or len(lines) == 2),
    max_leaves=5,
)
FUNCTIONS = st.builds(
    lambda number, parameters, body: [
        f"func f{number}({', '.join(f'{name} {kind}' for name, kind in sorted(parameters.items()))}) {{",
        *(f"\t{line}" for part in body for line in part), "}", "",
    ],
    st.integers(0, 9), st.dictionaries(NAMES, TYPES, max_size=3), st.lists(STATEMENTS, max_size=4),
)  # fmt: skip
IMPORTS = st.sampled_from(
    [
        [],
        ['import "fmt"', ""],
        ["import (", '\t"fmt"', '\t"os"', "", '\t"golang.org/x/text"', ")", ""],
        ['import "C"', ""],
    ]
)
MODULES = st.builds(
    lambda imports, functions: "\n".join(["package made", "", *imports, *(line for one in functions for line in one)]),
    IMPORTS, st.lists(FUNCTIONS, max_size=3),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(MODULES, st.sampled_from([str, with_crlf, str.rstrip]), st.sampled_from(ALL), st.integers(0, 1000))
def test_the_round_trip(module: str, change: type[str], injector: Injector, seed: int) -> None:
    text = change(module)
    planted = plant(injector, text, seed=seed)
    assert planted == plant(injector, text, seed=seed)
    if planted is None:
        return
    edits = {
        (text[: edit.start] + edit.text + text[edit.end :], edit.start + edit.at) for edit in injector.places(text)
    }
    assert planted.clean == text
    assert planted.line in {made.count("\n", 0, at) for made, at in edits if made == planted.violating}
    assert injector.tool == "go vet" or detected(planted)
