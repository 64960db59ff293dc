# A Mix project's VM that stays alive and runs tasks of the project's tools (Credo, Sobelow) as `mix TASK` would: the task
# sees its arguments and its standard input, and what it prints and its exit code come back. Loaded by
# `elixir -r mix_tasks.exs -S mix coder.serve` in the project's folder.
#
# Protocol, on descriptor 3 (in) and 4 (out), as in beam.exs: a request is number, "task", standard input, name, arguments;
# the answer is one JSON object. Whatever a task starts is stopped after the answer, so that each begins anew.

Code.require_file("formatter.exs", __DIR__)
Code.require_file("serving.exs", __DIR__)

defmodule Mix.Tasks.Coder.Serve do
  use Mix.Task

  @shortdoc false
  @moduledoc false

  def run([]), do: loop(Port.open({:fd, 3, 4}, [:binary, {:packet, 4}, :eof]))

  defp loop(port) do
    receive do
      {^port, {:data, data}} ->
        [number, "task", input, name | arguments] = for <<size::32, field::binary-size(size) <- data>>, do: field
        answer = answer(port, input, name, arguments)
        Port.command(port, Coder.Beam.Json.encode(Map.merge(answer, Coder.Beam.Serving.state(number))))
        loop(port)

      {^port, :eof} ->
        System.halt(0)

      _message_of_a_task ->
        loop(port)
    end
  end

  defp answer(port, input, name, arguments) do
    {:ok, io} = StringIO.open(input)
    {:ok, errors} = StringIO.open("")
    before = registered(:standard_error, errors)

    {pid, reference} =
      spawn_monitor(fn ->
        Process.group_leader(self(), io)
        exit({:coder_code, code(name, arguments)})
      end)

    code =
      receive do
        {:DOWN, ^reference, _, ^pid, {:coder_code, code}} -> code
        {:DOWN, ^reference, _, ^pid, reason} -> failed(errors, Exception.format(:exit, reason))
        {^port, :eof} -> System.halt(0)
      end

    Coder.Beam.Serving.stop_processes_of(io)
    registered(:standard_error, before)
    %{"exit" => code, "output" => printed(io), "said" => printed(errors)}
  end

  # A task ends with a code by an exit, as Mix has it, and fails by raising.
  defp code(name, arguments) do
    Mix.Task.rerun(name, arguments)
    0
  rescue
    error -> failed(:stderr, Exception.format(:error, error, __STACKTRACE__))
  catch
    :exit, {:shutdown, code} when is_integer(code) -> code
    kind, reason -> failed(:stderr, Exception.format(kind, reason, __STACKTRACE__))
  end

  defp failed(device, text) do
    IO.puts(device, text)
    1
  end

  defp registered(name, pid) do
    before = Process.whereis(name)
    Process.unregister(name)
    Process.register(pid, name)
    before
  end

  defp printed(io) do
    {:ok, {_input, text}} = StringIO.close(io)
    text
  end
end
