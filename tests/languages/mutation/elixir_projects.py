"""Small Elixir projects with tests, and what is asked of a run over one of them."""

from __future__ import annotations

from pathlib import Path

from languages.mutation.elixir_engine import mutate_elixir
from languages.mutation.elixir_project import ElixirTests
from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun, Outcome

RATES = """\
defmodule Rates do
  @rate 3
  defmacro twice(x) do
    quote do
      unquote(x) * 2
    end
  end

  defmacro one(1), do: 1
  defmacro unused(x), do: quote(do: unquote(x) - 5)
  def rate, do: @rate
  def steps(n), do: Enum.map(1..n, fn i -> i * 10 end)
end
"""
SHOP = """\
alias Rates, as: R

defmodule Shop do
  @moduledoc "Prices.\\n\\n    iex> Shop.price(2)\\n    6\\n"
  require R
  @steps R.steps(3)
  @small 7

  def price(n) when is_integer(n) and n > 0 do
    total = n * R.rate()

    if total > 10 do
      total - 1
    else
      total
    end
  end

  def count(n) do
    Enum.reduce_while(Stream.cycle([1]), 0, fn one, i ->
      if i >= n, do: {:halt, i}, else: {:cont, i + one}
    end)
  end

  defp within(n, i) when i < n, do: true
  defp within(_n, _i), do: false
  def inside(n), do: within(3, n)

  def kind(0), do: :none
  def kind({:ok, v}), do: v
  def kind(_), do: nil

  def doubled(x), do: R.twice(x)
  def single, do: R.one(1)
  def third, do: Enum.at(@steps, 2)

  def halted(x) do
    if x == 1, do: System.halt(3)
    :fine
  end

  def noted(x) do
    Agent.update(:notes, &[x | &1])
    Enum.map(Agent.get(:notes, & &1), &(&1 + 1))
  end

  def unused(x), do: x + 4
end
"""
TESTS = """\
defmodule ShopTest do
  use ExUnit.Case, async: true
  doctest Shop

  setup_all do
    {:ok, two: 2}
  end

  describe "price" do
    test "of two", %{two: two} do
      assert Shop.price(two) == 6
    end

    test "of nothing" do
      assert_raise FunctionClauseError, fn -> Shop.price(0) end
    end
  end

  test "count", do: assert(Shop.count(3) == 3)

  test "inside" do
    assert Shop.inside(2)
    refute Shop.inside(4)
  end

  test "kind" do
    assert Shop.kind(0) == :none
    assert Shop.kind({:ok, 1}) == 1
  end

  test "doubled", do: assert(Shop.doubled(4) == 8)
  test "single", do: assert(Shop.single() == 1)
  test "third", do: assert(Shop.third() == 30)
  test "halted", do: assert(Shop.halted(0) == :fine)

  test "noted" do
    on_exit(fn -> Application.delete_env(:shop, :noted) end)
    assert Shop.noted(1) == [2]
  end

  @tag :skip
  test "skipped", do: flunk()

  @tag :slow
  test "slow", do: flunk()
end
"""
HELPER = """\
{:ok, _} = Agent.start_link(fn -> [] end, name: :notes)
ExUnit.start(exclude: [:slow])
"""
Files = dict[str, str]
PLAIN = {
    "lib/rates.ex": RATES,
    "lib/shop.ex": SHOP.replace("\n", "\r\n"),
    "test/shop_test.exs": TESTS,
    "test/test_helper.exs": HELPER,
}


def write(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def mutate(folder: Path, name: str, options: MutationOptions | None = None) -> MutationRun:
    return mutate_elixir(folder / name, ElixirTests(folder=folder), options or MutationOptions(parallel=1))


def outcome(run: MutationRun, line: str, replacement: str, operator: str | None = None) -> Outcome:
    """The mutant on the line that holds `line`."""
    source = run.text.encode()
    at = source.index(line.encode())
    row = source.count(b"\n", 0, at)
    there = [o for o in run.outcomes if source.count(b"\n", 0, o.mutant.start) == row]
    (found,) = (o for o in there if o.mutant.replacement == replacement and operator in (None, o.mutant.operator))
    return found


ONCE = {
    "lib/once.ex": "defmodule Once do\n  def next(x), do: x\nend\n",
    "test/once_test.exs": """\
defmodule OnceTest do
  use ExUnit.Case

  test "passes once in a VM" do
    assert :persistent_term.get(:once, nil) == nil
    :persistent_term.put(:once, true)
    assert is_integer(Once.next(1))
  end
end
""",
}


BANK = {
    "mix.exs": """defmodule Bank.MixProject do
  use Mix.Project

  def project do
    [app: :bank, version: "0.1.0", elixirc_paths: paths(Mix.env()), deps: [], aliases: [test: [&prepared/1, "test"]]]
  end

  def application, do: [mod: {Bank.Application, []}]
  defp paths(:test), do: ["lib", "test/support"]
  defp paths(_), do: ["lib"]
  defp prepared(_), do: Application.put_env(:bank, :prepared, true)
end
""",
    "config/config.exs": "import Config\nconfig :bank, fee: 2\n",
    "lib/application.ex": """defmodule Bank.Application do
  use Application
  def start(_, _), do: Supervisor.start_link([Bank.Account], strategy: :one_for_one)
end
""",
    "lib/account.ex": """defmodule Bank.Account do
  use GenServer

  def start_link(_), do: GenServer.start_link(__MODULE__, 1, name: __MODULE__)
  def add(n), do: GenServer.call(__MODULE__, {:add, n - Application.fetch_env!(:bank, :fee)})

  @impl true
  def init(n), do: {:ok, n}

  @impl true
  def handle_call({:add, n}, _from, total), do: {:reply, total + n, total + n}
end
""",
    "test/support/amounts.ex": "defmodule Bank.Amounts do\n  def ten, do: 10\nend\n",
    "test/test_helper.exs": "true = Application.fetch_env!(:bank, :prepared)\nExUnit.start()\n",
    "test/bank_test.exs": """defmodule BankTest do
  use ExUnit.Case

  test "what is added stays" do
    assert Bank.Account.add(Bank.Amounts.ten()) == 9
    assert Bank.Account.add(3) == 10
  end
end
""",
}
