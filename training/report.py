"""`report.md`: what a run did and what came of it, from the run directory alone. It trains and measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.record import Record
from training.corpus.store import SPLITS, label_support, summarise
from training.run_directory import CONFIG, RunDirectory

RESULTS = "results.json"


def write_report(run: RunDirectory) -> str:
    """Write `report.md` into `run` and return it; `CoderError` when the run did not finish."""
    config, results = run.read_json(CONFIG), run.read_json(RESULTS)
    parts = [
        _heading(run, config, results),
        _data(results),
        _completion(results),
        _curve(run.metrics()),
        _checks(results),
        _caveats(config, results),
    ]
    text = "\n\n".join(parts) + "\n"
    (run.path / "report.md").write_text(text, "utf-8")
    return text


def data_table(splits: Mapping[str, Sequence[Record]]) -> str:
    """Files, lines and labelled lines of each split, aligned for a terminal."""
    rows = [f"{'split':<8}{'files':>8}{'lines':>10}{'MB':>8}{'labelled lines':>16}"]
    for split in SPLITS:
        found = summarise(splits[split])
        rows.append(f"{split:<8}{found.files:>8}{found.lines:>10}{found.bytes / 1e6:>8.2f}{found.labelled_lines:>16}")
    return "\n".join(rows) + "\n"


def label_table(splits: Mapping[str, Sequence[Record]]) -> str:
    """Lines and files of each label in each split, by falling support in training."""
    support = {split: label_support(splits[split]) for split in SPLITS}
    names = sorted(support["train"][0], key=lambda name: (-support["train"][0][name], name))
    rows = [f"{'label':<16}" + "".join(f"{split + ' lines':>13}{'files':>7}" for split in SPLITS)]
    for name in names:
        cells = "".join(f"{support[split][0][name]:>13}{support[split][1][name]:>7}" for split in SPLITS)
        rows.append(f"{name:<16}{cells}")
    return "\n".join(rows)


def _heading(run: RunDirectory, config: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    recipe, machine, progress = config["recipe"], config["machine"], results["progress"]
    seconds = results["seconds"]
    speed = progress["tokens"] / max(seconds["training"], 1e-9)
    planned = sum(stage["steps"] for stage in recipe["stages"].values())
    cut = "" if progress["step"] >= planned else f" (of {planned}: the time limit came first)"
    scale = f" --scale {config['scale']}" if config["scale"] else ""
    return "\n".join(
        [
            f"# {run.path.name}",
            "",
            recipe["description"],
            "",
            "| | |",
            "|---|---|",
            f"| recipe | `coder-train run {recipe['name']}{scale}`, seed {recipe['seed']} |",
            f"| base | {config['base']['name']}, sha256 {config['base']['sha256'][:16]} |",
            f"| steps | {progress['step']}{cut}, best on dev files at {progress['best_step']} |",
            f"| tokens | {progress['tokens']:,} at {speed:.0f} tokens/s |",
            f"| trained parameters | {results['trainable_parameters']:,} |",
            f"| time | {seconds['training'] / 60:.1f} min training, {seconds['this_command'] / 60:.1f} min in all |",
            f"| machine | {machine['system']}, {machine['device']}, {machine['threads']} threads |",
            f"| arithmetic | {machine['precision']} |",
            f"| versions | {_pairs(config['versions'])}; labels by {_pairs(config['corpus'])} |",
        ]
    )


def _data(results: Mapping[str, Any]) -> str:
    rows = ["## Data", "", "| split | files | lines | MB | labelled lines |", "|---|--:|--:|--:|--:|"]
    for split in SPLITS:
        found = results["data"][split]
        rows.append(
            f"| {split} | {found['files']} | {found['lines']:,} | {found['bytes'] / 1e6:.2f} "
            f"| {found['labelled_lines']:,} |"
        )
    rows += ["", "Splits are by file; no content is in two of them."]
    return "\n".join(rows)


def _completion(results: Mapping[str, Any]) -> str:
    loss = results["completion"]
    return "\n".join(
        [
            "## Completion",
            "",
            "Loss per target token (nats) on the same cuts of held-out test files; lower is better.",
            "",
            "| model | sees | text tokens | with the end token |",
            "|---|---|--:|--:|",
            f"| base | prefix alone | {loss['prefix_only_text']:.3f} | |",
            f"| base | prefix and suffix (it does not know FIM) | {loss['fim_text']:.3f} | {loss['fim']:.3f} |",
            f"| **trained** | prefix and suffix | **{loss['after_text']:.3f}** | **{loss['after']:.3f}** |",
            "",
            f"Before and after: {loss['fim']:.3f} -> {loss['after']:.3f} ({loss['after'] - loss['fim']:+.3f}); text "
            f"tokens against the base with the prefix alone {loss['after_text'] - loss['prefix_only_text']:+.3f}. Most "
            "middles end where a line does; one in ten ends inside a line, which can only be guessed at.",
        ]
    )


def _curve(metrics: Sequence[Mapping[str, Any]]) -> str:
    rows = ["## Loss on dev files", "", "| step | completion |", "|--:|--:|"]
    rows += [f"| {line['step']} | {line['dev']['complete']:.3f} |" for line in metrics if "dev" in line]
    return "\n".join(rows)


def _checks(results: Mapping[str, Any]) -> str:
    rows = [
        "## Checks",
        "",
        "Per line, on held-out test files, at the threshold that dev files chose. AP is average precision, which needs "
        "no threshold; a judge that guesses has AP = rate, and one that always fires has precision = rate at recall 1. "
        "Checks marked – never fire: on dev files no threshold was precise enough.",
        "",
        "| check | precision | recall | F1 | AP | rate (guessing) | AP / rate | support |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    checks = sorted(results["checks"], key=lambda check: (-check["f1"], -check["average_precision"]))
    rows += [_check(check) for check in checks]
    rows += ["", _summary(checks)]
    return "\n".join(rows)


def _check(check: Mapping[str, Any]) -> str:
    at = [f"{check[name]:.2f}" if check["fires"] else "–" for name in ("precision", "recall", "f1")]
    ap, rate = check["average_precision"], check["rate"]
    lift = f"{ap / rate:.0f}×" if rate else "–"
    return f"| {check['label']} | {' | '.join(at)} | {ap:.2f} | {rate:.4f} | {lift} | {check['support']} |"


def _summary(checks: Sequence[Mapping[str, Any]]) -> str:
    seen = [check for check in checks if check["support"]]
    if not seen:
        return "No check occurs in the lines that were judged."
    mean_ap = sum(check["average_precision"] for check in seen) / len(seen)
    mean_rate = sum(check["rate"] for check in seen) / len(seen)
    firing = sum(check["fires"] for check in checks)
    return f"Mean AP {mean_ap:.3f}, guessing {mean_rate:.4f}; {firing} of {len(checks)} checks fire."


def _caveats(config: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    lines = results["judged_lines"]
    rare = sum(check["support"] < 20 for check in results["checks"])
    return "\n".join(
        [
            "## Caveats",
            "",
            f"- The head was fitted on {lines['train']:,} lines, calibrated on {lines['dev']:,} and scored on "
            f"{lines['test']:,}, sampled in favour of findings and weighted back to whole files.",
            f"- {rare} of {len(results['checks'])} checks have fewer than 20 test lines; their numbers can be chance.",
            "- Labels are what the tools say, not what is right.",
            "- The base model may have seen this library in its own training; before and after share that advantage.",
            f"- Measured in {config['machine']['precision']}; an exported, quantised model differs a little.",
        ]
    )


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
