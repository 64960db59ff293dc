"""Mistakes that `go vet` finds in one file: verbs, tags, copies of locks, code that is never reached.

Analyzers: https://pkg.go.dev/cmd/vet. What is planted compiles, or vet would not look at it. Tests of the package
itself and mistakes of older Go versions (loop variables) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from languages.injection.code_text import MARK, Violation, edit
from languages.injection.go_places import Function, GoCode, GoFinder, declaration, go, statement
from languages.injection.planting import Edit

_LAST = ("return_statement", "expression_statement")


def _vet(check: str, *finders: GoFinder) -> Violation[GoCode]:
    return go("go vet", check, *finders)


def _after_return(code: GoCode) -> Iterator[Edit]:
    """The last `return` written twice, or an early one before the last statement."""
    for function in code.functions:
        last = function.statements[-1]
        if last.type not in _LAST or not code.begins_line(last) or not code.ends_line(last):
            continue
        if last.type == "return_statement" and "\n" not in code.shown(last):
            yield code.after(last, code.shown(last))
        if not function.returns and _reached(function):
            found = code.before(last, "return")
            yield Edit(found.start, found.end, found.text, len(found.text))


def _reached(function: Function) -> bool:
    """Whether the last statement is reached, as far as the one before it tells."""
    before = function.statements[-2].type if len(function.statements) > 1 else ""
    return before not in ("return_statement", "for_statement", "select_statement", "labeled_statement")


def _self_assigned(code: GoCode) -> Iterator[Edit]:
    """A parameter assigned to itself."""
    for function in code.functions:
        for place in [one for one in function.statements if code.begins_line(one)][:4]:
            yield from (code.before(place, f"{name} = {name}") for name in function.names[:3])


def _never_nil(code: GoCode) -> Iterator[Edit]:
    """A function of the file compared with nil."""
    nodes = [node.child_by_field_name("name") for node in code.of("function_declaration")]
    names = [code.shown(node) for node in nodes if node is not None and _is_plain(node)]
    calls = _called(code)
    names = [name for name in names if name not in ("init", "main", "_") and code.plain[name] == calls[name] + 1]
    for function in code.functions:
        place = function.statements[0]
        if code.begins_line(place):
            for known in names[:2]:
                yield code.before(place, f'if {MARK}{known} == nil {{\n\tpanic("{known} is missing")\n}}')


def _is_plain(name: Node) -> bool:
    """Whether the function called `name` has no type parameters, without which it is no value."""
    return name.parent is not None and name.parent.child_by_field_name("type_parameters") is None


def _called(code: GoCode) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(code.plain, 0)
    for node in code.of("call_expression"):
        function = node.child_by_field_name("function")
        if function is not None and function.type == "identifier":
            counts[code.shown(function)] += 1
    return counts


def _broken_tags(code: GoCode) -> Iterator[Edit]:
    """`json:"name"` without its quotes, or with a blank in it."""
    for node in code.of("field_declaration"):
        tag = node.child_by_field_name("tag")
        found = None if tag is None else re.fullmatch(r'`(\w+):"([\w,-]+)"`', code.shown(tag))
        if tag is not None and found is not None and node.start_point.row == node.end_point.row:
            yield code.replaced(tag, f"`{found[1]}:{found[2]}`")
            yield code.replaced(tag, f'`{found[1]}: "{found[2]}"`')


def _wrong_verbs(code: GoCode) -> Iterator[Edit]:
    """A verb more than there are arguments."""
    for node in code.of("call_expression"):
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or given is None or code.packages.get("fmt") != "fmt" or code.plain["fmt"]:
            continue
        if code.shown(function) not in ("fmt.Printf", "fmt.Errorf", "fmt.Sprintf") or not given.named_children:
            continue
        first = given.named_children[0]
        text, spread = code.shown(first), code.shown(given).rstrip(") \n\t,").endswith("...")
        if first.type == "interpreted_string_literal" and len(text) > 3 and "%[" not in text and not spread:
            body = text[1:-1]
            end = len(body) - 2 if body.endswith("\\n") else len(body)
            start = code.start(node)
            whole = code.text[start : code.start(first)] + f'"{body[:end]} (%d){body[end:]}"'
            if node.start_point.row == node.end_point.row:
                yield edit(start, code.end(first), MARK + whole)


INJECTORS = (
    _vet("printf", _wrong_verbs,
        statement('»fmt.Printf("%d items\\n", $string)', "fmt"), statement('»fmt.Printf("%s\\n", $int)', "fmt"),
        statement('»fmt.Println("got %s", $string)', "fmt"),
        declaration('func describe(name string) string {\n\treturn »fmt.Sprintf("%d: %s", name)\n}', "fmt")),
    _vet("unreachable", _after_return),
    _vet("assign", _self_assigned),
    _vet("unusedresult",
        statement('»fmt.Sprintf("%s", $string)', "fmt"), statement('»errors.New("empty: " + $string)', "errors"),
        statement('»fmt.Errorf("unexpected %d", $int)', "fmt"),
        declaration("func check(count int) {\n\tif count < 0 {\n"
                    '\t\t»fmt.Errorf("negative count %d", count)\n\t}\n}', "fmt")),
    _vet("nilfunc", _never_nil),
    _vet("shift",
        statement("_ = »uint8($int) << 8"), statement("_ = »int32($int) >> 32"),
        declaration("func highByte(low byte) byte {\n\treturn »low << 8\n}")),
    _vet("structtag", _broken_tags,
        declaration("type event struct {\n\tName string »`json:name`\n\tTime int64  `json:\"time\"`\n}"),
        declaration("type settings struct {\n\tHost string `json:\"host\"`\n\tPort int    »`json: \"port\"`\n}")),
    _vet("bools",
        statement('if »$string == "" || $string == "" {\n\tpanic("empty")\n}'),
        statement('if »$int != 0 || $int != 1 {\n\tpanic("neither")\n}'),
        declaration("func isVowel(letter string) bool {\n"
                    '\treturn »letter == "a" || letter == "e" || letter == "a"\n}')),
    _vet("stringintconv",
        statement("_ = »string($int)"),
        declaration('func label(number int) string {\n\treturn "#" + »string(number)\n}')),
    _vet("copylocks",
        declaration("func guarded(»mutex sync.Mutex, work func()) {\n"
                    "\tmutex.Lock()\n\tdefer mutex.Unlock()\n\twork()\n}", "sync"),
        declaration("func waitFor(»group sync.WaitGroup) {\n\tgroup.Wait()\n}", "sync")),
    _vet("lostcancel",
        declaration("func shortly(parent context.Context) context.Context {\n"
                    "\tctx, _ := »context.WithTimeout(parent, time.Second)\n\treturn ctx\n}", "context", "time"),
        declaration("func cancelled(parent context.Context) context.Context {\n"
                    "\tctx, _ := »context.WithCancel(parent)\n\treturn ctx\n}", "context")),
    _vet("unmarshal", declaration(
        "func decode(data []byte) (values map[string]string, err error) {\n\terr = »json.Unmarshal(data, values)\n"
        "\treturn values, err\n}", "encoding/json")),
    _vet("defers", declaration(
        "func timed(work func()) {\n\tstart := time.Now()\n\tdefer »println(time.Since(start))\n\twork()\n}", "time")),
    _vet("appends",
        statement("$strings = »append($strings)"),
        declaration("func grown(items []int) []int {\n\treturn »append(items)\n}")),
    _vet("timeformat", declaration(
        'func day(moment time.Time) string {\n\treturn moment.Format(»"2006-02-01")\n}', "time")),
    _vet("sigchanyzer", declaration(
        "func interrupted() os.Signal {\n\tsignals := make(chan os.Signal)\n\t»signal.Notify(signals, os.Interrupt)\n"
        "\treturn <-signals\n}", "os", "os/signal")),
    _vet("atomic", declaration(
        "func increment(counter *int64) {\n\t»*counter = atomic.AddInt64(counter, 1)\n}", "sync/atomic")),
    _vet("waitgroup", declaration(
        "func both(first, second func()) {\n\tvar group sync.WaitGroup\n"
        "\tfor _, work := range []func(){first, second} {\n\t\tgo func() {\n"
        "\t\t\t»group.Add(1)\n\t\t\tdefer group.Done()\n\t\t\twork()\n\t\t}()\n\t}\n\tgroup.Wait()\n}",
        "sync")),
    _vet("errorsas", declaration(
        "func isPathError(err error) bool {\n\tvar target *os.PathError\n\treturn »errors.As(err, target)\n}",
        "errors", "os")),
)  # fmt: skip
