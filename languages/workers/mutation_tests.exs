# ExUnit tests run again and again in one VM: listed, run by their numbers up to the first that fails, their marks on the
# code counted. It does not know what changed in the code between two runs.

defmodule :coder_hits do
  @moduledoc "What counted code calls: `at(number)` marks that a body ran. Before `start` nothing is counted."

  def start(size), do: :persistent_term.put(__MODULE__, :counters.new(max(size, 1), []))

  def reset(size), do: for(number <- 1..size//1, do: :counters.put(:persistent_term.get(__MODULE__), number, 0))

  def at(number) do
    case :persistent_term.get(__MODULE__, nil) do
      nil -> :ok
      counters -> :counters.add(counters, number + 1, 1)
    end
  end

  def taken(size), do: for(number <- 0..(size - 1)//1, :counters.get(:persistent_term.get(__MODULE__), number + 1) > 0, do: number)
end

defmodule :coder_mutant do
  @moduledoc "Which of the mutants that are compiled into a module is the one that runs; 0 for none."

  def start, do: :persistent_term.put(__MODULE__, :atomics.new(1, []))
  def activate(number), do: :atomics.put(:persistent_term.get(__MODULE__), 1, number)
  def active, do: :atomics.get(:persistent_term.get(__MODULE__), 1)
end

defmodule Coder.Mutation.Tests do
  @moduledoc "Lists and runs ExUnit tests."

  @doc "The tests of these modules, in order of file and line."
  def list(modules) do
    tests = for module <- modules, function_exported?(module, :__ex_unit__, 0), test <- module.__ex_unit__().tests, do: test
    Enum.sort_by(tests, &{&1.tags.file, &1.tags.line, &1.module, &1.name})
  end

  @doc "What tells a person which test it is."
  def described(test) do
    %{"file" => Path.relative_to_cwd(test.tags.file), "name" => "#{inspect(test.module)}.#{test.name}"}
  end

  @doc "Forget the test modules that were announced, and whatever is left of a run that was stopped."
  def restart do
    Application.stop(:ex_unit)
    {:ok, _} = Application.ensure_all_started(:ex_unit)
  end

  @doc "Runs these tests as ExUnit does, one after the other, up to the first that fails; the rows of the formatter."
  def run(tests) do
    chosen = MapSet.new(tests, &{&1.module, &1.name})
    ExUnit.configure(formatters: [Coder.Beam.Formatter], coder_sink: self(), only_test_ids: chosen, max_failures: 1)
    ExUnit.configure(max_cases: 1, seed: 0, autorun: false, colors: [enabled: false])
    tests |> Enum.map(& &1.module) |> Enum.uniq() |> ExUnit.run()
    rows()
  end

  defp rows do
    receive do
      {:coder_row, %{event: "suite"}} -> []
      {:coder_row, row} -> [row | rows()]
    after
      0 -> []
    end
  end

  @doc "The first test that failed, or the test module whose `setup_all` did, and why; nil when none did."
  def failure(rows) do
    case Enum.find(rows, &(&1.state in ["failed", "invalid"])) do
      nil -> nil
      %{event: "test", state: "invalid"} = row -> %{row | message: Enum.find_value(rows, row.message, &of_module(&1, row.module))}
      row -> row
    end
  end

  @doc "The name of a row's test as `described` gives it, or of its module."
  def name(%{event: "test"} = row), do: "#{row.module}.#{row.name}"
  def name(row), do: row.module

  defp of_module(row, module), do: row.event == "module" and row.module == module and row.message

  @doc "Counts the calls of every function of these modules from now on, those that match no clause, too."
  def count_calls(modules), do: for(module <- modules, do: :erlang.trace_pattern({module, :_, :_}, :restart, [:local, :call_count]))

  @doc "Begins to count, which `count_calls` then begins anew."
  def trace(modules), do: for(module <- modules, do: :erlang.trace_pattern({module, :_, :_}, true, [:local, :call_count]))

  @doc "The functions that were called, as name/arity."
  def called(modules) do
    for module <- modules, {name, arity} <- module.module_info(:functions), counted?({module, name, arity}), uniq: true, do: "#{name}/#{arity}"
  end

  defp counted?(function), do: match?({:call_count, count} when is_integer(count) and count > 0, :erlang.trace_info(function, :call_count))
end
