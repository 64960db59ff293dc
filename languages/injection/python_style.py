"""Violations of Python's style and of its common sense that Ruff finds, each in a statement or an expression."""

from __future__ import annotations

from languages.injection.python_injector import Way, guarded, insertion, replaced, ruff
from languages.injection.python_rewrites import (
    behind_statement,
    blank_indented,
    called_collection,
    caught,
    cause_left_out,
    compared_instead,
    long_comment,
    misspelt,
    needless_f,
    negated_outside,
    none_compared,
    raw_left_out,
    truth_compared,
)


def _shadowed(*names: str) -> tuple[Way, ...]:
    return tuple(insertion(f"§{name} = $value", absent=name, in_functions=True) for name in names)


INJECTORS = (
    ruff("A001", *_shadowed("id", "type", "input", "filter", "format", "hash", "max", "sum")),
    ruff("B015", compared_instead),
    ruff(
        "B023",
        insertion(
            "$new = §lambda: $item", "def $new():\n    §return $item", new="show callback on_done", in_functions=True
        ),
    ),
    ruff(
        "B904",
        cause_left_out,
        guarded(
            'except ValueError:\n    §raise RuntimeError("this value cannot be used")',
            'except KeyError:\n    §raise LookupError("there is no such entry")',
        ),
    ),
    ruff(
        "BLE001",
        caught("except Exception", unless=("raise", "log", "exc", "error")),
        guarded(
            "§except Exception:\n    return",
            '§except Exception:\n    print("this step failed")',
            "§except Exception:\n    continue",
            builtins="Exception",
        ),
    ),
    ruff("C408", called_collection),
    ruff(
        "DTZ005",
        insertion(
            "$new = §datetime.now()",
            "$new = §datetime.now().isoformat()",
            imports="from datetime import datetime",
            new="now started created_at",
        ),
        insertion("$new = §datetime.datetime.now()", imports="import datetime", new="now started"),
        replaced(
            r"datetime\.now\((?!None|tz=None)[^()]+\)$", "datetime.now()", imports="(from datetime )?import datetime$"
        ),
    ),
    ruff("E501", long_comment),
    ruff("E703", behind_statement(";")),
    ruff(
        "E711",
        none_compared,
        insertion(
            'if §$value == None:\n    raise ValueError("$value is missing")',
            "$new = §$value != None",
            new="is_given known",
        ),
    ),
    ruff(
        "E712",
        truth_compared,
        insertion("$new = §$value == True", "if §$value == False:\n    return", new="enabled is_set"),
    ),
    ruff("E713", negated_outside("not in")),
    ruff("E714", negated_outside("is not")),
    ruff(
        "E722",
        caught("except", unless=("raise",)),
        guarded("§except:\n    pass", "§except:\n    return", "§except:\n    continue"),
    ),
    ruff(
        "E731",
        insertion(
            "§$new = lambda item: item",
            "§$new = lambda: $value",
            "§$new = lambda left, right: left + right",
            new="convert pick key combine",
        ),
    ),
    ruff("ERA001", insertion("§# print($value)", "§# $new = $value", '§# $value.append("x")')),
    ruff("F541", needless_f),
    ruff("F821", misspelt),
    # With a value of another name, that one might be unused no longer, and the two would cancel out.
    ruff(
        "F841",
        insertion(
            "§$new = []",
            "§$new = {}",
            '§$new = ""',
            "§$new = False",
            "§$new = None",
            "§$new = 0",
            absent="locals",
            new="result count previous index temp",
            in_functions=True,
        ),
    ),
    # An `if` alone in another one is the same violation, which ends when something stands beside it.
    ruff(
        "SIM102",
        insertion(
            "§if $value:\n    if len($value) > 1:\n        $new = True", new="found several", not_above="if_statement"
        ),
    ),
    ruff(
        "T201",
        insertion(
            "§print($value)", '§print("$value:", $value)', '§print("here")', '§print(f"{$value}")', builtins="print"
        ),
    ),
    ruff(
        "UP031",
        insertion(
            '$new = §"%s" % $value',
            '$new = §"value: %s" % ($value,)',
            '$new = §"%s (%d)" % ($value, 1)',
            new="message label title",
        ),
    ),
    ruff("W291", behind_statement(" ", "  ", "\t")),
    ruff("W293", blank_indented),
    ruff(
        "W605",
        raw_left_out,
        insertion(
            r'$new = re.match("§\d+", $value)',
            r'$new = re.sub("§\s+", " ", $value)',
            r'$new = re.split("[§\.,]", $value)',
            imports="import re",
            new="match parts words",
        ),
    ),
)
