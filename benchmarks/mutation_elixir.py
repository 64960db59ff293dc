"""Milliseconds a mutant of an Elixir module: our engine beside a fresh Erlang VM for each mutant, in one run.

    python benchmarks/mutation_elixir.py

Both run the same mutants of the same module with the same tests. Ours is timed whole, set-up and all; the peer compiles
the mutated module and runs its test file with `elixir`, for a sample, because it takes long. Also printed is how often
the two agree about a mutant.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from languages.mutation.elixir_engine import mutate_elixir
from languages.mutation.elixir_project import ElixirTests
from languages.mutation.mutant import apply
from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun, Outcome

MODULE = """\
defmodule Warehouse.Cart do
  @moduledoc "What a customer wants to buy, and what it costs. Prices are in cents."

  alias Warehouse.Cart.Line

  defstruct lines: [], voucher: nil, country: :de

  @free_shipping 5000
  @rates %{de: 19, fr: 20, ch: 8}

  @type t :: %__MODULE__{}

  @doc "An empty cart."
  def new(country \\\\ :de), do: %__MODULE__{country: country}

  @doc "Put `count` of an article into the cart; of an article that is there, more."
  def add(cart, name, cents, count \\\\ 1)

  def add(_cart, _name, cents, count) when cents < 0 or count <= 0, do: {:error, :invalid}

  def add(%__MODULE__{lines: lines} = cart, name, cents, count) do
    case Enum.split_with(lines, &(&1.name == name)) do
      {[], rest} ->
        {:ok, %{cart | lines: [%Line{name: name, cents: cents, count: count} | rest]}}

      {[line], rest} when line.cents == cents ->
        {:ok, %{cart | lines: [%{line | count: line.count + count} | rest]}}

      _ ->
        {:error, :price_changed}
    end
  end

  @doc "Take an article out."
  def remove(%__MODULE__{lines: lines} = cart, name) do
    if Enum.any?(lines, &(&1.name == name)) do
      {:ok, %{cart | lines: Enum.reject(lines, &(&1.name == name))}}
    else
      {:error, :not_found}
    end
  end

  @doc "Use a voucher; one a cart."
  def redeem(%__MODULE__{voucher: nil} = cart, "MINUS" <> digits) do
    case Integer.parse(digits) do
      {percent, ""} when percent > 0 and percent <= 50 -> {:ok, %{cart | voucher: percent}}
      _ -> {:error, :unknown_voucher}
    end
  end

  def redeem(%__MODULE__{voucher: nil}, _code), do: {:error, :unknown_voucher}
  def redeem(%__MODULE__{}, _code), do: {:error, :used}

  @doc "What everything costs, without shipping."
  def subtotal(%__MODULE__{lines: lines, voucher: voucher}) do
    lines
    |> Enum.map(&Line.total/1)
    |> Enum.sum()
    |> discounted(voucher)
  end

  defp discounted(cents, nil), do: cents
  defp discounted(cents, percent), do: cents - div(cents * percent, 100)

  @doc "Shipping: free for large orders, dearer abroad."
  def shipping(%__MODULE__{lines: []}), do: 0

  def shipping(%__MODULE__{country: country} = cart) do
    cond do
      subtotal(cart) >= @free_shipping and country == :de -> 0
      country == :de -> 490
      Enum.count(cart.lines) > 3 -> 1990
      true -> 1490
    end
  end

  @doc "The tax in `subtotal`."
  def tax(%__MODULE__{country: country} = cart) do
    with {:ok, rate} <- Map.fetch(@rates, country) do
      cents = subtotal(cart)
      {:ok, cents - round(cents * 100 / (100 + rate))}
    end
  end

  @doc "What is to be paid."
  def total(cart), do: subtotal(cart) + shipping(cart)

  @doc "A line of text for each article, in order of name."
  def describe(%__MODULE__{lines: []}), do: "nothing"

  def describe(%__MODULE__{lines: lines}) do
    lines
    |> Enum.sort_by(& &1.name)
    |> Enum.map_join("\\n", fn
      %{count: 1, name: name} -> name
      %{count: count, name: name} -> "#{count} x #{name}"
    end)
  end
end
"""
LINE = """\
defmodule Warehouse.Cart.Line do
  @moduledoc "An article in a cart."
  defstruct [:name, :cents, count: 1]

  @doc "What the line costs, in cents."
  def total(%__MODULE__{cents: cents, count: count}), do: cents * count
end
"""
TESTS = """\
defmodule Warehouse.CartTest do
  use ExUnit.Case, async: true
  alias Warehouse.Cart

  defp filled(articles, cart \\\\ Cart.new()) do
    Enum.reduce(articles, cart, fn {name, cents, count}, cart ->
      {:ok, cart} = Cart.add(cart, name, cents, count)
      cart
    end)
  end

  setup do
    {:ok, cart: filled([{"pen", 150, 2}, {"ink", 700, 1}])}
  end

  describe "add" do
    test "sums what is the same", %{cart: cart} do
      {:ok, cart} = Cart.add(cart, "pen", 150)
      assert Cart.subtotal(cart) == 1150
    end

    test "refuses another price", %{cart: cart} do
      assert Cart.add(cart, "pen", 160) == {:error, :price_changed}
    end

    test "refuses nonsense", %{cart: cart} do
      assert Cart.add(cart, "cap", -1) == {:error, :invalid}
      assert Cart.add(cart, "cap", 10, 0) == {:error, :invalid}
    end
  end

  test "remove", %{cart: cart} do
    assert {:ok, left} = Cart.remove(cart, "pen")
    assert Cart.subtotal(left) == 700
    assert Cart.remove(left, "pen") == {:error, :not_found}
  end

  describe "redeem" do
    test "takes off a part", %{cart: cart} do
      {:ok, cart} = Cart.redeem(cart, "MINUS10")
      assert Cart.subtotal(cart) == 900
      assert Cart.redeem(cart, "MINUS10") == {:error, :used}
    end

    test "knows no other voucher", %{cart: cart} do
      for code <- ["MINUS0", "MINUS51", "MINUS10x", "PLUS"] do
        assert Cart.redeem(cart, code) == {:error, :unknown_voucher}
      end
    end
  end

  describe "shipping" do
    test "of nothing", do: assert(Cart.shipping(Cart.new()) == 0)
    test "at home", %{cart: cart}, do: assert(Cart.shipping(cart) == 490)
    test "of much", do: assert(Cart.shipping(filled([{"desk", 5000, 1}])) == 0)

    test "abroad" do
      assert Cart.shipping(filled([{"desk", 9000, 1}], Cart.new(:fr))) == 1490
      many = for name <- ~w(a b c d), do: {name, 100, 1}
      assert Cart.shipping(filled(many, Cart.new(:ch))) == 1990
    end
  end

  test "tax", %{cart: cart} do
    assert Cart.tax(cart) == {:ok, 160}
    assert Cart.tax(%{cart | country: :us}) == :error
  end

  test "total", %{cart: cart}, do: assert(Cart.total(cart) == 1490)

  test "describe", %{cart: cart} do
    assert Cart.describe(cart) == "ink\\n2 x pen"
    assert Cart.describe(Cart.new()) == "nothing"
  end
end
"""


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=int, default=20, help="mutants for the fresh VMs (default: 20)")
    parser.add_argument("--parallel", type=int, default=1, help="VMs of ours (default: 1)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder)
        started = time.perf_counter()
        run = mutate_elixir(
            folder / "lib" / "cart.ex", ElixirTests(folder=folder), MutationOptions(parallel=arguments.parallel)
        )
        ours = (time.perf_counter() - started) / len(run.outcomes) * 1000
        # A fresh VM has no time-out of its own.
        ended = [outcome for outcome in run.outcomes if outcome.status in ("Killed", "Survived")]
        sample = ended[:: max(1, len(ended) // arguments.peer)]
        started = time.perf_counter()
        agreed = sum(_killed(folder, run, outcome) == (outcome.status == "Killed") for outcome in sample)
        peer = (time.perf_counter() - started) / len(sample) * 1000
    counts = Counter(outcome.status for outcome in run.outcomes)
    print(f"module of {len(MODULE.splitlines())} lines, {len(run.outcomes)} mutants: {dict(counts)}")
    print(f"ours        {ours:8.1f} ms a mutant, set-up included")
    print(f"a fresh VM  {peer:8.1f} ms a mutant ({len(sample)} of them, {agreed} with the same verdict)")
    figures = {"ours_ms": ours, "fresh_vm_ms": peer, "agreed": agreed, "sample": len(sample)}
    print(json.dumps({"benchmark": "mutation_elixir", **figures, "mutants": len(run.outcomes), "cpus": os.cpu_count()}))


def _write(folder: Path) -> None:
    for name, text in {"lib/cart.ex": MODULE, "lib/line.ex": LINE, "test/cart_test.exs": TESTS}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def _killed(folder: Path, run: MutationRun, outcome: Outcome) -> bool:
    """Whether the tests fail in a VM of their own."""
    with tempfile.TemporaryDirectory() as name:
        mutated = Path(name)
        _write(mutated)
        (mutated / "lib" / "cart.ex").write_bytes(apply(run.text.encode(), outcome.mutant))
        command = [
            "elixir",
            "-r",
            "lib/line.ex",
            "-r",
            "lib/cart.ex",
            "-e",
            "ExUnit.start()",
            "-r",
            "test/cart_test.exs",
        ]
        return subprocess.run(command, cwd=mutated, capture_output=True, check=False).returncode != 0


if __name__ == "__main__":
    main()
