"""Our rules for Sobelow and gosec: values that reach a dangerous call are found, what is written out is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.linters.structural.linter import StructuralLinter
from tests.languages.fakes import TOOLS

SOBELOW, GOSEC = StructuralLinter("sobelow"), StructuralLinter("gosec")


def elixir(text: str, path: str = "lib/a.ex") -> set[tuple[int, str]]:
    findings = SOBELOW.lint(Path(path), text).findings
    assert all(finding.cwe for finding in findings)
    return {(finding.range.start.line + 1, finding.check) for finding in findings}


def go(*lines: str, imports: str) -> set[tuple[int, str]]:
    """The findings in the body of a function, by line of the body."""
    listed = " ".join(f'"{path}";' for path in imports.split())
    text = f"package a; import ({listed}); func run(value string, database *T) {{\n" + "\n".join(lines) + "\n}\n"
    findings = GOSEC.lint(Path("a.go"), text).findings
    return {(finding.range.start.line, finding.check) for finding in findings}


@pytest.mark.parametrize(
    ("call", "check"),
    [
        (":os.cmd(x)", "CI.OS"),
        ("System.cmd(x, [])", "CI.System"),
        ("List.to_atom(x)", "DOS.ListToAtom"),
        ("x |> String.to_atom()", "DOS.StringToAtom"),
        (':"a#{x}"', "DOS.BinToAtom"),
        (":erlang.binary_to_term(x)", "Misc.BinToTerm"),
        ("Code.eval_string(x)", "RCE.CodeModule"),
        ("EEx.eval_string(x)", "RCE.EEx"),
        ('Ecto.Adapters.SQL.query(Repo, "SELECT #{x}")', "SQL.Query"),
        ("File.read!(x)", "Traversal.FileModule"),
        ("send_file(conn, 200, x)", "Traversal.SendFile"),
        ("send_download(conn, {:file, x})", "Traversal.SendDownload"),
        ("put_resp_content_type(conn, x)", "XSS.ContentType"),
        ("html(conn, x)", "XSS.HTML"),
        ("send_resp(conn, 200, x)", "XSS.SendResp"),
    ],
)
def test_elixir_values_that_reach_a_call(call: str, check: str) -> None:
    assert elixir(f"defmodule A do\n  def run(conn, x) do\n    {call}\n  end\nend\n") == {(3, check)}


@pytest.mark.parametrize(
    "call", ['File.read!("a")', "String.to_atom(@name)", ':"a"', 'html(conn, "<p>")', ":os.cmd('ls')"]
)
def test_elixir_values_that_are_written_out(call: str) -> None:
    assert elixir(f"defmodule A do\n  def run(conn) do\n    {call}\n  end\nend\n") == set()


ROUTER = """defmodule Router do
  pipeline :browser do
    plug(:accepts, ["html"])
    plug(:fetch_session)
  end

  scope "/" do
    get("/delete", Items, :delete)
    post("/delete", Items, :delete)
  end
end
"""


def test_what_a_router_leaves_out() -> None:
    assert elixir(ROUTER) == {(2, "Config.CSRF"), (2, "Config.Headers"), (8, "Config.CSRFRoute")}
    mended = ROUTER.replace("plug(:fetch_session)", "plug(:fetch_session)\n    plug(:protect_from_forgery)")
    assert (2, "Config.CSRF") not in elixir(mended)


def test_endpoint_and_configuration() -> None:
    socket = 'socket("/live", Socket, websocket: [check_origin: false])\n'
    assert elixir(socket) == {(1, "Config.CSWH")}
    assert elixir('config :a, password: "x"\n', "config/prod.exs") == {(1, "Config.Secrets")}
    assert elixir('config :a, password: System.get_env("X")\n', "config/prod.exs") == set()


@pytest.mark.parametrize(
    ("line", "imports", "check"),
    [
        ("md5.New()", "crypto/md5", "G401"),
        ("rsa.GenerateKey(reader, 1024)", "crypto/rsa", "G403"),
        ("rand.Intn(6)", "math/rand", "G404"),
        ("rand.IntN(6)", "math/rand/v2", "G404"),
        ("des.NewCipher(key)", "crypto/des", "G405"),
        ("ssh.InsecureIgnoreHostKey()", "golang.org/x/crypto/ssh", "G106"),
        ("c := tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}", "crypto/tls", "G402"),
        ('net.Listen("tcp", ":80")', "net", "G102"),
        ("http.Get(value)", "net/http", "G107"),
        ('http.Dir("/")', "net/http", "G111"),
        ("s := http.Server{}", "net/http", "G112"),
        ('http.ListenAndServe("", nil)', "net/http", "G114"),
        ("p := unsafe.Pointer(&value)", "unsafe", "G103"),
        ('database.Query(fmt.Sprintf("SELECT %s", value))', "fmt", "G201"),
        ('database.Query("SELECT " + value)', "fmt", "G202"),
        ("template.HTML(value)", "html/template", "G203"),
        ('exec.Command("sh", "-c", "ls "+value)', "os/exec", "G204"),
        ("name := pick(); exec.Command(name)", "os/exec", "G204"),
        ("names := pick(); exec.Command(names[0], names...)", "os/exec", "G204"),
        ("number, _ := strconv.Atoi(value); use(int32(number))", "strconv", "G109"),
        ("unpacked, _ := gzip.NewReader(body); io.Copy(file, unpacked)", "compress/gzip io", "G110"),
        (
            "r, _ := zip.OpenReader(value); for _, f := range r.File { filepath.Join(to, f.Name) }",
            "archive/zip path/filepath",
            "G305",
        ),
        ("r := tar.NewReader(body); h, _ := r.Next(); name := h.Name; path.Join(to, name)", "archive/tar path", "G305"),
        ('apiToken := "k7Qz-91xPmT4wRb8"', "fmt", "G101"),
        ('if password == "k7Qz91xPmT4wRb8" { return }', "fmt", "G101"),
        ('text := "AKIAIOSFODNN7EXAMPLE"', "fmt", "G101"),
        ('os.MkdirAll("a", 0777)', "os", "G301"),
        ('os.OpenFile("a", flags, 0644)', "os", "G302"),
        ('os.Create("/tmp/a")', "os", "G303"),
        ("os.Open(value)", "os", "G304"),
        ('os.WriteFile("a", data, 0644)', "os", "G306"),
    ],
)
def test_go_calls(line: str, imports: str, check: str) -> None:
    assert (1, check) in go(line, imports=imports)


@pytest.mark.parametrize(
    ("line", "imports"),
    [
        ('exec.Command("ls", "-l")', "os/exec"),
        ("exec.Command(value)", "os/exec"),
        ("number, _ := strconv.Atoi(value); use(int64(number))", "strconv"),
        ("io.Copy(file, body)", "io"),
        ("filepath.Join(to, person.Name)", "path/filepath"),
        ('passwordField := "Your new password"', "fmt"),
        ('tokenName := "access_token_v2"', "fmt"),
        ('label := "k7Qz-91xPmT4wRb8"', "fmt"),
        ('name := "a"; os.Open(name)', "os"),
        ('os.WriteFile("a", data, 0600)', "os"),
        ("rand := source(); rand.Intn(6)", "math/rand"),
        ("c := tls.Config{MinVersion: tls.VersionTLS12}", "crypto/tls"),
        ('database.Query("SELECT 1" + " FROM a")', "fmt"),
    ],
)
def test_go_code_that_is_fine(line: str, imports: str) -> None:
    assert go(line, imports=imports) == set()


def test_go_imports() -> None:
    found = GOSEC.lint(Path("a.go"), 'package a\nimport "crypto/md5"\nimport _ "net/http/pprof"\n').findings
    assert [(finding.range.start.line, finding.check, finding.cwe) for finding in found] == [
        (1, "G501", "CWE-327"),
        (2, "G108", "CWE-200"),
    ]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 200), st.integers(0, 30), st.text(max_size=12))
def test_broken_go_never_raises(place: int, cut: int, put: str) -> None:
    text = (
        'package a\nimport ("os"; "os/exec")\nfunc f(x string) { y := x + "a"; os.Open(y); exec.Command(y, x) }\n' * 2
    )
    assert GOSEC.lint(Path("a.go"), text[:place] + put + text[place + cut :]).failure is None


PROD = "import Config\nconfig :shop, ShopWeb.Endpoint,\n  {keys}\n"


@pytest.mark.parametrize(
    ("path", "keys", "expected"),
    [
        ("config/prod.exs", "http: [port: 80]", {(2, "Config.HTTPS")}),
        ("config/prod.exs", "https: [port: 443]", {(3, "Config.HSTS")}),
        ("config/prod.exs", "https: [port: 443], force_ssl: [hsts: true]", set()),
        ("config/runtime.exs", "http: [port: 80]", set()),
        ("config/dev.exs", "https: [port: 443]", set()),
    ],
)
def test_https_of_an_endpoint(path: str, keys: str, expected: set[tuple[int, str]]) -> None:
    assert elixir(PROD.replace("{keys}", keys), path) == expected


@pytest.mark.parametrize(
    ("package", "version", "checks"),
    [
        ("plug", "1.3.1", {"HeaderInject", "Plug", "PlugNull"}),
        ("plug", "1.3.4", {"HeaderInject"}),
        ("plug", "1.3.5", set()),
        ("plug", "1.14.0", set()),
        ("phoenix", "1.2.1", {"Redirect"}),
        ("phoenix", "1.3.0-rc.0", {"Redirect"}),
        ("phoenix", "1.3.0", set()),
        ("coherence", "0.5.1", {"Coherence"}),
        ("coherence", "0.10.0", set()),
        ("ecto", "2.2.0", {"Ecto"}),
        ("ecto", "main", set()),
    ],
)
def test_locked_versions(package: str, version: str, checks: set[str]) -> None:
    text = f'%{{\n  "{package}": {{:hex, :{package}, "{version}", "0a", [:mix], [], "hexpm"}},\n}}\n'
    assert elixir(text, "mix.lock") == {(2, f"Vuln.{check}") for check in checks}
    assert elixir(text, "lib/lock.ex") == set()


def test_what_reaches_a_call_in_an_action_is_a_warning() -> None:
    text = "defmodule A do\n  def show(conn, x), do: File.read!(x)\n  def load(x), do: File.read!(x)\nend\n"
    assert [finding.severity for finding in SOBELOW.lint(Path("a.ex"), text).findings] == ["warning", "info"]


def test_the_recorded_project_as_sobelow_saw_it() -> None:
    recorded = TOOLS / "sobelow"
    report = json.loads((recorded / "project_skip.json").read_text())
    real = {(entry["file"], entry["type"].split(":")[0]) for level in report["findings"].values() for entry in level}
    files = [path for path in (recorded / "project").rglob("*") if path.is_file()]
    ours = {
        (str(path.relative_to(recorded / "project")), finding.check)
        for path in files
        for finding in SOBELOW.lint(path, path.read_text()).findings
    }
    assert real - ours == set()
    assert ours - real == {("config/config.exs", "Config.Secrets")}
