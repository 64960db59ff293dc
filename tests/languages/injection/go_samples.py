"""Clean Go for the injectors; each text compiles alone with the standard library."""

from __future__ import annotations

SHOP = """// Package shop sells things.
package shop

import (
	"errors"
	"fmt"
	"strings"
)

// Item is a thing to buy.
type Item struct {
	Name  string `json:"name"`
	Price int    `json:"price,omitempty"`
}

// Find returns the first item called name.
func Find(items []Item, name string) (Item, error) {
	name = strings.TrimSpace(name)
	for _, item := range items {
		if item.Name == name {
			return item, nil
		}
	}
	return Item{}, errors.New("no such item")
}

func total(items []Item, discount int) int {
	sum := 0
	for _, item := range items {
		sum += item.Price
	}
	return sum - discount
}

// Show prints the item.
func (i Item) Show(prefix string, tags []string, data []byte) {
	fmt.Printf("%s%s\\n", prefix, i.Name)
	fmt.Println(total(nil, 0), tags, data)
}
"""
STORE = """package store

import "database/sql"
import "os"

func load(db *sql.DB, id int) *sql.Row {
	return db.QueryRow("SELECT name FROM users WHERE id = ?", id)
}

func save(db *sql.DB, owner string, content []byte) error {
	if err := os.MkdirAll("data", 0750); err != nil {
		return err
	}
	return os.WriteFile("data/state.json", content, 0600)
}

func open() (*os.File, error) {
	return os.OpenFile("data/log", os.O_RDONLY, 0600)
}
"""
BARE = "package bare\n\nfunc double(n int) int {\n\treturn 2 * n\n}\n"
SAMPLES = {"shop": SHOP, "store": STORE, "bare": BARE}
#: Nothing to plant into: empty, broken, another language, no function.
NOTHING = ["", "\n", "package a\n\nfunc f() {\n", "def f(x):\n    return x\n", "package a\n", "\0", "x = 1\n"]


def with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")
