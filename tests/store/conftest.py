"""Stores to try: a file, and a database of a real PostgreSQL server that the tests start."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from iotscan.store import Store, open_store
from iotscan.store.connect import prepare

# initdb refuses to run as root; Debian's package brings this user, and everybody has nobody.
_USERS = ("postgres", "nobody")


def _programs() -> Path | None:
    """The folder of initdb: Debian does not put it on the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return max((p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _USERS if name in names)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The folder of the socket of a server that listens nowhere else, started for these tests."""
    programs = _programs()
    if programs is None:
        pytest.skip("not installed: postgresql")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="iotscan-postgresql-"))
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

    # What is lost with the machine may be lost: this saves the time of a hundred fsyncs.
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    try:
        run("initdb", "--auth=trust", "--username=tester", "--no-sync", "--encoding=UTF8")
        run("pg_ctl", "start", "-w", "-t", "60", "-l", str(folder / "log"), "-o", options)
        try:
            yield str(folder)
        finally:
            run("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgresql: str) -> Iterator[str]:
    """The address of an empty database, which is gone after the test."""
    import psycopg

    name = f"t{os.urandom(6).hex()}"
    with psycopg.connect(
        host=postgresql, user="tester", dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield f"postgresql://tester@/{name}?host={postgresql}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The name of a store that is ready, of either kind."""
    if request.param == "sqlite":
        return str(tmp_path / "history.sqlite")
    name: str = request.getfixturevalue("database")
    prepare(name)
    return name


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with open_store(place) as found:
        yield found
