# What a VM looks like between two requests, and the way back to it: processes, modules, environment. And a process to run
# what may change all that. It does not know what is run.

defmodule Coder.Mutation.Guarded do
  @moduledoc "Runs a function in a process whose prints are lost and whose time is limited."

  @doc "What `fun` returns as `{:ok, value}`, or `:timeout`, or `{:crash, reason}`. Processes that it started are left."
  def run(timeout, fun) do
    leader = spawn(&pass_on/0)
    {pid, reference} = spawn_monitor(fn -> exit({:coder_answer, led(leader, fun)}) end)

    answer =
      receive do
        {:DOWN, ^reference, _, _, {:coder_answer, value}} -> {:ok, value}
        {:DOWN, ^reference, _, _, reason} -> {:crash, reason}
      after
        timeout -> :timeout
      end

    Process.demonitor(reference, [:flush])
    for stopped <- [pid, leader], do: Process.exit(stopped, :kill)
    answer
  end

  @doc "Starts a process that runs `fun`, sends its value as `{pid, value}` and lives on, for what is linked to it."
  def keep(fun) do
    caller = self()
    leader = spawn(&pass_on/0)

    pid =
      spawn(fn ->
        Process.flag(:trap_exit, true)
        send(caller, {self(), led(leader, fun)})
        Process.sleep(:infinity)
      end)

    {pid, leader}
  end

  defp led(leader, fun) do
    Process.group_leader(self(), leader)
    fun.()
  end

  # To the VM's own output, which nobody reads.
  defp pass_on do
    receive do
      request ->
        send(:user, request)
        pass_on()
    end
  end
end

defmodule Coder.Mutation.World do
  @moduledoc "A snapshot of the VM."

  defstruct [:processes, :modules, :applications, :variables, :folder]

  def now do
    %__MODULE__{
      processes: MapSet.new(Process.list()),
      modules: Map.new(:code.all_loaded()),
      applications: applications(),
      variables: System.get_env(),
      folder: File.cwd!()
    }
  end

  @doc "The same, with the processes of today."
  def with_processes(world), do: %{world | processes: MapSet.new(Process.list())}

  @doc "The same, with the processes that `fun` starts and without those that are gone."
  def with_started(world, fun) do
    before = Process.list()
    fun.()
    alive = Enum.filter(world.processes, &Process.alive?/1)
    %{world | processes: MapSet.new(alive ++ (Process.list() -- before))}
  end

  @doc """
  Ends what began, loads the original of what was loaded anew (from `binaries`, else from disk) and puts the environment
  back. False when a process is gone that was there.
  """
  def restore(world, binaries) do
    stop(fn pid, leader -> pid not in world.processes and leader not in world.processes end)
    for {module, file} <- :code.all_loaded(), world.modules[module] != file, do: reload(module, file, world, binaries)
    now = applications()
    for {name, settings} <- world.applications, settings != now[name], do: settle(name, settings, now[name] || [])
    variables = System.get_env()
    if variables != world.variables, do: System.put_env(Map.merge(Map.new(variables, fn {name, _} -> {name, nil} end), world.variables))
    File.cd!(world.folder)
    Enum.all?(world.processes, &Process.alive?/1)
  end

  @doc "Kills the processes for which `which` says so, by pid and group leader, and waits until they are gone."
  def stop(which) do
    for pid <- Process.list(), {_, leader} <- [Process.info(pid, :group_leader)], pid != self(), which.(pid, leader) do
      reference = Process.monitor(pid)
      Process.exit(pid, :kill)

      receive do
        {:DOWN, ^reference, _, _, _} -> :ok
      end
    end
  end

  defp reload(module, file, world, binaries) do
    case {world.modules, binaries} do
      {%{^module => _}, %{^module => {path, binary}}} -> swap(module, fn -> :code.load_binary(module, String.to_charlist(path), binary) end)
      {%{^module => _}, _} -> swap(module, fn -> :code.load_file(module) end)
      _ -> if not on_disk?(file), do: swap(module, fn -> :code.delete(module) end)
    end
  end

  # Whoever still runs the old code ends.
  defp swap(module, load) do
    :code.purge(module)
    load.()
    :code.purge(module)
  end

  defp on_disk?(file), do: is_list(file) and String.ends_with?(List.to_string(file), ".beam")

  defp applications do
    for {name, _, _} <- Application.loaded_applications(), name != :ex_unit, into: %{}, do: {name, Enum.sort(Application.get_all_env(name))}
  end

  defp settle(name, before, now) do
    for {key, _} <- now, not Keyword.has_key?(before, key), do: Application.delete_env(name, key)
    Application.put_all_env([{name, before}])
  end
end
