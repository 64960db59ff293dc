"""The corpus: chosen by seed, labelled by line, split by file without leaks, stored and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from languages.errors import CoderError
from tasks.record import Record
from tests.training.tiny import records
from training.corpus import stdlib, store
from training.corpus.labels import python_labels
from training.recipe import Corpus, Quality
from training.vocabulary import label_vocabulary


def test_the_library_is_real_code_without_tests_in_a_fixed_order() -> None:
    files = stdlib.source_files(limit=30, seed=1)
    assert files == stdlib.source_files(limit=30, seed=1)
    assert [file.path for file in files] != [file.path for file in stdlib.source_files(limit=30, seed=2)]
    assert len({file.text for file in files}) == 30
    assert all("test" not in file.path.split("/") and file.url.endswith(file.path) for file in files)


def test_files_that_linters_count_differently_are_left_out(tmp_path: Path) -> None:
    for name, content in {
        "a.py": b"x = 1\n",
        "b.py": b"x = 1\n",
        "c.py": b"x = 1\r\n",
        "d.py": b"\xff",
        "e.py": b" ",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "f.py").write_text("y = 1\n")
    assert [file.path for file in stdlib.source_files(root=tmp_path)] == ["a.py"]
    (tmp_path / "a.py").unlink()
    (tmp_path / "b.py").unlink()
    with pytest.raises(CoderError, match="no Python source"):
        stdlib.source_files(root=tmp_path)


def test_labels_stand_on_the_first_line_of_the_finding_and_noqa_does_not_hide_them() -> None:
    texts = {
        "pkg/a.py": "import os  # noqa\nassert (\n    1\n)  # nosec\nprint('a')\n",
        "b.py": "value = 1\n",
        "c.py": "def broken(:\n",
    }
    found = python_labels(texts, ruff=("F401", "T201"))
    assert found["pkg/a.py"] == {0: ("ruff:F401",), 1: ("bandit:B101",), 4: ("ruff:T201",)}
    assert found["b.py"] == {}
    assert found["c.py"] == {}


def test_an_unknown_rule_is_a_sentence() -> None:
    with pytest.raises(CoderError, match="ruff could not label"):
        python_labels({"a.py": "x = 1\n"}, ruff=("NOPE1",), bandit=False)


def test_splits_depend_on_the_path_alone() -> None:
    corpus = Corpus(dev=0.2, test=0.2)
    homes = [store.split_of(f"module_{number}.py", corpus) for number in range(1000)]
    assert homes == [store.split_of(f"module_{number}.py", corpus) for number in range(1000)]
    assert 150 < homes.count("dev") < 250
    assert 150 < homes.count("test") < 250


def test_the_same_content_in_two_splits_is_refused() -> None:
    one = records("train", 1)
    store.check_leaks({"train": one, "test": records("test", 1)})
    with pytest.raises(CoderError, match="is the same file as"):
        store.check_leaks({"train": one, "test": [replace(one[0], id="elsewhere.py")]})


def test_prepared_records_are_reused_until_the_recipe_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Corpus] = []

    def build(corpus: Corpus, seed: int) -> list[Record]:
        built.append(corpus)
        return [replace(record, id=f"x/1/{record.id}") for record in records("any", 60)]

    monkeypatch.setattr(store, "build_records", build)
    first = store.prepare(Corpus(), "mine", 1, root=tmp_path)
    again = store.prepare(Corpus(), "mine", 1, root=tmp_path)
    assert _contents(first) == _contents(again)
    assert len(built) == 1
    store.prepare(Corpus(bandit=False), "mine", 1, root=tmp_path)
    assert len(built) == 2
    (tmp_path / "dev" / "mine.jsonl").write_text("{}\n")
    with pytest.raises(CoderError, match=r"mine\.jsonl:1"):
        store.prepare(Corpus(bandit=False), "mine", 1, root=tmp_path)


def test_the_vocabulary_holds_labels_with_support_in_enough_files() -> None:
    assert label_vocabulary(records("train", 3), Quality(min_support=3, min_files=3)) == ("ruff:T201", "bandit:B101")
    assert label_vocabulary(records("train", 3), Quality(min_support=4, min_files=3)) == ("ruff:T201",)
    with pytest.raises(CoderError, match="min_support"):
        label_vocabulary(records("train", 3), Quality(min_support=1, min_files=4))


def _contents(splits: Mapping[str, Sequence[Record]]) -> dict[str, list[str]]:
    return {split: [record.to_line() for record in members] for split, members in splits.items()}
