"""Opening a store: names, permissions, migrations, and everything that can be wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from paper import TELNET, Thing, report
from sqlalchemy import inspect, text

from iotscan.errors import StoreError
from iotscan.store import open_store
from iotscan.store.connect import _engine, place, prepare
from iotscan.store.migrate import upgrade
from iotscan.store.schema import REVISION, metadata
from iotscan.store.transactions import reading, writing

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
CAMERA = Thing("192.0.2.7", "00:00:5e:00:53:01", doors=(TELNET,))


@posix
def test_new_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "history.sqlite"
    before = os.umask(0)
    try:
        with open_store(str(file)) as store:
            store.add(report(CAMERA))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert "history.sqlite-wal" in modes


def test_default_lies_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    with open_store() as store:
        store.add(report(CAMERA))
    assert (tmp_path / "iotscan" / "history.sqlite").is_file()
    assert place() == str(tmp_path / "iotscan" / "history.sqlite")


def test_paths_and_addresses_name_the_same_file(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite"
    with open_store(str(file)) as store:
        store.add(report(CAMERA))
    with open_store(f"sqlite:///{file}") as store:
        assert len(store.scans()) == 1


def test_reader_that_waits_on_a_writer_sees_what_was_there_before(tmp_path: Path) -> None:
    file = str(tmp_path / "a.sqlite")
    with open_store(file) as store, open_store(file) as other:
        store.add(report(CAMERA))
        with writing(store._engine) as connection:
            connection.execute(text("DELETE FROM scans"))
            assert len(other.scans()) == 1
        assert other.scans() == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mysql://root@localhost/x", "no history can be kept in mysql"),
        ("sqlite://", "needs the path of a file"),
        ("://", "a file, sqlite:///FILE or postgresql"),
        ("postgresql://x@y:port/z", "a file, sqlite:///FILE or postgresql"),
        ("/proc/nowhere/a.sqlite", "cannot be opened"),
        ("postgresql://x@/y?host=/nowhere", "cannot be opened.*Check that the server runs"),
    ],
)
def test_name_that_leads_nowhere_is_told(name: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        open_store(name)


def test_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened: Is a directory"):
        open_store(str(tmp_path))


def test_file_that_is_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear reader, " * 100)
    with pytest.raises(StoreError, match=r"not a database\. Name another file with --store"):
        open_store(str(other))
    assert other.read_text().startswith("Dear reader, ")


def test_database_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="tables that are not iotscan's"):
        open_store(str(file))
    with sqlite3.connect(file) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    connection.close()
    assert names == [("songs",)]


def test_database_of_a_newer_version_is_refused(place: str) -> None:
    with open_store(place) as store, writing(store._engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="a newer iotscan"):
        open_store(place)


def test_password_of_a_database_is_never_shown() -> None:
    name = "postgresql://tester:hunter2@localhost/home"
    assert "hunter2" not in place(name)
    with pytest.raises(StoreError) as told:
        open_store("postgresql://tester:hunter2@/x?host=/nowhere")
    assert "hunter2" not in str(told.value)


def test_postgresql_is_not_changed_until_somebody_says_so(database: str) -> None:
    with pytest.raises(StoreError, match="iotscan db upgrade"):
        open_store(database)
    assert prepare(database) == ("", REVISION)
    assert prepare(database) == (REVISION, REVISION)
    with open_store(database) as store:
        assert store.scans() == []


def test_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'iotscan\[postgresql\]'"):
        open_store("postgresql://x@localhost/y")


def test_newest_migration_is_the_one_the_code_expects() -> None:
    scripts = ScriptDirectory("iotscan/store/migrations")
    assert scripts.get_heads() == [REVISION]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("start", ["", "0001", "0002"])
def test_migrations_lead_to_the_tables_of_the_code(
    start: str, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """From nothing, and from every form that was ever published with what it held."""
    name = str(tmp_path / "a") if kind == "sqlite" else request.getfixturevalue("database")
    engine = _engine(name)
    if start:
        with writing(engine) as connection:
            upgrade(connection, start)
            connection.execute(text(_OLD_SCAN))
    assert prepare(name) == (start, REVISION)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        differences = compare_metadata(context, metadata)
        indexes = {i["name"] for t in metadata.tables for i in inspect(connection).get_indexes(t)}
    engine.dispose()
    assert differences == []
    assert {"scans_started", "sightings_device", "findings_device", "findings_rule"} <= indexes
    with open_store(name) as store:
        assert [(scan.started, scan.accepted) for scan in store.scans()] == (
            [("2026-01-01", 0)] if start else []
        )
        scan = store.add(report(CAMERA))
        assert store.report(scan) == report(CAMERA)
        assert store.accept("x", None, reason="r", owner="o", expires="2027-01-01") == 1


_OLD_SCAN = (
    "INSERT INTO scans (started, source, version, rules, duration, scope, policy, complete, "
    "devices, info, low, medium, high, critical) "
    "VALUES ('2026-01-01', 'scan', '1', 'r', 1.0, 's', '', '1', 0, 0, 0, 0, 0, 0)"
)


def test_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(tmp_path / "a")
    engine = _engine(name)
    with writing(engine) as connection:
        upgrade(connection, "0001")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("out of luck")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.add_column", broken)
        with pytest.raises(RuntimeError):
            open_store(name)
    with reading(engine) as connection:
        assert "accepted_risks" not in inspect(connection).get_table_names()
    engine.dispose()
    with open_store(name) as store:
        assert store.acceptances() == []


def test_opening_imports_alembic_only_when_there_is_something_to_do(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "a")):
        pass
    code = (
        "import sys; from iotscan.store import open_store; "
        f"open_store({str(tmp_path / 'a')!r}).scans(); "
        "assert 'alembic' not in sys.modules; assert 'psycopg' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
