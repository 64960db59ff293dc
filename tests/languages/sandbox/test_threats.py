"""The threat list. Each program here really tries; what it must not reach is looked at from outside afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

from languages.sandbox.limits import MIB, Limits
from tests.languages.sandbox.conftest import Runner, living

# Taking the machine


def test_a_fork_bomb_meets_the_process_limit(python: Runner, token: str) -> None:
    bomb = """
count = 0
try:
    while True:
        if os.fork() == 0:
            signal.pause()
        count += 1
except OSError:
    print(count, flush=True)
    os._exit(0)
"""
    result = python(bomb, limits=Limits(seconds=60, processes=30))
    assert result.outcome == "exited"
    assert 0 < int(result.stdout) < 30
    assert living(token) == []


def test_a_fork_bomb_that_never_stops_is_ended_whole(python: Runner, token: str) -> None:
    bomb = """
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
    result = python(bomb, limits=Limits(seconds=0.8, processes=30))
    assert result.outcome == "timeout"
    assert living(token) == []


def test_a_memory_bomb_is_stopped(python: Runner, token: str) -> None:
    bomb = """
held = []
while True:
    held.append(b"x" * 1_000_000)
"""
    assert python(bomb, limits=Limits(seconds=60, memory_bytes=100 * MIB)).outcome == "memory"
    assert living(token) == []


def test_a_memory_bomb_of_many_processes_is_stopped(python: Runner, token: str) -> None:
    bomb = """
for _ in range(8):
    if os.fork() == 0:
        held = b"x" * 40_000_000
        signal.pause()
signal.pause()
"""
    assert python(bomb, limits=Limits(seconds=60, memory_bytes=150 * MIB)).outcome == "memory"
    assert living(token) == []


def test_one_huge_allocation_fails(python: Runner) -> None:
    result = python("bytearray(8 << 30)", limits=Limits(seconds=60, address_bytes=1024 * MIB))
    assert result.exit_code == 1
    assert "MemoryError" in result.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output_is_cut(python: Runner, stream: str) -> None:
    limits = Limits(seconds=60, output_bytes=200_000)
    result = python(f"while True: sys.{stream}.write('x' * 1000)", limits=limits)
    assert result.outcome == "output"
    assert result.truncated
    assert len(result.stdout) + len(result.stderr) == 200_000


def test_an_endless_loop_is_stopped(python: Runner, token: str) -> None:
    loop = "for number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n    except Exception: pass\n"
    assert python(loop + "while True: pass", limits=Limits(seconds=0.6)).outcome == "timeout"
    assert living(token) == []


def test_processor_time_has_a_limit_of_its_own(python: Runner) -> None:
    assert python("while True: pass", limits=Limits(seconds=120, cpu_seconds=1)).outcome == "timeout"


def test_a_huge_file_is_refused(python: Runner) -> None:
    result = python("open('big', 'wb').write(bytes(3_000_000))", limits=Limits(seconds=60, file_bytes=1_000_000))
    assert "File too large" in result.stderr


# Reading what is the user's


def test_the_home_and_other_folders_are_invisible(python: Runner, outside: Path) -> None:
    read = """
folder, home = map(pathlib.Path, sys.argv[1:3])
attempt("file", (folder / "secret.txt").read_text)
attempt("folder", lambda: os.listdir(folder))
attempt("home", lambda: [name for name in os.listdir(home) if name.startswith("coder-secret")])
attempt("private", lambda: [path.read_text() for path in home.glob("coder-secret*")])
"""
    home = Path.home() if os.access(Path.home(), os.W_OK) else outside
    with tempfile.NamedTemporaryFile("w", prefix="coder-secret", dir=home) as file:
        file.write("the user's secret")
        file.flush()
        result = python(read, outside, home)
    assert result.exit_code == 0
    assert "secret.txt" not in result.stdout
    assert "coder-secret" not in result.stdout
    assert "the user's secret" not in result.stdout


def test_the_environment_is_invisible(
    python: Runner, victim: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODER_TEST_TOKEN", "the user's token")
    read = """
print(dict(os.environ))
for pid in [os.getppid(), *map(int, sys.argv[1:3]), *range(1, 50)]:
    for name in ("environ", "mem", "maps", "cwd/.", "root/etc/passwd"):
        attempt(f"{pid} {name}", lambda: open(f"/proc/{pid}/{name}", "rb").read(100_000))
"""
    result = python(read, victim.pid, os.getpid())
    assert result.exit_code == 0
    assert "the user's token" not in result.stdout
    assert "the user's key" not in result.stdout


def test_symlinks_do_not_lead_out(python: Runner, outside: Path, tmp_path: Path) -> None:
    follow = """
out = sys.argv[1]
attempt("planted", lambda: open("planted").read())
os.chdir(os.environ["TMPDIR"])
os.symlink(out + "/secret.txt", "file"); os.symlink(out, "folder")
attempt("file", lambda: open("file").read())
attempt("folder", lambda: open("folder/secret.txt").read())
attempt("write", lambda: open("folder/new.txt", "w"))
attempt("append", lambda: open("file", "a").write("!"))
attempt("hard link", lambda: os.link(out + "/secret.txt", "hard") or open("hard").read())
"""
    (tmp_path / "planted").symlink_to(outside / "secret.txt")
    result = python(follow, outside, files=tmp_path)
    assert result.stdout.count("refused") == 6, result.stdout
    assert os.listdir(outside) == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "the user's secret"


# Changing what is the user's


def test_nothing_outside_is_written(python: Runner, outside: Path, tmp_path: Path) -> None:
    write = """
outside, readable = map(pathlib.Path, sys.argv[1:3])
secret = outside / "secret.txt"
for folder in (outside, readable, pathlib.Path("/usr"), pathlib.Path("/etc"), pathlib.Path("/")):
    attempt(f"create in {folder}", (folder / "coder-was-here").touch)
    attempt(f"make {folder}", (folder / "coder-was-there").mkdir)
for path in (secret, readable / "read.txt"):
    attempt("overwrite", lambda: path.write_text("x"))
    attempt("truncate", lambda: os.truncate(path, 0))
    attempt("remove", path.unlink)
    attempt("rename", lambda: path.rename(path.with_name("renamed")))
    attempt("mode", lambda: path.chmod(0o600))
    attempt("owner", lambda: os.chown(path, os.getuid(), os.getgid()))
    attempt("attribute", lambda: os.setxattr(path, "user.coder", b"x"))
"""
    (tmp_path / "read.txt").write_text("read me")
    (tmp_path / "read.txt").chmod(0o666)
    tmp_path.chmod(0o777)
    result = python(write, outside, tmp_path, readable=(tmp_path,))
    assert result.exit_code == 0
    assert "->" not in result.stdout
    for path, content in ((outside / "secret.txt", "the user's secret"), (tmp_path / "read.txt", "read me")):
        assert path.read_text() == content
        assert path.stat().st_mode & 0o777 == 0o666
        assert os.listdir(path.parent) == [path.name]
    assert not any(Path(folder, "coder-was-here").exists() for folder in ("/usr", "/etc", "/"))


# Talking to others


def test_no_network_and_no_socket_of_the_machine(python: Runner, outside: Path) -> None:
    talk = """
tcp, udp, abstract, path = sys.argv[1:5]
def reach(family, kind, address):
    with socket.socket(family, kind) as connection:
        connection.settimeout(2)
        connection.connect(address)
        connection.send(b"hello")
attempt("tcp", lambda: reach(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(tcp))))
attempt("udp", lambda: reach(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int(udp))))
attempt("abstract", lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, "\\0" + abstract))
attempt("path", lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, path))
attempt("name", lambda: socket.create_connection(("example.org", 80), 2))
attempt("raw", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
pair = socket.socketpair()
attempt("pair", lambda: pair[0].send(b"x"))
"""
    name = f"coder-{uuid.uuid4().hex}"
    tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
    abstract, path = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    addresses = (("127.0.0.1", 0), ("127.0.0.1", 0), "\0" + name, str(outside / "socket"))
    listeners = (tcp, udp, abstract, path)
    for listener, address in zip(listeners, addresses, strict=True):
        listener.bind(address)
        listener.setblocking(False)
    for listener in (tcp, abstract, path):
        listener.listen()
    (outside / "socket").chmod(0o777)
    result = python(talk, tcp.getsockname()[1], udp.getsockname()[1], name, outside / "socket")
    assert result.exit_code == 0
    assert "pair -> 1" in result.stdout
    for listener in (tcp, abstract, path):
        with pytest.raises(BlockingIOError):
            listener.accept()
    with pytest.raises(BlockingIOError):
        udp.recv(10)
    assert [line.split()[0] for line in result.stdout.splitlines() if "->" in line and "udp" not in line] == ["pair"]
    for listener in listeners:
        listener.close()


def test_other_processes_are_out_of_reach(python: Runner, victim: subprocess.Popen[bytes], token: str) -> None:
    attack = """
import resource
pid = int(sys.argv[1])
attempt("kill", lambda: os.kill(pid, signal.SIGKILL))
attempt("queue", lambda: os.kill(pid, signal.SIGTERM))
attempt("limit", lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)))
attempt("descriptor", lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGKILL))
print("ptrace", libc.ptrace(16, pid, 0, 0))
attempt("parent", lambda: os.kill(os.getppid(), signal.SIGKILL))
print("still here")
"""
    result = python(attack, victim.pid)
    assert victim.poll() is None
    assert "ptrace -1" in result.stdout
    assert result.stdout.count("refused") >= 4, result.stdout
    assert living(token) == []


def test_ptrace_and_new_namespaces_are_refused(python: Runner) -> None:
    dig = """
child = os.fork()
if child == 0:
    time.sleep(60)
print(libc.ptrace(16, child, 0, 0), libc.unshare(0x10000000), libc.syscall(425, 8, ctypes.create_string_buffer(120)))
os.kill(child, signal.SIGKILL)
"""
    assert python(dig, limits=Limits(seconds=30)).stdout.split() == ["-1", "-1", "-1"]


def test_nothing_of_ours_is_inherited(python: Runner, outside: Path) -> None:
    look = """
held = []
for descriptor in range(3, 400):
    try:
        held.append((descriptor, os.fstat(descriptor).st_mode))
    except OSError:
        pass
print(held)
"""
    with (outside / "secret.txt").open() as file:
        os.set_inheritable(file.fileno(), True)
        assert python(look).stdout.strip() == "[]"
