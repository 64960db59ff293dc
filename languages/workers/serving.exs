# What the scripts that answer questions in a VM share: how they end what a question started, and what they say of the VM.

defmodule Coder.Beam.Serving do
  @moduledoc "Between a question and its answer."

  @doc "Ends every process whose prints go to `leader`, and waits until each is gone: a name that is still registered for a moment would be taken for a living server."
  def stop_processes_of(leader) do
    for pid <- Process.list(), Process.info(pid, :group_leader) == {:group_leader, leader} do
      reference = Process.monitor(pid)
      Process.exit(pid, :kill)

      receive do
        {:DOWN, ^reference, _, ^pid, _} -> :ok
      end
    end
  end

  @doc "The number of a question, and what the VM holds after it: `beam.py` replaces one that has grown."
  def state(number) do
    %{"number" => number, "memory" => :erlang.memory(:total), "atoms" => :erlang.system_info(:atom_count)}
  end
end
