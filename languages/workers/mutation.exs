# One Erlang VM that holds a project and its tests, and tells for one changed form after another whether the tests notice.
# It runs as `elixir mutation.exs`, or in a Mix project as `elixir -S mix run --no-start mutation.exs`.
#
# Protocol: that of `beam.exs`, so that `beam.py` can speak with it. The operations are the clauses of `perform`; the first
# request is "begin". After each answer the VM is as it was before the request. An answer with "worn" says that it is not,
# and that a fresh VM must take over.

for name <- ~w(formatter mutation_code mutation_dependants mutation_tests mutation_world), do: Code.require_file("#{name}.exs", __DIR__)

defmodule Coder.Mutation.Project do
  @moduledoc "What is there before the first mutant: compiled code, running applications, loaded tests."
  alias Coder.Mutation.Code, as: Forms

  @doc "The applications of the Mix project; none without one."
  def applications do
    mix = List.keymember?(Application.started_applications(), :mix, 0)
    app = mix && Mix.Project.get() && Mix.Project.config()[:app]
    if app, do: [app], else: []
  end

  @doc "All of it; the modules of the tests, or the reason why not."
  def prepare(ebin, sources, apps, helper, tests) do
    attempt(fn ->
      Forms.compile_to(sources, ebin)
      Code.prepend_path(ebin)
      if apps != [], do: before_tests(Mix.Project.config()[:aliases][:test])
      start(apps, helper)
      Forms.load(tests)
    end)
  end

  @doc "The applications and what the helper starts, once more."
  def prepare_again(apps, helper) do
    attempt(fn ->
      Enum.each(apps, &Application.stop/1)
      start(apps, helper)
    end)
  end

  @doc "`{:ok, value}` of `fun`, or `{:error, message}` when it raises, throws or exits."
  def attempt(fun) do
    {:ok, fun.()}
  rescue
    error -> {:error, error |> Exception.message() |> String.slice(0, 1000)}
  catch
    kind, reason -> {:error, "#{kind}: #{inspect(reason, limit: 20)}"}
  end

  # What an alias of `mix test` does first, like making a database.
  defp before_tests(steps) do
    for step <- List.wrap(steps) do
      case is_binary(step) && OptionParser.split(step) do
        false -> step.([])
        ["test" | _] -> :ok
        [task | arguments] -> Mix.Task.run(task, arguments)
      end
    end
  end

  defp start(apps, helper) do
    for app <- apps, do: {:ok, _} = Application.ensure_all_started(app)
    if helper, do: Code.eval_file(helper)
  end
end

defmodule Coder.Mutation do
  @moduledoc "The requests and their answers."
  alias Coder.Mutation.{Dependants, Guarded, Project, Tests, World}
  alias Coder.Mutation.Code, as: Forms

  @preparing 30_000

  # `keeper` is the process that prepared all, and its group leader; `original` is the world before `counted`, the
  # modules of "load", whose bodies are `size`.
  defstruct [:world, :original, :keeper, :helper, apps: [], tests: {}, binaries: %{}, others: [], counted: [], size: 0]

  def main do
    Application.put_env(:ex_unit, :autorun, false)
    Application.ensure_all_started(:ex_unit)
    loop(Port.open({:fd, 3, 4}, [:binary, {:packet, 4}, :eof]), %__MODULE__{})
  end

  defp loop(port, state) do
    receive do
      {^port, {:data, data}} ->
        [number, operation | arguments] = for <<size::32, field::binary-size(size) <- data>>, do: field
        {answer, state} = perform(operation, arguments, state)
        about = %{"number" => number, "memory" => :erlang.memory(:total), "atoms" => :erlang.system_info(:atom_count), "output" => ""}
        Port.command(port, Coder.Beam.Json.encode(Map.merge(answer, about)))
        loop(port, state)

      {^port, :eof} ->
        System.halt(0)

      _message_of_code_that_ran ->
        loop(port, state)
    end
  end

  # Lists are lines. `sources` are compiled into `ebin`; Mix has compiled its own. `others` may depend on what is changed.
  defp perform("begin", arguments, state) do
    [[ebin], helper, sources, others, tests] = Enum.map(arguments, &lines/1)
    {apps, helper} = {Project.applications(), List.first(helper)}
    {pid, _leader} = keeper = Guarded.keep(fn -> Project.prepare(ebin, sources, apps, helper, tests) end)

    receive do
      {^pid, {:ok, loaded}} ->
        Forms.quickly()
        Tests.restart()
        :coder_mutant.start()
        binaries = for {module, file, binary} <- loaded, into: %{}, do: {module, {file, binary}}
        for {module, file, binary} <- loaded, do: :code.load_binary(module, String.to_charlist(file), binary)
        tests = loaded |> Enum.map(&elem(&1, 0)) |> Tests.list()
        state = %{state | keeper: keeper, helper: helper, apps: apps, tests: List.to_tuple(tests), binaries: binaries, others: others}
        {%{"tests" => Enum.map(tests, &Tests.described/1)}, %{state | world: World.now()}}

      {^pid, {:error, reason}} ->
        {%{"error" => reason}, state}
    end
  end

  # A form to stay until "unload", with marks in `size` bodies. With `again`, its dependants are compiled, too, and the
  # applications start anew: what runs then is told.
  defp perform("load", [timeout, size, again, path, preamble, line, text], state) do
    state = unloaded(state)
    size = String.to_integer(size)
    :coder_hits.start(size)

    compiled =
      compile(timeout, fn ->
        modules = Forms.form(path, preamble, String.to_integer(line), text)
        dependants = if again == "1", do: Dependants.of(modules, state.others -- [path]), else: []
        Forms.load(dependants)
        {modules, dependants}
      end)

    case compiled do
      {:ok, {modules, dependants}} ->
        told = %{"dependants" => dependants, "compiling" => :coder_hits.taken(size)}
        loaded(told, again == "1", %{anew(state) | original: state.world, counted: modules, size: size})

      {:error, reason} ->
        tidied({:ok, []}, %{"status" => "CompileError", "error" => reason}, state)

      :timeout ->
        {%{"error" => "compiling it takes too long", "worn" => true}, state}
    end
  end

  # Tests on the loaded code, with one of its mutants active.
  defp perform("trial", [timeout, active, numbers], state) do
    :coder_hits.reset(state.size)
    Tests.count_calls(state.counted)
    :coder_mutant.activate(String.to_integer(active))
    {microseconds, ran} = :timer.tc(fn -> run(timeout, numbers, state) end)
    :coder_mutant.activate(0)
    marks = %{"hits" => :coder_hits.taken(state.size), "calls" => Tests.called(state.counted), "microseconds" => microseconds}
    skipped = match?({:ok, _}, ran) and Enum.all?(elem(ran, 1), &(&1.state in ["skipped", "excluded"]))
    tidied(ran, verdict(ran) |> Map.merge(marks) |> Map.put("skipped", skipped), state)
  end

  defp perform("unload", [], state), do: {%{}, unloaded(state)}

  # One changed form and, where it matters, what must be compiled with it, and the applications anew; then the tests.
  defp perform("mutant", [timeout, numbers, dependants, again, path, preamble, line, text], state) do
    files = lines(dependants)

    compiled =
      compile(timeout, fn ->
        Forms.form(path, preamble, String.to_integer(line), text)
        Forms.load(files)
      end)

    case compiled do
      {:ok, _modules} ->
        state = if files == [], do: state, else: anew(state)
        if again == "1", do: tested_anew(timeout, numbers, state), else: tested(timeout, numbers, state)

      {:error, reason} ->
        tidied({:ok, []}, %{"status" => "CompileError", "reason" => reason}, state)

      :timeout ->
        {%{"status" => "Timeout", "worn" => true}, state}
    end
  end

  defp tested(timeout, numbers, state) do
    ran = run(timeout, numbers, state)
    tidied(ran, verdict(ran), state)
  end

  defp tested_anew(timeout, numbers, state) do
    case begun_again(%{}, state) do
      {%{"worn" => true}, state} -> {%{"status" => "Killed", "reason" => "the application does not start", "worn" => true}, state}
      {_, state} -> timeout |> tested(numbers, state) |> then(fn {answer, state} -> begun_again(answer, state) end)
    end
  end

  defp loaded(told, again, state) do
    :coder_hits.reset(state.size)
    {told, state} = if again and lasting?(state), do: begun_again(told, state), else: {told, state}
    Tests.trace(state.counted)
    {Map.put(told, "starting", :coder_hits.taken(state.size)), %{state | world: World.now()}}
  end

  defp unloaded(%{original: nil} = state), do: state

  defp unloaded(state) do
    before = %{state.original | processes: state.world.processes}
    World.restore(before, state.binaries)
    %{state | original: nil, counted: [], size: 0, world: World.with_processes(before)}
  end

  defp lines(text), do: String.split(text, "\n", trim: true)

  # A compiler that was stopped may have left its tables behind.
  defp compile(timeout, fun) do
    case Guarded.run(String.to_integer(timeout), fn -> Project.attempt(fun) end) do
      {:ok, result} -> result
      :timeout -> :timeout
      {:crash, reason} -> {:error, "the compiler was ended: #{inspect(reason, limit: 20)}"}
    end
  end

  defp run(timeout, numbers, state) do
    tests = for number <- lines(numbers), do: elem(state.tests, String.to_integer(number))
    Guarded.run(String.to_integer(timeout), fn -> Tests.run(tests) end)
  end

  defp verdict(:timeout), do: %{"status" => "Timeout"}
  defp verdict({:crash, reason}), do: %{"status" => "Killed", "reason" => "the tests were ended: #{inspect(reason, limit: 20)}"}

  defp verdict({:ok, rows}) do
    case Tests.failure(rows) do
      nil -> %{"status" => "Survived"}
      row -> %{"status" => "Killed", "file" => row.file, "name" => Tests.name(row), "reason" => row.message}
    end
  end

  # Announced test modules are forgotten; ExUnit's processes are others now.
  defp anew(state) do
    %{state | world: World.with_started(state.world, &Tests.restart/0)}
  end

  # Applications and what helpers start keep what a test leaves in them: they begin again.
  defp tidied(ran, answer, state) do
    intact = World.restore(state.world, state.binaries)
    state = if match?({:ok, _}, ran), do: state, else: anew(state)

    cond do
      answer["status"] != "CompileError" and lasting?(state) -> begun_again(answer, state)
      intact -> {answer, state}
      true -> {answer, %{state | world: World.with_processes(state.world)}}
    end
  end

  defp lasting?(%{keeper: {pid, leader}, apps: apps}) do
    started = fn other -> other != pid and match?({_, ^leader}, Process.info(other, :group_leader)) end
    Enum.any?(apps, &(Application.spec(&1, :mod) not in [nil, []])) or Enum.any?(Process.list(), started)
  end

  defp begun_again(answer, %{keeper: {_, leader}} = state) do
    World.stop(fn pid, its_leader -> leader in [pid, its_leader] end)
    {pid, _} = keeper = Guarded.keep(fn -> Project.prepare_again(state.apps, state.helper) end)

    receive do
      {^pid, {:ok, _}} -> {answer, %{state | keeper: keeper, world: World.with_processes(state.world)}}
      {^pid, {:error, _}} -> {Map.put(answer, "worn", true), state}
    after
      @preparing -> {Map.put(answer, "worn", true), state}
    end
  end
end

Coder.Mutation.main()
