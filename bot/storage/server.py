"""What Twokey asks of a PostgreSQL server; a server that can't keep a promise is refused."""

from typing import Final

import psycopg

from bot.storage.errors import Unusable

_OLDEST: Final = 140_000  # the first that ends silent sessions by itself
_FACTS: Final = """
    SELECT current_setting('server_version_num')::int, current_setting('server_version'),
    current_setting('server_encoding'), current_setting('synchronous_commit'),
    current_setting('transaction_read_only')
"""


async def check_server(session: psycopg.AsyncConnection) -> None:
    """Raise a sentence if this server would lose or garble what it is told."""
    row = await (await session.execute(_FACTS)).fetchone()
    number, version, encoding, commits, is_read_only = row or (0, "?", "?", "?", "?")
    problem = ""
    if number < _OLDEST:
        problem = f"it is PostgreSQL {version}, and Twokey needs 14 or newer"
    elif encoding != "UTF8":
        problem = f"its encoding is {encoding}, and people's words need UTF8"
    elif commits == "off":
        problem = "synchronous_commit is off, so a crash could lose decisions"
    elif is_read_only == "on":
        problem = "it can only be read, as a standby"
    if problem:
        raise Unusable(f"This database can't be used: {problem}. Nothing was started.")
