"""`coder-train data labels --agreement`: our structural rules against the labels of the real tools.

A label file is JSON Lines, gzipped or not: one source file a line, with `package`, `version`, `path`, `sha256`,
`status` and `findings`. The sources lie in one folder NAME@VERSION a package; a file that is missing, or whose hash is
another, is left out and counted. Some packages are held out, by the hash of their names: who writes a rule should not
look at them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from languages.agreement import Agreement, Judgement, agreements, macro_f1
from languages.errors import CoderError
from languages.linters.structural.linter import spots
from languages.linters.structural.rule import ToolName, rules_of

#: Packages with the lowest agreement that the report names.
_WORST = 3


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """The agreement of our rules for `tool`, check by check, over `files` files; `left_out` were not to be had.

    `held_out` is the agreement in the packages that are held out alone, `packages` the macro-F1 of each package.
    """

    tool: ToolName
    files: int
    left_out: int
    rows: tuple[Agreement, ...]
    held_out: tuple[Agreement, ...] = ()
    packages: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def macro_f1(self) -> float | None:
        """The mean F1 of the checks that were found at all."""
        return macro_f1(self.rows)


def tool_of(labels: Path) -> ToolName:
    """The tool that a label file speaks of, by its name: `elixir-credo.jsonl.gz` holds Credo's findings."""
    tools: tuple[ToolName, ...] = get_args(ToolName)
    name = labels.name.split(".")[0].rpartition("-")[2]
    found = next((tool for tool in tools if tool == name), None)
    if found is None:
        message = f"the name of {labels} does not say whose findings it holds; end it in -TOOL.jsonl or -TOOL.jsonl.gz"
        raise CoderError(f"{message}, TOOL being {' or '.join(tools)}", code="bad_input")
    return found


def is_held_out(package: str) -> bool:
    """Whether `package`, whatever its version, is held out: the first byte of its name's SHA-1 is odd."""
    return hashlib.sha1(package.encode(), usedforsecurity=False).digest()[0] % 2 == 1


def agreement(tool: ToolName, labels: Path, sources: Path) -> AgreementReport:
    """Run our rules for `tool` over the labelled files and compare by (file, line, check).

    Only files with the status "ok" count. Raises `CoderError` when the labels cannot be read, or when no source that
    they name is there.
    """
    rules = rules_of(tool)
    checks = {rule.check for rule in rules}
    judged: dict[str, _Judged] = {}
    files = left_out = 0
    for row in _rows(labels):
        text = _text(row, sources)
        if text is None:
            left_out += 1
            continue
        files += 1
        name = f"{row['package']}@{row['version']}"
        package = judged.setdefault(name, _Judged())
        file = f"{name}/{row['path']}"
        package.ours.extend((file, spot.line + 1, rule.check) for rule, spot in spots(tool, row["path"], text, rules))
        package.theirs.extend(
            (file, item["line"], item["check"]) for item in row["findings"] if item["check"] in checks
        )
    if not files:
        raise CoderError(f"none of the sources that {labels} names is in {sources}; fetch them first", code="not_found")
    rest = [package for name, package in judged.items() if is_held_out(name.rpartition("@")[0])]
    by_package = {name: macro_f1(_compared([package], checks)) for name, package in judged.items()}
    return AgreementReport(
        tool, files, left_out, _compared(judged.values(), checks), _compared(rest, checks), by_package
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What we and the tool said of one package."""

    ours: list[Judgement] = field(default_factory=list)
    theirs: list[Judgement] = field(default_factory=list)


def _compared(packages: Iterable[_Judged], checks: Iterable[str]) -> tuple[Agreement, ...]:
    chosen = list(packages)
    ours = (one for package in chosen for one in package.ours)
    theirs = (one for package in chosen for one in package.theirs)
    return tuple(agreements(ours, theirs, checks))


def as_markdown(report: AgreementReport) -> str:
    """The report as a Markdown table, worst checks last; checks that nobody found are named below it.

    The last column is the F1 in the packages that are held out, "–" where neither found any there.
    """
    seen = sorted((row for row in report.rows if row.f1 is not None), key=lambda row: (-(row.f1 or 0), row.check))
    held_out = {row.check: row.f1 for row in report.held_out}
    lines = [
        "| check | both | only ours | only the tool's | precision | recall | F1 | F1 held out |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(row, held_out.get(row.check)) for row in seen]
    lines += ["", f"Macro-F1 {_shown(report.macro_f1)} over {len(seen)} checks, {report.files} files."]
    known = sorted((score, name) for name, score in report.packages.items() if score is not None)
    if known:
        mean = sum(score for score, _ in known) / len(known)
        worst = ", ".join(f"{name} {score:.3f}" for score, name in known[:_WORST])
        tested = sum(score is not None for score in held_out.values())
        lines.append(f"In the packages held out {_shown(macro_f1(report.held_out))} over {tested} checks.")
        lines.append(f"By package {mean:.3f} on average over {len(known)}; lowest: {worst}.")
    unseen = [_short(row.check) for row in report.rows if row.f1 is None]
    if unseen:
        lines += ["", f"Not measured, for neither found any: {', '.join(unseen)}."]
    return "\n".join(lines) + "\n"


def _line(row: Agreement, held_out: float | None) -> str:
    shares = " | ".join(_shown(share) for share in (row.precision, row.recall, row.f1, held_out))
    return f"| {_short(row.check)} | {row.both} | {row.only_measured} | {row.only_true} | {shares} |"


def _short(check: str) -> str:
    return check.removeprefix("Credo.Check.")


def _shown(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"


def _rows(labels: Path) -> Iterator[Mapping[str, Any]]:
    """The lines of a label file whose status is "ok"."""
    opener = gzip.open if labels.suffix == ".gz" else open
    try:
        with opener(labels, "rt", encoding="utf-8") as lines:
            for line in lines:
                row: Mapping[str, Any] = json.loads(line)
                if _complete(row, ("package", "version", "path", "sha256", "findings")) and row.get("status") == "ok":
                    yield row
    except (OSError, EOFError, ValueError) as error:
        raise CoderError(f"{labels} cannot be read as labels ({error}); give a .jsonl or .jsonl.gz file") from error


def _complete(row: Mapping[str, Any], keys: Sequence[str]) -> bool:
    missing = [key for key in keys if key not in row]
    if missing:
        raise ValueError(f"a line lacks {', '.join(missing)}")
    return True


def _text(row: Mapping[str, Any], sources: Path) -> str | None:
    """The labelled text, or None when it is not there as it was."""
    try:
        data = (sources / f"{row['package']}@{row['version']}" / row["path"]).read_bytes()
    except OSError:
        return None
    return data.decode("utf-8", "replace") if hashlib.sha256(data).hexdigest() == row["sha256"] else None
