"""A whole run over a tiny model: data, training, head, checkpoint, report; and the commands around it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from export.checkpoint import open_checkpoint
from languages.errors import CoderError
from tasks.record import Record
from tests.training.tiny import recipe, records
from training import cli
from training.corpus import store
from training.plan import make_plan
from training.recipe import Corpus, Recipe
from training.recipe_file import recipe_of
from training.report import write_report
from training.run import start
from training.run_directory import RunDirectory, existing_run, new_run


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, and a corpus of small files."""

    def build(corpus: Corpus, seed: int) -> list[Record]:
        return [replace(record, id=f"x/1/{record.id}") for record in records("any", 40)]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store, "build_records", build)
    return tmp_path


@pytest.fixture
def small(tiny_base: Path) -> Recipe:
    """Six steps on the tiny base."""
    return replace(recipe(), base=str(tiny_base))


def test_a_run_leaves_everything_that_the_contract_names(workplace: Path, small: Recipe) -> None:
    run = new_run("tiny", None)
    start(small, run, scale="tiny")
    report = write_report(run)
    assert run.path == Path("runs/tiny-001")
    config = run.read_json("training_config.json")
    assert recipe_of(config["recipe"], "here") == small
    assert list((run.path / "tensorboard").iterdir())
    assert (run.path / "metrics.jsonl").read_text().count('"losses"') == 6
    checkpoint = open_checkpoint(run.best)
    assert checkpoint.info.heads["quality"].labels == ("ruff:T201", "bandit:B101")
    assert checkpoint.info.window_tokens == small.quality.window_tokens
    assert checkpoint.info.controls["judge"] != checkpoint.info.controls["end"]
    results = run.read_json("results.json")
    assert {check["label"] for check in results["checks"]} == {"ruff:T201", "bandit:B101"}
    assert all(check["support"] > 0 for check in results["checks"])
    for word in ("## Completion", "## Checks", "ruff:T201", f"{results['completion']['after']:.3f}", "## Caveats"):
        assert word in report
    assert str(workplace) not in (run.best / "adapter_config.json").read_text()


def test_a_finished_run_can_be_resumed_and_reported_again(workplace: Path, small: Recipe) -> None:
    run = new_run("tiny", Path("mine"))
    start(small, run, scale=None)
    before = run.read_json("results.json")
    start(small, run, scale=None, resume=True)
    after = run.read_json("results.json")
    assert after["completion"] == before["completion"]
    assert after["checks"] == before["checks"]
    result = CliRunner().invoke(cli.app, ["report", "mine"])
    assert result.exit_code == 0
    assert result.stdout == (run.path / "report.md").read_text()


def test_the_plan_counts_what_training_trains(workplace: Path, small: Recipe) -> None:
    plan = make_plan(small)
    run = new_run("tiny", None)
    start(small, run, scale=None)
    trained = run.read_json("results.json")["trainable_parameters"]
    assert f"{trained:,} parameters" in plan.text()
    assert plan.fits
    huge = replace(small, optimisation=replace(small.optimisation, micro_batch_tokens=10**9))
    assert not make_plan(huge).fits


def test_an_unknown_layer_names_the_known_ones(workplace: Path, small: Recipe) -> None:
    wrong = replace(small, lora=replace(small.lora, targets=("q_porj",)))
    with pytest.raises(CoderError, match=r"q_porj.*it has: down_proj"):
        start(wrong, new_run("tiny", None), scale=None)


def test_a_run_that_cannot_begin_leaves_nothing(workplace: Path) -> None:
    result = CliRunner().invoke(cli.app, ["run", "spine", "--set", "base=nowhere"])
    assert isinstance(result.exception, CoderError)
    assert "nowhere" in result.exception.message
    assert list(Path("runs").iterdir()) == []


def test_runs_are_numbered_and_never_overwritten(workplace: Path) -> None:
    assert [new_run("a", None).path.name for _ in range(2)] == ["a-001", "a-002"]
    with pytest.raises(CoderError, match="not empty"):
        new_run("a", Path("runs/a-001"))
    with pytest.raises(CoderError, match="no training run"):
        existing_run("a")
    RunDirectory(Path("runs/a-002")).write_json("training_config.json", {})
    assert existing_run("a").path == existing_run("runs/a-002").path == Path("runs/a-002")


def test_a_half_written_line_of_metrics_is_no_line(workplace: Path) -> None:
    run = new_run("a", None)
    run.append_metrics({"step": 1})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert run.metrics() == [{"step": 1}]


def test_resume_refuses_other_settings_and_report_an_unfinished_run(workplace: Path, small: Recipe) -> None:
    run = new_run("a", None)
    run.write_json("training_config.json", {"recipe": asdict(small), "scale": None})
    for arguments, message in (
        (["run", "runs/a-001", "--resume", "--set", "seed=2"], "leave --set"),
        (["report", "runs/a-001"], "stopped too early"),
        (["run", "spine", "--set", "lora.rnk=2"], "lora.rank"),
    ):
        result = CliRunner().invoke(cli.app, arguments)
        assert isinstance(result.exception, CoderError)
        assert message in result.exception.message


@pytest.mark.parametrize("command", [[], ["plan"], ["data"], ["run"], ["report"]])
def test_every_help_has_examples(command: list[str]) -> None:
    result = CliRunner().invoke(cli.app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert "coder-train" in result.stdout


def test_without_the_train_extra_every_command_says_how_to_install_it() -> None:
    hidden = (
        "import sys, importlib.util as u; real = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a); "
        "from training.cli import main; main()"
    )
    for arguments in (["plan", "spine"], ["data", "spine"], ["run", "spine"], ["report", "x"]):
        command = [sys.executable, "-c", hidden, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert (
            result.stderr
            == "coder-train: Training needs torch; run `make train`, or pip install 'coder-local[train]'.\n"
        )


def test_help_loads_no_torch() -> None:
    code = "import sys, training.cli; print(json.dumps([m for m in ('torch', 'numpy', 'rich') if m in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", f"import json; {code}"], capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == []
