"""All mutants of a Go file in one program, and one of them chosen when it starts (mutant schemata; Untch, Offutt and
Harrold, "Mutation analysis using mutant schemata", ISSTA 1993).

The environment variable `CODER_MUTANT` names the mutant: 0 or nothing for none. A negative number also means none, and
has each mutant that is reached named once on stderr; it is the number of mutants. It does not know how to build.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from languages.mutation.go_units import Kind, Placed, Unit, Units
from languages.mutation.mutant import Mutant
from languages.mutation.options import Numbered
from languages.syntax import parse
from languages.tree import walk

CHOICE = "CODER_MUTANT"
#: A line of this form says that the mutant with this number was reached.
REACHED = re.compile(rb"\x1ecoder reached (\d+)\n")
#: Endless recursion ends here instead of at Go's 1 GB, which takes seconds to fill.
_STACK_BYTES = 32 << 20
_RUNTIME = """\
package %(package)s

import (
	coderOs "os"
	coderDebug "runtime/debug"
	coderStrconv "strconv"
	coderAtomic "sync/atomic"
)

var coderReached []uint32
var coderMutant = coderChosen()
var coderErrors = coderOs.Stderr

func coderChosen() int {
	number, _ := coderStrconv.Atoi(coderOs.Getenv("CODER_MUTANT"))
	if number != 0 {
		coderDebug.SetMaxStack(%(stack)d)
	}
	if number < 0 {
		coderReached = make([]uint32, 1-number)
	}
	return number
}

func coderAt(number int) int {
	if coderReached != nil {
		coderReach(number)
	}
	return coderMutant
}

func coderReach(numbers ...int) {
	if coderReached == nil {
		return
	}
	for _, number := range numbers {
		reached := &coderReached[number]
		if coderAtomic.LoadUint32(reached) == 0 && coderAtomic.SwapUint32(reached, 1) == 0 {
			coderErrors.WriteString("\\x1ecoder reached " + coderStrconv.Itoa(number) + "\\n")
		}
	}
}
"""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a unit is written: `opening`, each copy between `before` and `after`, then the original between `last` and
    `closing`. A copy begins on a line of its own, so that an error of the compiler tells which it is in."""

    opening: str
    before: str
    after: str
    last: str
    closing: str


_STATEMENTS = _Form("", "if coderAt({n}) == {n} {{\n", "\n}} else ", "{{\n", "\n}}")
_FORMS = {
    Kind.FUNCTION: _Form("", "if coderMutant == {n} {{\n{head}\n", "\n{tail}\n}}\n", "", ""),
    Kind.LIST: replace(_STATEMENTS, before="if coderMutant == {n} {{\n"),
    Kind.STATEMENT: _STATEMENTS,
    Kind.VALUE: _Form("func() {head} {{\n", "if coderAt({n}) == {n} {{\nreturn (\n", ")\n}}\n", "return ", "\n}}()"),
    # A comparison is an untyped truth value, so this fits where the original did, whatever its type.
    Kind.TRUTH: _Form("(", "coderAt({n}) == {n} && (\n", ") || ", "{unchosen}(", "))"),
}
#: Text to insert, and the number of the mutant whose copy it is.
_Piece = tuple[bytes, int | None]


@dataclass(frozen=True, slots=True)
class Schemata:
    """The file with the mutants in it. `places` are (first line, last line, number) of each mutant's copy, 0-based."""

    source: bytes
    places: tuple[tuple[int, int, int], ...]

    def mutant_at(self, line: int) -> int | None:
        """The number of the mutant whose copy is on the 0-based line. The compiler forgets columns above 255."""
        index = bisect_right(self.places, line, key=lambda place: place[0]) - 1
        if index >= 0 and line <= self.places[index][1]:
            return self.places[index][2]
        return None


def runtime_source(package: str) -> str:
    """The file that has to be added to the package."""
    return _RUNTIME % {"package": package, "stack": _STACK_BYTES}


class Instrumenter:
    """The file `text`, into which mutants can be put."""

    def __init__(self, text: str) -> None:
        source = text.encode()
        root = parse("go", source).root_node
        self._source = _without_line_directives(source, root)
        self._units = Units(root)

    def place(self, mutant: Mutant) -> Placed | None:
        """Where the mutant goes, or None where it cannot be chosen while the program runs."""
        return self._units.place(mutant)

    def schemata(self, mutants: Iterable[Numbered]) -> Schemata:
        """The file with these mutants, all of which have a place."""
        held: dict[Unit, list[Numbered]] = {}
        reached: dict[tuple[int, int], list[int]] = {}
        for number, mutant in mutants:
            placed = self._units.place(mutant)
            assert placed is not None
            held.setdefault(placed.unit, []).append((number, mutant))
            if placed.unit.kind in (Kind.LIST, Kind.FUNCTION):
                reached.setdefault(placed.reached_at, []).append(number)
        return self._written(held, reached)

    def _written(self, held: dict[Unit, list[Numbered]], reached: dict[tuple[int, int], list[int]]) -> Schemata:
        """Texts are inserted where units begin and end; at one place inner units end before outer ones, then outer ones
        begin before inner ones."""
        inserts: list[tuple[tuple[int, ...], Sequence[_Piece]]] = []
        for unit, mutants in held.items():
            before, after = _around(unit, [(number, self._copy(unit, mutant)) for number, mutant in mutants])
            inserts.append(((unit.start, 1, -unit.end, unit.kind), before))
            inserts.append(((unit.end, 0, -unit.start, -unit.kind), after))
        for (start, end), numbers in reached.items():
            call = f"coderReach({', '.join(map(str, numbers))}); "
            inserts.append(((start, 1, -end, Kind.STATEMENT), [(call.encode(), None)]))
        return _assembled(self._source, sorted(inserts, key=lambda insert: insert[0]))

    def _copy(self, unit: Unit, mutant: Mutant) -> bytes:
        """The unit's text with the mutant in it."""
        head, tail = self._source[unit.start : mutant.start], self._source[mutant.end : unit.end]
        return head + mutant.replacement.encode() + tail


def _without_line_directives(source: bytes, root: Node) -> bytes:
    """`//line` would have the compiler say another line than the one that is wrong; the text keeps its length."""
    if b"//line " not in source and b"/*line " not in source:
        return source
    changed = bytearray(source)
    for node in walk(root):
        if node.type == "comment" and source[node.start_byte + 2 : node.start_byte + 7] == b"line ":
            changed[node.start_byte + 2] = ord("L")
    return bytes(changed)


def _around(unit: Unit, copies: Sequence[tuple[int, bytes]]) -> tuple[list[_Piece], list[_Piece]]:
    """What stands before and after the unit's own text."""
    form = _FORMS[unit.kind]
    unchosen = "".join(f"coderMutant != {number} && " for number, _ in copies)

    def written(template: str, number: int = 0) -> _Piece:
        return template.format(n=number, head=unit.before, tail=unit.after, unchosen=unchosen).encode(), None

    pieces = [written(form.opening)]
    for number, copy in copies:
        pieces += [written(form.before, number), (copy, number), written(form.after, number)]
    return [*pieces, written(form.last)], [written(form.closing)]


def _assembled(source: bytes, inserts: Iterable[tuple[tuple[int, ...], Sequence[_Piece]]]) -> Schemata:
    out = bytearray()
    places: list[tuple[int, int, int]] = []
    position = line = 0
    for (at, *_), pieces in inserts:
        for text, number in [(source[position:at], None), *pieces]:
            first, line = line, line + text.count(b"\n")
            if number is not None:
                places.append((first, line, number))
            out += text
        position = at
    return Schemata(bytes(out + source[position:]), tuple(places))
