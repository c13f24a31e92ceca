"""The tables of the program and those of the database are the same, or the program says so."""

import asyncio
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, inspect, make_url
from sqlalchemy.engine.interfaces import ReflectedIndex

from bot.domain.target import Place
from bot.ports import Kind, Posting
from bot.storage.audit import begin_chain
from bot.storage.codec import to_row
from bot.storage.connection import make_engine
from bot.storage.errors import Unusable
from bot.storage.migrate import configured, migrate
from bot.storage.part import Keeper
from bot.storage.store import SqlStore
from bot.storage.tables import metadata
from tests.bot.storage.samples import DEPLOYS, KEY, ManualClock, a_rollback, adding, execute, query


def described(connection: Connection) -> dict[str, str]:
    """Describe every table as the database itself knows it."""
    inspector = inspect(connection)

    def index(known: ReflectedIndex) -> tuple[object, ...]:
        options = known.get("dialect_options", {})
        where = {key: str(value) for key, value in options.items()}
        return known["name"], known["column_names"], known["unique"], where

    def by_name(things: Iterable[object]) -> list[str]:
        return sorted(map(str, things))

    return {
        table: "\n".join(
            [
                str(inspector.get_columns(table)),
                str(inspector.get_pk_constraint(table)),
                *by_name(inspector.get_foreign_keys(table)),
                *by_name(inspector.get_unique_constraints(table)),
                *by_name(inspector.get_check_constraints(table)),
                *by_name(map(index, inspector.get_indexes(table))),
            ]
        )
        for table in metadata.tables
    }


def modes_in(folder: Path) -> dict[str, str]:
    """Say who may do what with each file."""
    return {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}


def test_the_tables_are_what_the_migrations_make(url: str) -> None:
    """A migrated database has exactly the columns, keys, checks and indexes that the code knows."""
    engine = make_engine(make_url(url), writes=True)

    with engine.begin() as connection:
        migrate(connection)
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        migrated = described(connection)
        connection.rollback()
    with engine.begin() as connection:
        metadata.create_all(connection)
        intended = described(connection)
        connection.rollback()
    engine.dispose()

    assert differences == []
    assert migrated == intended


async def test_opening_again_changes_nothing(url: str, clock: ManualClock) -> None:
    """A database that is up to date keeps its content when it is opened again."""
    store = SqlStore(url, clock=clock, audit_key=KEY)
    await store.open()
    await store.write(adding(a_rollback()))
    await store.close()

    await store.open()
    loaded = await store.read(lambda tx: tx.load("rb-aaaa"))
    await store.close()

    assert loaded == a_rollback()


async def test_a_rollback_of_one_channel_keeps_it(url: str, clock: ManualClock) -> None:
    """What was written when a rollback had one place is found there, and its messages, too."""
    write_as_before_0003(url)
    store = SqlStore(url, clock=clock, audit_key=KEY)

    await store.open()
    found = await store.read(lambda tx: (tx.latest(DEPLOYS, 1), tx.due_postings(9)))
    await store.close()

    assert [(one.id, one.places) for one in found[0]] == [("rb-aaaa", (DEPLOYS,))]
    direct = Posting("rb-aaaa", Kind.ASK, Place("slack", "T0", "@U0"))
    assert [one.posting for one in found[1]] == [direct]


@pytest.mark.parametrize("body", ["x", "[]", "[" * 9999])
async def test_a_damaged_record_keeps_no_bot_from_starting(
    url: str, clock: ManualClock, body: str
) -> None:
    """What can't be read is left as it is by an upgrade, and the others are found."""
    write_as_before_0003(url)
    others = "version, state, environment, platform, tenant, channel, requester, asked_at"
    execute(
        url,
        f"INSERT INTO rollbacks (id, target, body, {others}) "  # noqa: S608 - all of it is ours
        f"SELECT 'rb-bbbb', 'frontend', '{body}', {others} FROM rollbacks",
    )
    store = SqlStore(url, clock=clock, audit_key=KEY)

    await store.open()
    found = await store.read(lambda tx: tx.latest(DEPLOYS, 9))
    await store.close()

    assert [one.id for one in found] == ["rb-aaaa"]
    assert query(url, "SELECT body FROM rollbacks WHERE id = 'rb-bbbb'") == [(body,)]


def write_as_before_0003(url: str) -> None:
    """Make a database of version 0002, with a rollback in one channel and somebody to be asked."""
    row = to_row(a_rollback()) | asdict(DEPLOYS)
    body = {key: value for key, value in json.loads(row["body"]).items() if key != "places"}
    row["body"] = json.dumps(body)
    asked: dict[str, object] = {
        "key": "rb-aaaa:ask:slack:T0/U0:0",
        "rollback_id": "rb-aaaa",
        "kind": "ask",
    }
    asked |= {"platform": "slack", "tenant": "T0", "channel": "U0", "due_at": row["asked_at"]}
    asked |= {"about": 0, "rank": 2, "wanted": 1, "shown": 0, "tried": False, "failures": 0}
    engine = make_engine(make_url(url), writes=True)
    with engine.begin() as connection:
        command.upgrade(configured(connection), "0002")
        begin_chain(connection, Keeper(ManualClock(), KEY))
        for table, values in (("rollbacks", row), ("outbox", asked)):
            known = Table(table, MetaData(), autoload_with=connection)
            connection.execute(known.insert().values(**values))
    engine.dispose()


async def test_a_newer_database_is_left_alone(url: str, clock: ManualClock) -> None:
    """A program that is older than its database says so and does not touch it."""
    store = SqlStore(url, clock=clock, audit_key=KEY)
    await store.open()
    await store.close()
    execute(url, "UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Unusable, match=r"newer Twokey .*9999.*Install the newer version"):
        await store.open()

    assert query(url, "SELECT version_num FROM alembic_version") == [("9999",)]


async def test_only_our_user_can_read_the_file(tmp_path: Path, clock: ManualClock) -> None:
    """The SQLite file and the files beside it are readable by their owner alone."""
    path = tmp_path / "twokey.sqlite"
    path.touch(mode=0o644)
    usual = os.umask(0o022)
    store = SqlStore(f"sqlite:///{path}", clock=clock, audit_key=KEY)
    await store.open()
    await store.write(adding(a_rollback()))

    modes = modes_in(tmp_path)
    await store.close()
    os.umask(usual)

    assert modes == dict.fromkeys(
        ("twokey.sqlite", "twokey.sqlite-wal", "twokey.sqlite-shm"), oct(0o600)
    )


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "mysql://host/db"])
async def test_other_databases_are_refused(wrong: str, clock: ManualClock) -> None:
    """A database that can't keep what was promised is refused in words."""
    store = SqlStore(wrong, clock=clock, audit_key=KEY)

    with pytest.raises(Unusable, match=r"needs a file|sqlite or postgresql"):
        await store.open()


async def test_several_stores_are_opened_at_once(tmp_path: Path) -> None:
    """What brings one database up to date is not disturbed by another one in the same process."""
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(8)]
    stores = [SqlStore(url, clock=ManualClock(), audit_key=KEY) for url in urls]
    try:
        await asyncio.gather(*(store.open() for store in stores))
    finally:
        await asyncio.gather(*(store.close() for store in stores))
