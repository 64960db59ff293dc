"""Sobelow's violations: values that reach a query, a page, a path, a command, an atom, and what routers leave out.

Types: https://hexdocs.pm/sobelow. A value is a variable in reach; a module of no request gets a function that takes
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from languages.injection.code_text import MARK, Violation, edit
from languages.injection.elixir_places import (
    ElixirCode,
    ElixirFinder,
    appended,
    around,
    elixir,
    inserted,
    statements,
    together,
)
from languages.injection.planting import Edit
from languages.outline import elixir_nodes


def _sobelow(check: str, *finders: ElixirFinder) -> Violation[ElixirCode]:
    return elixir("sobelow", check, together(*finders))


def _loosened(old: str, new: str) -> ElixirFinder:
    """Calls of `old` in functions with a value for an argument, made calls of `new`."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for clause in code.clauses:
            for node in _calls(code, clause.block, old):
                target, given = node.child_by_field_name("target"), elixir_nodes.arguments(node)
                if target is not None and given and given[0].type == "identifier":
                    yield code.replaced(target, new)

    return find


def _calls(code: ElixirCode, within: Node, name: str) -> Iterator[Node]:
    stack = [within]
    while stack:
        node = stack.pop()
        if code.dotted(node) == name:
            yield node
        stack.extend(reversed(node.named_children))


def _pipelines(code: ElixirCode) -> Iterator[tuple[Node, dict[str, Node]]]:
    """The router's pipelines for HTML with their plugs by name."""
    for node in code.calls("pipeline"):
        block = elixir_nodes.do_block(node)
        plugs = {}
        for part in statements(block) if block is not None else ():
            given = elixir_nodes.arguments(part) if elixir_nodes.call_name(code.tree, part) == "plug" else []
            if given:
                plugs[code.shown(given[0])] = part
        if ":accepts" in plugs and "html" in code.shown(plugs[":accepts"]):
            yield node, plugs


def _without_plug(plug: str, needs: str = ":accepts") -> ElixirFinder:
    """A pipeline without the line of `plug`."""

    def find(code: ElixirCode) -> Iterator[Edit]:
        for pipeline, plugs in _pipelines(code):
            gone = plugs.get(plug)
            if gone is not None and needs in plugs and code.begins_line(gone) and code.ends_line(gone):
                start, end = code.start(pipeline), code.line_start(code.start(gone))
                rest = code.line_end(code.end(gone)) + len(code.newline)
                yield edit(start, rest, MARK + code.text[start:end])

    return find


def _without_policy(code: ElixirCode) -> Iterator[Edit]:
    """Secure headers without the content security policy that was set."""
    for pipeline, plugs in _pipelines(code):
        plug = plugs.get(":put_secure_browser_headers")
        if plug is not None and "content-security-policy" in code.shown(plug).lower():
            start = code.start(pipeline)
            text = f"{MARK}{code.text[start : code.start(plug)]}plug :put_secure_browser_headers"
            yield edit(start, code.end(plug), text)


def _shared_action(code: ElixirCode) -> Iterator[Edit]:
    """A GET for an action that changes something."""
    getting = {_action(code, node) for node in code.calls("get")}
    for node in code.calls("post", "put", "patch", "delete"):
        given = elixir_nodes.arguments(node)
        scoped = any(elixir_nodes.call_name(code.tree, outer) == "scope" for outer in around(node))
        if len(given) == 3 and scoped and _action(code, node) not in getting and code.begins_line(node):
            rest = code.text[code.start(given[0]) : code.end(given[-1])]
            yield code.before(node, f"get {rest}")
            yield code.after(node, f"get {rest}")


def _action(code: ElixirCode, route: Node) -> tuple[str, ...]:
    return tuple(code.shown(part) for part in elixir_nodes.arguments(route)[1:3])


def _unchecked_origin(code: ElixirCode) -> Iterator[Edit]:
    """A socket that takes any page's word."""
    for node in code.calls("socket"):
        given, shown = elixir_nodes.arguments(node), code.shown(node)
        if "check_origin" in shown or len(given) < 2:
            continue
        start, end = code.start(node), code.end(given[1])
        if "websocket:" not in shown:
            head = MARK + code.text[start:end]
            yield edit(start, end, f"{head}, websocket: [check_origin: false]")
            continue
        options = re.search(r"websocket:\s*(true|\[)", shown)
        if options is not None:
            place = start + options.start(1)
            length = len(options[1])
            new = "[check_origin: false]" if options[1] == "true" else "[check_origin: false, "
            yield edit(start, place + length, MARK + code.text[start:place] + new)


INJECTORS = (
    _sobelow(
        "SQL.Query",
        inserted(
            """Ecto.Adapters.SQL.query(Repo, "DELETE FROM sessions WHERE owner = '#{$v}'", [])""",
            'Ecto.Adapters.SQL.query(Repo, "UPDATE users SET seen = now() WHERE id = " <> $v, [])',
            """SQL.query!(Repo, "INSERT INTO audit (entry) VALUES ('#{$v}')")""",
        ),
        appended(
            "def find_by_name(name) do\n"
            """  »Ecto.Adapters.SQL.query(Repo, "SELECT * FROM users WHERE name = '#{name}'", [])\nend""",
            "def search_titles(term, page) do\n  offset = 20 * page\n"
            """  »SQL.query!(Repo, "SELECT * FROM posts WHERE title LIKE '%" <> term <> "%' OFFSET #{offset}")\nend""",
        ),
    ),
    _sobelow(
        "SQL.Stream",
        appended(
            "def stream_orders(status) do\n"
            """  »Ecto.Adapters.SQL.stream(Repo, "SELECT * FROM orders WHERE status = '#{status}'")\nend""",
            'def stream_table(table) do\n  Repo\n  |> »SQL.stream("SELECT * FROM " <> table)\n  |> Enum.to_list()\nend',
        ),
        inserted('Enum.each(Ecto.Adapters.SQL.stream(Repo, "SELECT id FROM #{$v}"), &send(self(), &1))'),
    ),
    _sobelow(
        "XSS.HTML",
        inserted('html($conn, "<h1>#{$v}</h1>")', 'html($conn, "<p>" <> $v <> "</p>")'),
        appended(
            'def preview(conn, %{"body" => body}) do\n  »html(conn, body)\nend',
            'def greet(conn, params) do\n  name = params["name"]\n\n  »html(conn, "<h1>Hello, #{name}</h1>")\nend',
        ),
    ),
    _sobelow(
        "XSS.SendResp",
        inserted('send_resp($conn, 200, "<p>#{$v}</p>")'),
        appended(
            'def echo(conn, %{"message" => message}) do\n  conn\n  |> put_resp_content_type("text/html")\n'
            "  |> »send_resp(200, message)\nend",
            'def not_found(conn, params) do\n  »send_resp(conn, 404, "No page called #{params["page"]}")\nend',
        ),
    ),
    _sobelow(
        "XSS.ContentType",
        inserted("put_resp_content_type($conn, $v)"),
        appended(
            'def attachment(conn, %{"type" => type, "body" => body}) do\n  conn\n  |> »put_resp_content_type(type)\n'
            "  |> resp(200, body)\nend",
            'def typed(conn, params) do\n  »put_resp_content_type(conn, params["type"])\nend',
        ),
    ),
    _sobelow(
        "XSS.Raw",
        appended(
            "def show_comment(comment) do\n  »Phoenix.HTML.raw(comment.body)\nend",
            'def highlighted(text) do\n  »raw("<mark>#{text}</mark>")\nend',
        ),
        inserted('Process.put(:markup, Phoenix.HTML.raw("<em>#{$v}</em>"))'),
    ),
    _sobelow(
        "Traversal.FileModule",
        inserted(
            "File.rm($v)",
            "$v = if is_binary($v), do: File.read!($v), else: $v",
            'File.write("/var/log/app/#{$v}.log", "seen")',
            "File.mkdir_p!($v)",
        ),
        appended(
            'def read_upload(name) do\n  path = Path.join("priv/uploads", name)\n\n  »File.read(path)\nend',
            'def load(%{"file" => file}) do\n  »File.read!("priv/data/" <> file)\nend',
            "def discard(path), do: »File.rm_rf(path)",
        ),
    ),
    _sobelow(
        "Traversal.SendFile",
        inserted("send_file($conn, 200, $v)"),
        appended(
            'def picture(conn, %{"name" => name}) do\n  »send_file(conn, 200, "priv/pictures/#{name}")\nend',
            'def serve(conn, params) do\n  path = Path.join("priv/static", params["path"])\n\n  conn\n'
            "  |> put_status(200)\n  |> »send_file(200, path)\nend",
        ),
    ),
    _sobelow(
        "Traversal.SendDownload",
        inserted("send_download($conn, {:file, $v})"),
        appended(
            'def download(conn, %{"file" => file}) do\n  »send_download(conn, {:file, "exports/" <> file})\nend',
            'def export(conn, params) do\n  »send_download(conn, {:file, params["path"]}, filename: "export.csv")\nend',
        ),
    ),
    _sobelow(
        "CI.System",
        inserted('System.cmd($v, ["--version"])', "System.cmd(to_string($v), [], stderr_to_stdout: true)"),
        appended(
            "def run_tool(tool, file) do\n  {output, 0} = »System.cmd(tool, [file])\n\n  output\nend",
            'def convert(%{"program" => program} = params) do\n  »System.cmd(program, [params["input"]])\nend',
        ),
    ),
    _sobelow(
        "CI.OS",
        inserted(':os.cmd(String.to_charlist("logger #{$v}"))', ":os.cmd(to_charlist($v))"),
        appended(
            'def ping(host) do\n  »:os.cmd(String.to_charlist("ping -c 1 " <> host))\nend',
            'def disk_usage(folder) do\n  command = to_charlist("du -sh #{folder}")\n\n  »:os.cmd(command)\nend',
        ),
    ),
    _sobelow(
        "Misc.BinToTerm",
        inserted("$v = if is_binary($v), do: :erlang.binary_to_term($v), else: $v", ":erlang.binary_to_term($v)"),
        appended(
            "def decode(binary) do\n  »:erlang.binary_to_term(binary)\nend",
            "def load_session(cookie) do\n  cookie\n  |> Base.decode64!()\n  |> »:erlang.binary_to_term()\nend",
        ),
    ),
    _sobelow(
        "RCE.EEx",
        inserted("EEx.eval_string($v)", "EEx.eval_string($v, assigns: %{})"),
        appended(
            "def render_mail(template, assigns) do\n  »EEx.eval_string(template, assigns: assigns)\nend",
            'def render_page(name) do\n  »EEx.eval_file("templates/#{name}.eex", [])\nend',
        ),
    ),
    _sobelow(
        "RCE.CodeModule",
        inserted("Code.eval_string($v)", 'Code.eval_string("1 + #{$v}")'),
        appended(
            "def calculate(formula) do\n  {result, _} = »Code.eval_string(formula)\n\n  result\nend",
            "def apply_rule(rule, facts) do\n  »Code.eval_string(rule, facts: facts)\nend",
        ),
    ),
    _sobelow(
        "DOS.StringToAtom",
        _loosened("String.to_existing_atom", "String.to_atom"),
        inserted("$v = String.to_atom($v)", "$v = if is_binary($v), do: String.to_atom($v), else: $v"),
        appended('def sort_field(%{"sort" => field}) do\n  »String.to_atom(field)\nend'),
    ),
    _sobelow(
        "DOS.ListToAtom",
        _loosened("List.to_existing_atom", "List.to_atom"),
        inserted("$v = if is_list($v), do: List.to_atom($v), else: $v"),
        appended("def tag(characters) do\n  »List.to_atom(characters)\nend"),
    ),
    _sobelow(
        "DOS.BinToAtom",
        inserted('Process.put(:"last_#{$v}", true)', "$v = :erlang.binary_to_atom(to_string($v), :utf8)"),
        appended('def topic(room) do\n  »:"room_#{room}"\nend'),
    ),
    _sobelow("Config.CSRF", _without_plug(":protect_from_forgery", ":fetch_session")),
    _sobelow("Config.Headers", _without_plug(":put_secure_browser_headers")),
    _sobelow("Config.CSP", _without_policy),
    _sobelow("Config.CSRFRoute", _shared_action),
    _sobelow("Config.CSWH", _unchecked_origin),
)
