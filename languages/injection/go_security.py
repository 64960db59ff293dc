"""gosec's violations: values that reach queries, commands, pages and paths, weak cryptography, open doors.

Rules: https://github.com/securego/gosec#available-rules. A value is a parameter of the function; where none fits, a
function that has one comes behind another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from languages.injection.code_text import MARK, Violation
from languages.injection.go_places import GoCode, GoFinder, declaration, go, statement
from languages.injection.planting import Edit

_PANIC = "; err != nil {\n\tpanic(err)\n}"


def _gosec(check: str, *finders: GoFinder) -> Violation[GoCode]:
    return go("gosec", check, *finders)


def _permission(calls: tuple[str, ...], new: str, *allowed: str) -> GoFinder:
    """A permission of a call, one of `allowed`, made `new`."""

    def find(code: GoCode) -> Iterator[Edit]:
        for node in code.of("call_expression"):
            function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            last = given.named_children[-1] if given is not None and given.named_children else None
            flat = node.start_point.row == node.end_point.row
            if last is None or function is None or code.shown(function) not in calls or not flat:
                continue
            if code.shown(last) in allowed and code.packages.get("os") == "os":
                yield code.replaced(last, new)

    return find


def _formatted_query(code: GoCode) -> Iterator[Edit]:
    """`db.Query("… = ?", value)` with the value in the text."""
    for node in code.of("call_expression"):
        function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        field = None if function is None else function.child_by_field_name("field")
        if field is None or given is None or code.shown(field) not in ("Query", "QueryRow", "Exec"):
            continue
        texts, flat = given.named_children, node.start_point.row == node.end_point.row
        if len(texts) != 2 or not flat or texts[0].type != "interpreted_string_literal" or not code.reaches("fmt"):
            continue
        query, count = re.subn(r"\?|\$1", "'%v'", code.shown(texts[0]))
        if count == 1 and query.count("%") == 1 and texts[1].type in ("identifier", "selector_expression"):
            text = f"({MARK}fmt.Sprintf({query}, {code.shown(texts[1])}))"
            yield code.with_imports(["fmt"], code.replaced(given, text.replace(MARK, "")))


def _weak(check: str, path: str, call: str) -> Violation[GoCode]:
    """The import of a weak algorithm, with a function that uses it."""
    return _gosec(check, *(declaration(template.replace("CALL", call), f"»{path}", *more) for template, *more in (
        ("func legacyDigest(data []byte) []byte {\n\thash := CALL\n\thash.Write(data)\n\treturn hash.Sum(nil)\n}",),
        ("func fingerprint(text string) string {\n\thash := CALL\n\thash.Write([]byte(text))\n"
         "\treturn hex.EncodeToString(hash.Sum(nil))\n}", "encoding/hex"),
    )))  # fmt: skip


_SERVER = 'Addr: "localhost:8080", Handler: handler'
_CIPHER = "func legacyCipher(key []byte) (cipher.Block, error) {\n\treturn »des.NewCipher(key)\n}"
_RC4 = (
    "func scramble(key, data []byte) error {\n\tstream, err := »rc4.NewCipher(key)\n"
    "\tif err != nil {\n\t\treturn err\n\t}\n"
)
INJECTORS = (
    _gosec("G101",
        declaration('const apiToken = »"q7Zr2Kx9Vb4Nw8Tm"'), declaration('var dbPassword = »"t5Wq9-Lx2Zp7Kd3"'),
        declaration('func authorize(request *http.Request) {\n\t»password := "f3Kd9Wq2Lx7Zp5Vn"\n'
                    '\trequest.SetBasicAuth("admin", password)\n}', "net/http")),
    _gosec("G102",
        declaration('func listen() (net.Listener, error) {\n\treturn »net.Listen("tcp", "0.0.0.0:8080")\n}', "net"),
        declaration('func openPort() (net.Listener, error) {\n\treturn »net.Listen("tcp", ":9000")\n}', "net")),
    _gosec("G103",
        statement("_ = »unsafe.Pointer(&$string)", "unsafe"), statement("_ = »unsafe.Pointer(&$int)", "unsafe"),
        declaration("func bytesOf(text string) []byte {\n\treturn »unsafe.Slice(unsafe.StringData(text), len(text))\n}",
                    "unsafe")),
    _gosec("G106", declaration(
        "func sshConfig(user string) *ssh.ClientConfig {\n\treturn &ssh.ClientConfig{\n\t\tUser:            user,\n"
        "\t\tHostKeyCallback: »ssh.InsecureIgnoreHostKey(),\n\t}\n}", "golang.org/x/crypto/ssh")),
    _gosec("G107",
        statement("if response, err := »http.Get($string); err == nil {\n\tresponse.Body.Close()\n}", "net/http"),
        declaration("func fetch(address string) (*http.Response, error) {\n\treturn »http.Get(address)\n}", "net/http"),
        declaration("func notify(hook string) error {\n\tresponse, err := »http.Post(hook, \"text/plain\", nil)\n"
                    "\tif err != nil {\n\t\treturn err\n\t}\n\treturn response.Body.Close()\n}", "net/http")),
    _gosec("G108", declaration("", "_ »net/http/pprof")),
    _gosec("G109",
        declaration("func parsePort(text string) (int16, error) {\n\tnumber, err := strconv.Atoi(text)\n"
                    "\treturn »int16(number), err\n}", "strconv"),
        declaration("func parseCount(text string) int32 {\n\tcount, err := strconv.Atoi(text)\n"
                    "\tif err != nil {\n\t\treturn 0\n\t}\n\treturn »int32(count)\n}", "strconv")),
    _gosec("G110", declaration(
        "func unpack(target io.Writer, source io.Reader) error {\n\tpacked, err := gzip.NewReader(source)\n"
        "\tif err != nil {\n\t\treturn err\n\t}\n\t_, err = »io.Copy(target, packed)\n\treturn err\n}",
        "compress/gzip", "io")),
    _gosec("G111", declaration(
        'func files() http.Handler {\n\treturn http.FileServer(»http.Dir("/"))\n}', "net/http")),
    _gosec("G112",
        declaration(f"func newServer(handler http.Handler) *http.Server {{\n\treturn »&http.Server{{{_SERVER}}}\n}}",
                    "net/http"),
        declaration("func serveUntilDone(handler http.Handler) error {\n\tserver := »http.Server{\n"
                    '\t\tAddr:    "localhost:8080",\n\t\tHandler: handler,\n\t}\n\treturn server.ListenAndServe()\n}',
                    "net/http")),
    _gosec("G114",
        declaration("func serve(handler http.Handler) error {\n"
                    '\treturn »http.ListenAndServe("localhost:8080", handler)\n}', "net/http"),
        declaration("func serveOn(listener net.Listener, handler http.Handler) error {\n"
                    "\treturn »http.Serve(listener, handler)\n}", "net", "net/http")),
    _gosec("G201", _formatted_query,
        statement("if _, err := $db.Exec(»fmt.Sprintf(\"DELETE FROM sessions WHERE owner = '%s'\", $string))" + _PANIC,
                  "fmt"),
        declaration("func findByName(db *sql.DB, name string) (*sql.Rows, error) {\n"
                    "\treturn db.Query(»fmt.Sprintf(\"SELECT id FROM users WHERE name = '%s'\", name))\n}",
                    "database/sql", "fmt"),
        declaration("func countIn(db *sql.DB, table string) (n int, err error) {\n"
                    '\terr = db.QueryRow(»fmt.Sprintf("SELECT count(*) FROM %s", table)).Scan(&n)\n\treturn n, err\n}',
                    "database/sql", "fmt")),
    _gosec("G202",
        statement("if _, err := $db.Exec(»\"DELETE FROM sessions WHERE owner = '\" + $string + \"'\")" + _PANIC),
        declaration("func findByEmail(db *sql.DB, email string) *sql.Row {\n"
                    "\treturn db.QueryRow(»\"SELECT id FROM users WHERE email = '\" + email + \"'\")\n}",
                    "database/sql"),
        declaration("func dropRow(db *sql.DB, table, id string) error {\n"
                    '\t_, err := db.Exec(»"DELETE FROM " + table + " WHERE id = " + id)\n\treturn err\n}',
                    "database/sql")),
    _gosec("G203",
        statement("_ = »template.HTML($string)", "html/template"),
        declaration('func highlight(text string) template.HTML {\n\treturn »template.HTML("<b>" + text + "</b>")\n}',
                    "html/template"),
        declaration("func scriptOf(code string) template.JS {\n\treturn »template.JS(code)\n}", "html/template")),
    _gosec("G204",
        statement('if output, err := »exec.Command("sh", "-c", "ls "+$string).CombinedOutput(); err != nil {\n'
                  "\tpanic(string(output))\n}", "os/exec"),
        declaration("func ping(host string) ([]byte, error) {\n"
                    '\treturn »exec.Command("sh", "-c", "ping -c 1 "+host).Output()\n}', "os/exec"),
        declaration('func convert(ctx context.Context, name string) error {\n\tinput := "uploads/" + name\n'
                    '\treturn »exec.CommandContext(ctx, "convert", input, "out.png").Run()\n}', "context", "os/exec")),
    _gosec("G301", _permission(("os.Mkdir", "os.MkdirAll"), "0777", "0700", "0750", "0o700", "0o750"),
        statement('if err := »os.MkdirAll("data", 0777)' + _PANIC, "os"),
        statement("if err := »os.Mkdir($string, 0755)" + _PANIC, "os"),
        declaration('func cacheFolder() error {\n\treturn »os.MkdirAll("cache", 0755)\n}', "os")),
    _gosec("G302", _permission(("os.OpenFile", "os.Chmod"), "0666", "0600", "0400", "0o600"),
        statement("if err := »os.Chmod($string, 0666)" + _PANIC, "os"),
        declaration("func openLog() (*os.File, error) {\n"
                    '\treturn »os.OpenFile("app.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0644)\n}', "os")),
    _gosec("G303",
        statement('if err := »os.WriteFile("/tmp/state.json", $bytes, 0600)' + _PANIC, "os"),
        statement('if file, err := »os.Create("/tmp/app.lock"); err == nil {\n\tfile.Close()\n}', "os"),
        declaration('func lockFile() (*os.File, error) {\n\treturn »os.Create("/tmp/service.lock")\n}', "os")),
    _gosec("G304",
        statement("if _, err := »os.ReadFile($string)" + _PANIC, "os"),
        declaration("func readUpload(name string) ([]byte, error) {\n\treturn »os.ReadFile(name)\n}", "os"),
        declaration('func openTemplate(name string) (*os.File, error) {\n\treturn »os.Open("templates/" + name)\n}',
                    "os")),
    _gosec("G305", declaration(
        "func extract(archive, folder string) error {\n\treader, err := zip.OpenReader(archive)\n"
        "\tif err != nil {\n\t\treturn err\n\t}\n\tdefer reader.Close()\n\tfor _, file := range reader.File {\n"
        "\t\tpath := »filepath.Join(folder, file.Name)\n\t\tif err := os.MkdirAll(path, 0700); err != nil {\n"
        "\t\t\treturn err\n\t\t}\n\t}\n\treturn nil\n}", "archive/zip", "os", "path/filepath")),
    _gosec("G306", _permission(("os.WriteFile",), "0644", "0600", "0400", "0o600"),
        statement('if err := »os.WriteFile("state.json", $bytes, 0644)' + _PANIC, "os"),
        statement('if err := »os.WriteFile("last.txt", []byte($string), 0666)' + _PANIC, "os"),
        declaration('func saveState(data []byte) error {\n\treturn »os.WriteFile("state.json", data, 0644)\n}', "os")),
    _gosec("G401",
        statement("_ = »md5.Sum($bytes)", "crypto/md5"), statement("_ = »sha1.Sum([]byte($string))", "crypto/sha1"),
        declaration("func checksum(data []byte) [16]byte {\n\treturn »md5.Sum(data)\n}", "crypto/md5"),
        declaration("func hashOf(password string) []byte {\n\thash := »sha1.New()\n\thash.Write([]byte(password))\n"
                    "\treturn hash.Sum(nil)\n}", "crypto/sha1")),
    _gosec("G402",
        declaration("func tlsSettings() *tls.Config {\n\treturn &tls.Config{\n"
                    "\t\tMinVersion:         tls.VersionTLS12,\n\t\t»InsecureSkipVerify: true,\n\t}\n}", "crypto/tls"),
        declaration("func oldTLS() *tls.Config {\n\treturn &tls.Config{»MinVersion: tls.VersionTLS10}\n}",
                    "crypto/tls"),
        declaration("func namedTLS(host string) *tls.Config {\n\treturn &»tls.Config{ServerName: host}\n}",
                    "crypto/tls")),
    _gosec("G403", declaration(
        "func newKey() (*rsa.PrivateKey, error) {\n\treturn »rsa.GenerateKey(rand.Reader, 1024)\n}",
        "crypto/rand", "crypto/rsa")),
    _gosec("G404",
        statement("time.Sleep(time.Duration(»rand.Intn(10)) * time.Millisecond)", "math/rand", "time"),
        declaration("func newToken() string {\n\treturn strconv.Itoa(»rand.Int())\n}", "math/rand", "strconv"),
        declaration("func pick(names []string) string {\n\treturn names[»rand.Intn(len(names))]\n}", "math/rand")),
    _gosec("G405",
        declaration(_CIPHER, "crypto/cipher", "crypto/des"),
        declaration(_RC4 + "\tstream.XORKeyStream(data, data)\n\treturn nil\n}", "crypto/rc4")),
    _gosec("G406", declaration(
        "func shortHash(data []byte) []byte {\n\thash := »md4.New()\n\thash.Write(data)\n\treturn hash.Sum(nil)\n}",
        "golang.org/x/crypto/md4")),
    _weak("G501", "crypto/md5", "md5.New()"),
    _gosec("G502", declaration(_CIPHER.replace("»", ""), "crypto/cipher", "»crypto/des")),
    _gosec("G503", declaration(
        _RC4.replace("»", "") + "\tstream.XORKeyStream(data, data)\n\treturn nil\n}", "»crypto/rc4")),
    _gosec("G504", declaration(
        "func script(path string) http.Handler {\n\treturn &cgi.Handler{Path: path}\n}", "net/http", "»net/http/cgi")),
    _weak("G505", "crypto/sha1", "sha1.New()"),
    _weak("G506", "golang.org/x/crypto/md4", "md4.New()"),
    _weak("G507", "golang.org/x/crypto/ripemd160", "ripemd160.New()"),
)  # fmt: skip
