"""The store: one writer, a few readers, and the event loop that waits for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.ports import Clock, Transaction
from bot.storage.audit import begin_chain, read_head, verify_chain
from bot.storage.chain import ChainReport
from bot.storage.connection import READERS, make_engine
from bot.storage.errors import Unreadable
from bot.storage.migrate import is_current, migrate
from bot.storage.part import Keeper
from bot.storage.transaction import SqlTransaction, carry_out
from bot.storage.writer import Writer

T = TypeVar("T")


class SqlStore:
    """Keeps everything in SQLite or PostgreSQL, whichever the URL names."""

    def __init__(self, url: str, *, clock: Clock, audit_key: bytes, name: str = "") -> None:
        """Remember where and with what, and who we are; only ``open`` touches anything."""
        self._url = make_url(url)
        self._name = name
        self._keeper = Keeper(clock, audit_key)
        self._listeners: list[Callable[[], object]] = []

    async def open(self) -> None:
        """Bring the tables up to date and start the threads, for the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="twokey-reader")
        self._engines = ExitStack()
        try:
            await self._in_thread(self._prepare)
        except BaseException:
            await self._let_go()
            raise
        self._writer = Writer(self._for_writing, self._keeper, self._tell, name=self._name)

    async def close(self) -> None:
        """Finish what is queued and let go of the database."""
        await self._writer.close()
        await self._let_go()

    def on_commit(self, listener: Callable[[], object]) -> None:
        """Call this on the event loop after each commit that changed something."""
        self._listeners.append(listener)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in one transaction of the only writer; return after the commit."""
        return await self._writer.write(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a snapshot."""
        return await self._in_thread(partial(self._read, work))

    async def is_current(self) -> bool:
        """Read the database, and tell whether its tables are those of this program."""
        return await self._in_thread(self._is_current)

    async def verify_chain(self) -> ChainReport:
        """Look at the whole audit chain for anything that was changed behind our back."""
        return await self._in_thread(self._verify_chain)

    def _tell(self) -> None:
        for listener in self._listeners:
            self._loop.call_soon(listener)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await self._loop.run_in_executor(self._pool, work)
        except SQLAlchemyError as error:
            raise Unreadable(
                "The database can't be read right now. Nothing was changed. Try again in a moment."
            ) from error

    async def _let_go(self) -> None:
        await self._in_thread(self._engines.close)
        self._pool.shutdown()

    def _prepare(self) -> None:
        self._for_writing = self._make_engine(writes=True)
        self._for_reading = self._make_engine(writes=False)
        with self._for_writing.begin() as connection:
            migrate(connection)
            begin_chain(connection, self._keeper)

    def _make_engine(self, *, writes: bool) -> Engine:
        engine = make_engine(self._url, writes=writes)
        self._engines.callback(engine.dispose)
        return engine

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with self._for_reading.begin() as connection:
            head = read_head(connection)
            return carry_out(work, SqlTransaction(connection, self._keeper, head, is_write=False))

    def _is_current(self) -> bool:
        with self._for_reading.begin() as connection:
            return is_current(connection)

    def _verify_chain(self) -> ChainReport:
        with self._for_reading.begin() as connection:
            return verify_chain(connection, self._keeper.key)
