# How ExUnit tells a program what happened: one JSON object for each finished test, for each module whose `setup_all`
# failed, and for the suite. The objects go to the process `:coder_sink` of ExUnit's configuration, or into the file
# that the environment variable CODER_TEST_RESULTS names. It needs no JSON library and no package: Elixir 1.14 and later.

defmodule Coder.Beam.Json do
  @moduledoc "Terms to JSON: maps, lists, strings, atoms and numbers. Bytes that are no UTF-8 are written as Elixir would."

  def encode(map) when is_map(map) do
    ["{", map |> Enum.map(fn {key, value} -> [string(to_string(key)), ":", encode(value)] end) |> Enum.intersperse(","), "}"]
  end

  def encode(list) when is_list(list), do: ["[", list |> Enum.map(&encode/1) |> Enum.intersperse(","), "]"]
  def encode(nil), do: "null"
  def encode(value) when is_boolean(value), do: to_string(value)
  def encode(value) when is_integer(value), do: Integer.to_string(value)
  def encode(value) when is_atom(value), do: value |> Atom.to_string() |> string()
  def encode(value) when is_binary(value), do: string(value)

  defp string(text) do
    valid = if String.valid?(text), do: text, else: inspect(text, printable_limit: :infinity)
    [?", for(<<character::utf8 <- valid>>, into: "", do: escape(character)), ?"]
  end

  defp escape(?"), do: "\\\""
  defp escape(?\\), do: "\\\\"
  defp escape(?\n), do: "\\n"
  defp escape(code) when code < 0x20, do: "\\u" <> String.pad_leading(Integer.to_string(code, 16), 4, "0")
  defp escape(code), do: <<code::utf8>>
end

defmodule Coder.Beam.Formatter do
  @moduledoc "An ExUnit formatter (https://hexdocs.pm/ex_unit/ExUnit.Formatter.html) for programs."
  use GenServer

  @message_limit 20_000

  @impl true
  def init(options) do
    case options[:coder_sink] do
      nil -> {:ok, {:file, File.open!(System.fetch_env!("CODER_TEST_RESULTS"), [:write, :raw])}}
      pid -> {:ok, {:process, pid}}
    end
  end

  @impl true
  def handle_cast({:test_finished, test}, sink) do
    {state, message, line} = outcome(test)

    write(sink, %{
      event: "test",
      module: inspect(test.module),
      name: to_string(test.name),
      state: state,
      time_us: test.time,
      file: Path.relative_to_cwd(test.tags.file),
      line: test.tags.line,
      failure_line: line,
      message: message
    })
  end

  def handle_cast({:module_finished, %{state: {:failed, failures}} = module}, sink) do
    write(sink, %{
      event: "module",
      module: inspect(module.name),
      state: "failed",
      file: Path.relative_to_cwd(module.file),
      message: Enum.map_join(failures, "\n", &banner/1)
    })
  end

  # Where Erlang's `cover` counts lines (`mix test --cover` lets it), the counts come before the end.
  def handle_cast({:suite_finished, _times}, sink) do
    if Process.whereis(:cover_server), do: Enum.each(:cover.modules(), &write(sink, coverage(&1)))
    write(sink, %{event: "suite"})
  end

  def handle_cast(_event, sink), do: {:noreply, sink}

  # Line 0 stands for what Elixir itself adds to a module.
  defp coverage(module) do
    {:ok, calls} = :cover.analyse(module, :calls, :line)
    file = module.module_info(:compile)[:source] |> to_string() |> Path.relative_to_cwd()
    %{event: "coverage", file: file, lines: for({{_module, line}, count} <- calls, line > 0, do: [line, count])}
  end

  defp outcome(%{state: nil}), do: {"passed", nil, nil}
  defp outcome(%{state: {state, why}}) when state in [:skipped, :excluded], do: {to_string(state), to_string(why), nil}
  defp outcome(%{state: {:invalid, module}}), do: {"invalid", "setup_all of #{inspect(module.name)} failed", nil}

  defp outcome(%{state: {:failed, failures}, tags: tags}) do
    {"failed", Enum.map_join(failures, "\n", &banner/1), Enum.find_value(failures, &line_in(&1, tags.file))}
  end

  # A failure may hold any term: one that its own `message/1` or `inspect` cannot print is still a failure.
  defp banner({kind, reason, stack}) do
    kind |> Exception.format_banner(reason, stack) |> String.slice(0, @message_limit)
  rescue
    error -> "#{inspect(kind)} that cannot be printed: #{inspect(error.__struct__)}"
  end

  defp line_in({_kind, _reason, stack}, file) when is_list(stack) do
    Enum.find_value(stack, fn
      {_, _, _, place} -> if place[:file] && Path.expand(to_string(place[:file])) == file, do: place[:line]
      _ -> nil
    end)
  end

  defp line_in(_failure, _file), do: nil

  defp write({:file, device} = sink, row) do
    :ok = :file.write(device, [Coder.Beam.Json.encode(row), ?\n])
    {:noreply, sink}
  end

  defp write({:process, pid} = sink, row) do
    send(pid, {:coder_row, row})
    {:noreply, sink}
  end
end
