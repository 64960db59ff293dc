# One Erlang VM that stays alive and answers questions about Elixir code: does it parse, how is it formatted, does it
# compile, do its tests pass. `beam.py` starts it and speaks with it; that file says what happens at a time-out.
#
# Protocol, on descriptor 3 (in) and 4 (out), because standard output belongs to the code that is run: a message is four
# bytes of length, then the message. A request is fields, each four bytes of length, then UTF-8: number, operation,
# arguments. The answer is one JSON object with that "number". Requests are answered one at a time; code that is run has
# a process of its own, whose prints are collected, and whatever it starts or loads is removed after the answer.

Code.require_file("formatter.exs", __DIR__)
Code.require_file("serving.exs", __DIR__)

defmodule Coder.Beam.Output do
  @moduledoc "A group leader (the I/O protocol of Erlang) that keeps the first bytes printed and reads nothing."

  def start(limit), do: spawn(fn -> loop([], limit) end)

  def taken(pid) do
    send(pid, {:take, self()})

    receive do
      {:taken, ^pid, text} -> text
    end
  end

  defp loop(kept, left) do
    receive do
      {:io_request, from, reference, request} ->
        {reply, printed} = answer(request)
        send(from, {:io_reply, reference, reply})
        part = binary_part(printed, 0, min(left, byte_size(printed)))
        loop([kept, part], left - byte_size(part))

      {:take, from} ->
        send(from, {:taken, self(), kept |> IO.iodata_to_binary() |> whole_characters()})
    end
  end

  # The limit may have cut a character in two.
  defp whole_characters(bytes) do
    case :unicode.characters_to_binary(bytes) do
      {_incomplete_or_error, good, _rest} -> good
      text -> text
    end
  end

  defp answer({:put_chars, encoding, text}), do: {:ok, bytes(text, encoding)}
  defp answer({:put_chars, encoding, module, function, arguments}), do: {:ok, bytes(apply(module, function, arguments), encoding)}
  defp answer({:requests, requests}), do: Enum.reduce(requests, {:ok, ""}, fn request, {_, before} ->
    {reply, printed} = answer(request)
    {reply, before <> printed}
  end)
  defp answer(:getopts), do: {[binary: true, encoding: :unicode], ""}
  defp answer(request) when elem(request, 0) in [:get_line, :get_chars, :get_until, :get_password], do: {:eof, ""}
  defp answer(_request), do: {{:error, :enotsup}, ""}

  defp bytes(text, encoding) do
    case :unicode.characters_to_binary(text, encoding) do
      printed when is_binary(printed) -> printed
      _invalid -> inspect(text)
    end
  end
end

defmodule Coder.Beam.Code do
  @moduledoc "The operations. Each returns a map; broken code gives diagnostics, never an exception."

  @messages "diagnostics"

  # The tokenizer's warnings are printed to standard error alone.
  def parse([text]) do
    caller = self()
    warned = ExUnit.CaptureIO.capture_io(:stderr, fn -> send(caller, {:syntax, syntax(text, "nofile")}) end)

    receive do
      {:syntax, errors} -> %{@messages => errors, "warned" => warned}
    end
  end

  def format([text]) do
    case syntax(text, "nofile") do
      [] -> %{"text" => IO.iodata_to_binary([Code.format_string!(text), ?\n]), @messages => []}
      errors -> %{@messages => errors}
    end
  end

  def compile(files) do
    in_folder(files, fn names ->
      {_compiled, diagnostics} = load(names, fn _file, _module, _binary -> :ok end)
      %{@messages => diagnostics}
    end)
  end

  # `cover` is "1" to count the lines of every file that is no test.
  def test([timeout, seed, cover | files]) do
    in_folder(files, fn names ->
      caller = self()
      {compiled, diagnostics} = load(names, fn file, module, binary -> send(caller, {:module, file, module, binary}) end)
      if compiled, do: run(String.to_integer(timeout), String.to_integer(seed), cover == "1", diagnostics), else: %{@messages => diagnostics}
    end)
  end

  defp run(timeout, seed, cover, diagnostics) do
    if cover, do: count_lines()
    options = [formatters: [Coder.Beam.Formatter], coder_sink: self(), seed: seed, timeout: timeout]
    ExUnit.configure(options ++ [autorun: false, colors: [enabled: false], include: [], exclude: [], capture_log: true])
    ExUnit.run()
    %{"rows" => rows(), @messages => diagnostics}
  end

  defp rows do
    receive do
      {:coder_row, %{event: "suite"}} -> []
      {:coder_row, row} -> [row | rows()]
    after
      0 -> []
    end
  end

  defp count_lines do
    :cover.start()

    for {file, module, binary} <- binaries(), not String.ends_with?(file, ".exs") do
      beam = Path.join(File.cwd!(), "#{module}.beam")
      File.write!(beam, binary)
      {:ok, ^module} = :cover.compile_beam(String.to_charlist(beam))
    end
  end

  defp binaries do
    receive do
      {:module, file, module, binary} -> [{Path.relative_to_cwd(file), module, binary} | binaries()]
    after
      0 -> []
    end
  end

  defp load(names, each_module) do
    # Test modules that an earlier request announced and that did not compile.
    Application.stop(:ex_unit)
    {:ok, _} = Application.ensure_all_started(:ex_unit)

    case Enum.flat_map(names, &syntax(File.read!(&1), &1)) do
      [] -> compiled(Kernel.ParallelCompiler.compile(names, return_diagnostics: true, each_module: each_module))
      errors -> {false, errors}
    end
  end

  defp compiled({:ok, _modules, warnings}), do: {true, flat(warnings, :warning)}
  defp compiled({:error, errors, warnings}), do: {false, flat(errors, :error) ++ flat(warnings, :warning)}

  # Elixir 1.15 and later give maps, sorted by when they were found; earlier ones tuples.
  defp flat(%{compile_warnings: first, runtime_warnings: second}, severity), do: flat(first ++ second, severity)

  defp flat(list, severity), do: Enum.map(list, &diagnostic(&1, severity))

  defp diagnostic(%{message: message, position: position} = map, severity) do
    diagnostic({map.file || "nofile", position, message}, Map.get(map, :severity, severity))
  end

  defp diagnostic({file, position, message}, severity) do
    {line, column} = if is_tuple(position), do: {elem(position, 0), elem(position, 1)}, else: {position || 0, nil}
    # Before 1.15 a message may be a nested list.
    text = message |> List.wrap() |> IO.chardata_to_string()
    %{severity: severity, file: Path.relative_to_cwd(file), line: line, column: column, message: String.trim(text)}
  end

  defp syntax(text, file) do
    case Code.string_to_quoted(text, columns: true, file: file) do
      {:ok, _quoted} -> []
      {:error, {place, message, token}} -> [syntax_error(file, place, said(message, token))]
    end
  rescue
    # Identifiers in scripts that may not be mixed, for one.
    error -> [syntax_error(file, [line: 1], Exception.message(error))]
  end

  # A pair goes around the token; without one, what came too early is the end.
  defp said("syntax error before: ", ""), do: "syntax error before the end of the file"
  defp said({before, behind}, token), do: "#{before}#{token}#{behind}"
  defp said(message, token), do: "#{message}#{token}"

  defp syntax_error(file, place, message) do
    %{severity: :error, file: file, line: place[:line], column: place[:column], message: message, syntax: true}
  end

  defp in_folder(files, fun) do
    folder = Path.join(System.tmp_dir!(), "coder-beam-#{System.pid()}-#{System.unique_integer([:positive])}")
    File.mkdir_p!(folder)
    before = File.cwd!()

    try do
      File.cd!(folder)
      names = files |> Enum.chunk_every(2) |> Enum.map(&write/1)
      fun.(Enum.filter(names, &(Path.extname(&1) in [".ex", ".exs"])))
    after
      File.cd!(before)
      File.rm_rf!(folder)
    end
  end

  defp write([name, text]) do
    File.mkdir_p!(Path.dirname(name))
    File.write!(name, text)
    name
  end
end

defmodule Coder.Beam do
  @moduledoc "The loop: a request, its answer, and the VM as it was before."

  @output_limit 200_000

  def main do
    Application.ensure_all_started(:ex_unit)
    port = Port.open({:fd, 3, 4}, [:binary, {:packet, 4}, :eof])
    loop(port, loaded())
  end

  defp loop(port, baseline) do
    receive do
      {^port, {:data, data}} ->
        [number, operation | arguments] = for <<size::32, field::binary-size(size) <- data>>, do: field
        answer = answer(port, operation, arguments)
        restore(baseline)
        Port.command(port, Coder.Beam.Json.encode(Map.merge(answer, Coder.Beam.Serving.state(number))))
        loop(port, baseline)

      {^port, :eof} ->
        System.halt(0)

      _message_of_code_that_ran ->
        loop(port, baseline)
    end
  end

  defp answer(port, operation, arguments) do
    output = Coder.Beam.Output.start(@output_limit)

    {pid, reference} =
      spawn_monitor(fn ->
        Process.group_leader(self(), output)
        exit({:coder_answer, perform(operation, arguments)})
      end)

    answer =
      receive do
        {:DOWN, ^reference, _, ^pid, {:coder_answer, answer}} -> answer
        {:DOWN, ^reference, _, ^pid, reason} -> %{"crash" => reason |> inspect(limit: 20) |> String.slice(0, 1000)}
        {^port, :eof} -> System.halt(0)
      end

    Coder.Beam.Serving.stop_processes_of(output)
    Map.put(answer, "output", Coder.Beam.Output.taken(output))
  end

  defp perform("parse", arguments), do: Coder.Beam.Code.parse(arguments)
  defp perform("format", arguments), do: Coder.Beam.Code.format(arguments)
  defp perform("compile", arguments), do: Coder.Beam.Code.compile(arguments)
  defp perform("test", arguments), do: Coder.Beam.Code.test(arguments)

  defp loaded, do: MapSet.new(:code.all_loaded())

  # Modules from memory are removed; a module of Elixir that was redefined is thereby loaded from its file again. The
  # server of :cover is among the processes that were stopped, its modules among those from memory.
  defp restore(baseline) do
    for {module, file} = entry <- :code.all_loaded(), not MapSet.member?(baseline, entry), not on_disk?(file) do
      :code.purge(module)
      :code.delete(module)
      :code.purge(module)
    end
  end

  defp on_disk?(file), do: is_list(file) and String.ends_with?(List.to_string(file), ".beam")
end

Coder.Beam.main()
