from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from languages.mutation.cache import FRESH_SECONDS, MutationCache, cache_key
from languages.mutation.mutant import Mutant
from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun, Outcome

RUN = MutationRun("a.py", "python", "x + y\n", 1, (Outcome(1, Mutant(2, 3, "-", "arithmetic", (0, 0)), "Survived"),))


def test_a_run_comes_back_while_it_is_fresh(tmp_path: Path) -> None:
    cache = MutationCache(tmp_path / "cache")
    assert cache.get("k") is None
    cache.put("k", RUN)
    assert cache.get("k") == RUN
    old = time.time() - FRESH_SECONDS - 10
    os.utime(tmp_path / "cache" / "k.json", (old, old))
    assert cache.get("k") is None
    cache.put("other", RUN)
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["other.json"]


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    cache = MutationCache(tmp_path)
    cache.put("first", RUN)
    size = (tmp_path / "first.json").stat().st_size
    os.utime(tmp_path / "first.json", (time.time() - 100, time.time() - 100))
    small = MutationCache(tmp_path, max_bytes=2 * size)
    small.put("second", RUN)
    os.utime(tmp_path / "second.json", (time.time() - 50, time.time() - 50))
    small.put("third", RUN)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["second.json", "third.json"]


def test_a_run_with_an_error_of_ours_is_not_kept(tmp_path: Path) -> None:
    failed = replace(RUN, outcomes=(replace(RUN.outcomes[0], status="RuntimeError"),))
    MutationCache(tmp_path).put("k", failed)
    assert MutationCache(tmp_path).get("k") is None


def test_a_damaged_file_is_no_run(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"outcomes": [{}]}'):
        (tmp_path / "k.json").write_text(text)
        assert MutationCache(tmp_path).get("k") is None


def test_the_key_holds_code_tests_and_options() -> None:
    path, options = Path("a.py"), MutationOptions()
    keys = {
        cache_key(path, "x", [b"t"], options),
        cache_key(path, "y", [b"t"], options),
        cache_key(path, "x", [b"u"], options),
        cache_key(path, "x", [b"t"], MutationOptions(seed=1)),
    }
    assert len(keys) == 4
    assert cache_key(path, "x", [b"t"], MutationOptions(parallel=7)) in keys
