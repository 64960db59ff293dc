# Code that is changed in a VM that lives on: files compiled to disk or in memory, and single forms. It does not know what a
# mutant is, nor how tests are run.

defmodule Coder.Mutation.Code do
  @moduledoc "Compiles files and forms."

  @doc "Compiles source files into the folder `ebin`, with their docs, which doctests read; raises when one does not compile."
  def compile_to([], _ebin), do: :ok
  def compile_to(files, ebin), do: files |> Kernel.ParallelCompiler.compile_to_path(ebin, return_diagnostics: true) |> compiled!()

  @doc "Compiles files in memory; gives module, file and binary of each module; raises when one does not compile."
  def load([]), do: []

  def load(files) do
    caller = self()
    each = fn file, module, binary -> send(caller, {:coder_module, module, file, binary}) end
    files |> Kernel.ParallelCompiler.compile(each_module: each, return_diagnostics: true) |> compiled!()
    received()
  end

  defp received do
    receive do
      {:coder_module, module, file, binary} -> [{module, file, binary} | received()]
    after
      0 -> []
    end
  end

  defp compiled!({:ok, _modules, _warnings}), do: :ok

  # Elixir 1.15 and later give maps, earlier ones tuples, whose message may be a nested list.
  defp compiled!({:error, [first | _], _warnings}) do
    {file, position, message} = if is_map(first), do: {first.file, first.position, first.message}, else: first
    line = if is_tuple(position), do: elem(position, 0), else: position
    text = message |> List.wrap() |> IO.chardata_to_string() |> String.trim()
    raise "#{file && Path.relative_to_cwd(file)}:#{line}: #{text}"
  end

  @doc "From here on modules are redefined, and nobody reads their docs."
  def quickly, do: Code.compiler_options(ignore_module_conflict: true, docs: false, debug_info: false)

  @doc "Compiles the form of `path` that begins on `line`, behind the `preamble` of aliases and the like; its modules."
  def form(path, preamble, line, text) do
    exprs = exprs(preamble, path, 1) ++ exprs(text, path, line)
    quoted = with [only] <- exprs, do: only, else: (several -> {:__block__, [], several})
    for {module, _binary} <- Code.compile_quoted(quoted, path), do: module
  end

  defp exprs(text, path, line) do
    case Code.string_to_quoted!(text, file: path, line: line) do
      {:__block__, _, exprs} -> exprs
      expr -> [expr]
    end
  end
end
