"""Two small Go packages with tests: one that shows verdicts, one with what Go is strict about."""

from __future__ import annotations

from pathlib import Path

from languages.mutation.go_engine import GoTests, mutate_go
from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun

SHOP = """\
package shop

import (
	"errors"
	"os"
)

var rate = 3

type Cart struct{ Count int }

func (c *Cart) Add(n int) error {
	if n < 1 {
		return errors.New("nothing to add")
	}
	c.Count += n
	return nil
}

func (c *Cart) Total() int {
	total := c.Count * rate
	if total > 10 && !c.free() {
		total--
	}
	return total
}

func (c *Cart) free() bool { return c.Count == 99 }

func Load(names []string) (string, error) {
	for _, name := range names {
		cart := Cart{}
		if err := cart.Add(len(name)); err != nil {
			return "", err
		}
	}
	return "all " + names[0], nil
}

func Wait(n int) int {
	i := 0
	for i < n {
		i++
	}
	return i
}

func Leave(n int) int {
	if n > 2 {
		os.Exit(0)
	}
	return n
}

func Unused(x float64) float64 { return x / 2.5 }
"""
INSIDE = """\
package shop

import "testing"

func TestTotal(t *testing.T) {
	cart := &Cart{}
	if cart.Add(2) != nil || cart.Total() != 6 {
		t.Fatalf("got %d", cart.Total())
	}
}

func TestWait(t *testing.T) {
	t.Run("three", func(t *testing.T) {
		t.Parallel()
		if Wait(3) != 3 {
			t.Error("not three")
		}
	})
}

func TestLeave(t *testing.T) {
	Leave(1)
}

func TestLeaveToo(t *testing.T) {
	Leave(2)
}
"""
OUTSIDE = """\
package shop_test

import (
	"fmt"
	"os"
	"testing"

	"example.org/shop"
)

func TestMain(m *testing.M) { os.Exit(m.Run()) }

func TestLoad(t *testing.T) {
	if _, err := shop.Load([]string{"pen", ""}); err == nil {
		t.Error("no error")
	}
}

func ExampleLoad() {
	text, err := shop.Load([]string{"pen"})
	fmt.Println(text, err)
	// Output: all pen <nil>
}
"""
FILES = {
    "go.mod": "module example.org/shop\n\ngo 1.22\n",
    "shop.go": SHOP,
    "shop_test.go": INSIDE,
    "outside_test.go": OUTSIDE,
}
ODD = """\
package odd

import "errors"

var base = 7
var on = base > 6
var step func(int) int = func(n int) int { return n + 1 }

const fixed = 3

type flag bool

func Sum(n int, more ...int) (total int, err error) {
	defer func() { total += base }()
	if n < 0 {
		return 0, errors.New("negative")
	}
	kept, err := n+fixed, error(nil)
again:
	for i, m := range more {
		switch {
		case m == 0:
			kept++
			fallthrough
		case m == 1:
			continue again
		case m > 9 && i > 0:
			break again
		}
		kept += m
	}
	return kept, err
}

func (f *flag) Set(a, _ flag) flag { *f = a && !*f; return a || *f }

func Last[T any](items []T) (item T) {
	if last := len(items) - 1; last >= 0 {
		item = items[last]
	}
	return
}
"""
ODD_TESTS = """\
package odd

import "testing"

func TestOdd(t *testing.T) {
	if total, err := Sum(1, 0, 1, 2, 10, 5); total != 14 || err != nil {
		t.Error(total, err)
	}
	if _, err := Sum(-1); err == nil {
		t.Error("no error")
	}
	var f flag
	if !bool(f.Set(true, false) && f) || step(1) != 2 || !on {
		t.Error(f)
	}
	if Last([]string{"a", "b"}) != "b" || Last([]int{}) != 0 {
		t.Error("not the last")
	}
}
"""
#: What never ends is ended by the time it had a processor; nothing here may depend on how busy the machine is.
PATIENT = MutationOptions(parallel=2, patience=60.0)


def module(folder: Path, **changed: str) -> Path:
    """A module with the shop; `changed` are other texts of files, by name without its suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**FILES, **{f"{name}.go": text for name, text in changed.items()}}.items():
        (folder / name).write_bytes(text.encode())
    return folder / "shop.go"


def mutate(file: Path, options: MutationOptions | None = None, **tests: tuple[str, ...]) -> MutationRun:
    return mutate_go(file, GoTests(folder=file.parent, **tests), options or PATIENT)
