"""A PostgreSQL server of our own, in a temporary folder, for as long as the tests run."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_SETTINGS = "-c listen_addresses='' -c fsync=off -c max_connections=50"


def why_not() -> str:
    """Say why no server can be started here; empty if one can."""
    if shutil.which("postgres") is None:
        return "PostgreSQL is not installed here: nothing of this was tried on it"
    if os.geteuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and no other user was found here"
    return ""


@contextmanager
def server() -> Iterator[str]:
    """Start a server, yield the folder of its socket, and stop it."""
    programs = Path(shutil.which("postgres") or "").resolve().parent
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="twokey-postgres-"))
    if user is not None:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    try:
        run("initdb", "--auth=trust", "--username=twokey", "--encoding=UTF8", "--no-sync")
        log = ("-l", str(folder / "log"))
        run("pg_ctl", "start", "--wait", *log, "-o", f"-k {folder} {_SETTINGS}")
        try:
            yield str(folder)
        finally:
            run("pg_ctl", "stop", "--wait", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def emptied(folder: str) -> str:
    """Empty the server's database and return its URL; that is faster than making a new one."""
    with psycopg.connect(host=folder, user="twokey", dbname="postgres") as connection:
        connection.execute("SET lock_timeout = '5s'; DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"postgresql://twokey@/postgres?host={folder}"


def _user() -> str | None:
    """Return whom to run as; None as anybody but root, who is refused by the server."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)
