"""Brings a database to the tables of this program; one from a newer program is left alone."""

import threading
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.storage.errors import Unusable

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME: Final = 0x74776F6B  # any number, the same in every replica
_ONE_IN_HERE: Final = threading.Lock()  # Alembic keeps what it is doing in its module


def is_current(connection: Connection) -> bool:
    """Tell whether the tables are those of this program."""
    known = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == known


def configured(connection: Connection) -> Config:
    """Return what Alembic has to know."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> None:
    """Run what is missing, in the transaction that is open."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:number)")
        connection.execute(lock, {"number": _ONE_AT_A_TIME})
    config = configured(connection)
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise Unusable(
            f"The database was written by a newer Twokey (its tables are {', '.join(unknown)}, "
            f"this one knows them up to {scripts.get_current_head()}). Nothing was changed. "
            "Install the newer version, or restore the backup made before the upgrade."
        )
    with _ONE_IN_HERE:
        command.upgrade(config, "head")
