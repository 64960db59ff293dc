"""Clean Elixir for the injectors, and ways to write it otherwise."""

from __future__ import annotations

CART = """defmodule Shop.Cart do
  @moduledoc "What a customer wants to buy."

  use GenServer

  import Ecto.Query
  alias Shop.Item
  alias Shop.Price
  alias Shop.Stock

  @default_limit 10_000
  @behaviour Shop.Basket

  defstruct [:owner, :items]

  @spec add(Item.t(), integer()) :: Item.t()
  def add(items, limit) do
    known = Price.of(items)
    names = items |> Enum.map(&to_string/1) |> shorten_names() |> Enum.sort()

    if limit > known do
      Stock.reserve(items)
    else
      {:error, names}
    end
  end

  @impl Shop.Basket
  def total(items, name) when limit == name and name do
    if Enum.any?(items) do
      items
      |> Enum.filter(& &1.price)
      |> Enum.map(& &1.price)
      |> Enum.sum()
    end
  end

  def empty?(items), do: Enum.empty?(items)

  def paid?(order, item_list) do
    found = Enum.empty?(item_list)
    sorted = item_list |> Enum.sort() |> Enum.uniq()

    case Stock.find(order) do
      {:ok, state} -> {state, found, sorted, paid?(state, [])}
      _ -> nil
    end
  end

  def limit do
    @default_limit
  end

  def checkout(order, card) do
    with {:ok, paid} <- Price.charge(order, card) do
      {:ok, Enum.map_join(paid, ", ", &to_string/1)}
    end
  end

  def known(name) do
    String.to_existing_atom(name)
  end

  def lookup(name) do
    result = Price.find(name, @default_limit)
    result
  end

  defp shorten_names(names) do
    Enum.take(names, 3)
  end
end
"""
TESTS = """defmodule Shop.CartTest do
  use ExUnit.Case, async: true

  describe "a cart" do
    test "is empty at first" do
      assert Shop.Cart.empty?([])
    end
  end
end
"""
ROUTER = """defmodule ShopWeb.Router do
  use ShopWeb, :router

  pipeline :browser do
    plug :accepts, ["html"]
    plug :fetch_session
    plug :protect_from_forgery
    plug :put_secure_browser_headers, %{"content-security-policy" => "default-src 'self'"}
  end

  scope "/", ShopWeb do
    pipe_through :browser

    get "/carts", CartController, :index
    post "/carts", CartController, :create
  end

  def show(conn, %{"id" => id} = params) do
    render(conn, :show, id: id, params: params)
  end
end
"""
ENDPOINT = """defmodule ShopWeb.Endpoint do
  use Phoenix.Endpoint, otp_app: :shop

  socket "/live", Phoenix.LiveView.Socket, websocket: [connect_info: [session: @session]]
  socket "/socket", ShopWeb.UserSocket, websocket: true
  socket "/plain", ShopWeb.UserSocket
end
"""
CONFIGURATION = """import Config

config :shop, ShopWeb.Endpoint,
  url: [host: "shop.example"],
  secret_key_base: System.get_env("SECRET_KEY_BASE")

config :shop, Shop.Repo, pool_size: 10, password: System.fetch_env!("DATABASE_PASSWORD")

config :logger, level: :info
"""

SAMPLES = {"configuration": CONFIGURATION, "cart": CART, "tests": TESTS, "router": ROUTER, "endpoint": ENDPOINT}
#: Nothing to plant into: empty, broken, another language, no module.
NOTHING = ["", "\n", "defmodule A do\n  def f(x) do\n", "def f(x):\n    return x\n", "x = 1\n", "\0", "package a\n"]


def with_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def with_tabs(text: str) -> str:
    """Each level of indentation as a tab."""
    lines = [line.lstrip(" ") for line in text.split("\n")]
    depths = [(len(old) - len(new)) // 2 for old, new in zip(text.split("\n"), lines, strict=True)]
    return "\n".join("\t" * depth + line for depth, line in zip(depths, lines, strict=True))
