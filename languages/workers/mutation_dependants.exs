# Which files must be compiled again when a module changes: those that use its macros, its struct or, outside of
# functions, anything of it; and those that so use a module which in turn calls it. Names are compared by their last
# part, so a file too many may be found, none too few.

defmodule Coder.Mutation.Dependants do
  @moduledoc "Compile-time dependants of modules, read from the syntax trees of files."

  # What is between `do` and `end` of these runs later.
  @later [:def, :defp, :test, :property, :setup, :setup_all]

  @doc "The files among `files` that depend on one of `modules` at compile time, directly or through others."
  def of(modules, files) do
    read = for file <- files, {:ok, quoted} <- [file |> File.read!() |> Code.string_to_quoted()], do: {file, quoted, defined(quoted)}
    names = MapSet.new(modules, &last/1)
    callers = closure(for({file, quoted, defined} <- read, do: {file, aliases(quoted), defined}), names) |> elem(1)
    compiled = for {file, quoted, defined} <- read, do: {file, used(quoted, names), defined}
    compiled |> closure(callers) |> elem(0) |> Enum.sort()
  end

  # The files that use one of `names`, or one that such a file defines; and all those names.
  defp closure(read, names) do
    case Enum.split_with(read, fn {_file, used, _defined} -> Enum.any?(used, &(&1 in names)) end) do
      {[], _rest} ->
        {[], names}

      {more, rest} ->
        {files, names} = closure(rest, for({_, _, defined} <- more, name <- defined, into: names, do: name))
        {for({file, _, _} <- more, do: file) ++ files, names}
    end
  end

  defp last(module), do: module |> Atom.to_string() |> String.split(".") |> List.last() |> String.to_atom()

  defp defined(quoted) do
    {_, names} =
      Macro.prewalk(quoted, [], fn
        {:defmodule, _, [{:__aliases__, _, parts} | _]} = node, names -> {node, [List.last(parts) | names]}
        node, names -> {node, names}
      end)

    names
  end

  defp aliases(quoted) do
    {_, names} =
      Macro.prewalk(quoted, [], fn
        {:__aliases__, _, parts} = node, names -> {node, [List.last(parts) | names]}
        node, names -> {node, names}
      end)

    names
  end

  # Renamed modules count under both names; a struct counts where it is one of `names` itself.
  defp used(quoted, names) do
    found = uses(quoted, false)
    renamed = for {:renamed, short, name} <- found, do: {short, name}
    structs = for {:struct, short} <- found, name <- [short | Keyword.get_values(renamed, short)], name in names, do: name
    plain = for name <- found, is_atom(name), do: name
    structs ++ plain ++ for {short, name} <- renamed, short in plain, do: name
  end

  defp uses({:alias, _, [{:__aliases__, _, parts}, [as: {:__aliases__, _, [short]}]]}, _later), do: [{:renamed, short, List.last(parts)}]
  defp uses({name, _, arguments}, _later) when name in [:alias, :doctest] and is_list(arguments), do: []
  defp uses({name, _, [_ | _] = arguments}, _later) when name in [:use, :require, :import], do: uses(arguments, false)
  defp uses({:%, _, [{:__aliases__, _, parts}, content]}, later), do: [{:struct, List.last(parts)} | uses(content, later)]
  defp uses({name, _, [_ | _] = arguments}, _later) when name in @later, do: uses(arguments, true)
  defp uses({:__aliases__, _, parts}, later), do: if(later, do: [], else: [List.last(parts)])
  defp uses({function, _, arguments}, later), do: uses(function, later) ++ uses(arguments, later)
  defp uses({left, right}, later), do: uses(left, later) ++ uses(right, later)
  defp uses(list, later) when is_list(list), do: Enum.flat_map(list, &uses(&1, later))
  defp uses(_literal, _later), do: []
end
