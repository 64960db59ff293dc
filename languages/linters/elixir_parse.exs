# Reads Elixir from standard input and says whether it parses; nothing of it is run.
# Prints "ok", or "error LINE COLUMN MESSAGE" with the message in Base64. Warnings go to standard error.
[file] = System.argv()
# Bytes as they come, whatever the locale.
:io.setopts(:standard_io, encoding: :latin1)
read = IO.binread(:stdio, :eof)
source = if is_binary(read), do: read, else: ""

place = fn
  meta when is_list(meta) -> {meta[:line] || 1, meta[:column] || 1}
  line -> {line, 1}
end

result =
  try do
    Code.string_to_quoted(source, file: file, columns: true)
  rescue
    error -> {:error, {[], Exception.message(error), ""}}
  end

case result do
  {:ok, _} ->
    IO.puts("ok")

  {:error, {meta, message, token}} ->
    {line, column} = place.(meta)

    text =
      case message do
        {before, behind} -> "#{before}#{token}#{behind}"
        before -> "#{before}#{token}"
      end

    IO.puts("error #{line} #{column} #{Base.encode64(text)}")
end
