"""The private folders of one run: made before, filled with the caller's files, removed after, whatever is in them.

Started by root, the sandboxed program is another user; the folders that it may write become that user's.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from languages.errors import CoderError

#: User ids that systemd keeps for passing users; nobody's files carry them.
_FIRST_USER, _USERS = 61184, 4336


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder with `work` and `tmp` in it, both gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="coder-sandbox-")).resolve()
    try:
        folder.chmod(0o711)
        for name in ("work", "tmp"):
            (folder / name).mkdir(mode=0o700)
        yield folder
    finally:
        _remove(folder)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write `files` (relative path -> content) below `folder`; a path that leads out of it is a `CoderError`."""
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise CoderError(
                f"{name!r} is no file inside the sandbox; give a relative path without ..", code="bad_path"
            )
        place = folder / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))
        except (OSError, UnicodeEncodeError) as error:
            raise CoderError(
                f"{name!r} cannot be a file in the sandbox ({error}); rename it", code="bad_path"
            ) from error


def user_for(folder: Path) -> int | None:
    """The user id that owns `folder` in the sandbox: always the same one for a path; None unless we are root."""
    if os.geteuid() != 0:
        return None
    start = zlib.crc32(os.fsencode(folder))
    for offset in range(_USERS):
        user = _FIRST_USER + (start + offset) % _USERS
        with suppress(KeyError):
            pwd.getpwuid(user)
            continue
        return user
    raise CoderError("All user ids from 61184 to 65519 are taken; free one for the sandbox", code="no_sandbox")


def give_to(user: int, folder: Path) -> None:
    """Make `folder` and all in it `user`'s, unless it is already; links are not followed."""
    if folder.stat().st_uid == user:
        return
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), user, user, follow_symlinks=False)
    os.chown(folder, user, user, follow_symlinks=False)


def closed_to_others(path: Path) -> bool:
    """Whether file modes keep other users than root from `path`: its own, or those of the folders above it."""
    place = path.resolve()
    return any(not above.stat().st_mode & 0o001 for above in (place, *place.parents))


def _remove(folder: Path) -> None:
    """rm(1) copes with trees too deep and too closed for a walk in Python."""
    for command in (["rm", "-rf", "--"], ["chmod", "-R", "u+rwX", "--"], ["rm", "-rf", "--"]):
        if not os.path.lexists(folder):
            return
        subprocess.run([*command, str(folder)], capture_output=True, check=False)
