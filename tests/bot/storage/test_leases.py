"""What only one process may do, only one does; a lease that is lost is taken over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bot.ports import Lease
from bot.storage.errors import Unusable
from bot.storage.leases import Member, membership
from bot.storage.owner import Owner
from bot.storage.store import SqlStore
from tests.bot.storage.samples import KEY, ManualClock, a_rollback, adding

BOTH = (Lease.EXECUTION, Lease.DELIVERY)
PATIENCE = 30


class Platform:
    """What every process that is connected hears."""

    def __init__(self) -> None:
        self.is_there = True

    async def is_connected(self) -> bool:
        """Tell what a test said."""
        return self.is_there


@dataclass
class Listener:
    """A process and its connection."""

    member: Member
    platform: Platform

    @property
    def holds(self) -> bool:
        """Tell whether it is up to this process to answer."""
        return self.member.holds(Lease.RECEPTION)

    @property
    def answers(self) -> bool:
        """Tell whether it answers what it hears."""
        return self.member.is_left_to_us(Lease.RECEPTION)


class Room:
    """Members on one database, whose time passes when a test says so."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.url = url
        self.time = 1000.0
        self._stack = stack
        self._attending: dict[Member, asyncio.Task[None]] = {}

    async def joined(self, *wanted: Lease) -> Member:
        """Let one more process join."""
        member = Member(self.url, wanted=wanted or BOTH, now=lambda: self.time)
        await member.join()
        self._stack.push_async_callback(member.close)
        self._attending[member] = asyncio.create_task(member.run_forever())
        self._stack.callback(self._attending[member].cancel)
        return member

    async def die(self, member: Member) -> None:
        """End a process: the server notices that its session is gone."""
        self._attending[member].cancel()
        await member.close()

    async def until(self, holds: Callable[[], bool], *, passing: float = 0.0) -> None:
        """Let time pass until something is so."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.time += passing
                await asyncio.sleep(0.02)

    async def listener(self) -> Listener:
        """Let a process join that is connected to something that tells everybody everything."""
        member, platform = await self.joined(Lease.DELIVERY), Platform()
        member.want(Lease.RECEPTION, only_while=platform.is_connected)
        return Listener(member, platform)

    def end_sessions(self) -> None:
        """Have an administrator end the sessions of all members."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = current_user AND pid <> pg_backend_pid()"
            )


@pytest.fixture
async def room(postgresql_url: str) -> AsyncIterator[Room]:
    """An empty database for members."""
    async with AsyncExitStack() as stack:
        yield Room(postgresql_url, stack)


@asynccontextmanager
async def opened(member: Member, url: str) -> AsyncIterator[SqlStore]:
    """Open the store of one member."""
    store = SqlStore(url, clock=ManualClock(), audit_key=KEY, name=member.name)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_a_lease_has_one_holder(room: Room) -> None:
    """Whoever joins first holds what it wants, and others get what is left."""
    chat = await room.joined(Lease.DELIVERY)
    both = await room.joined()
    third = await room.joined()

    assert [chat.holds(lease) for lease in BOTH] == [False, True]
    assert [both.holds(lease) for lease in BOTH] == [True, False]
    assert not any(map(third.holds, BOTH))


async def test_a_dead_holder_is_replaced_by_one(room: Room) -> None:
    """When a holder is gone, each of its leases goes to one of the others, a while later."""
    first = await room.joined()
    others = [await room.joined(), await room.joined()]
    await room.until(lambda: first.holds(Lease.EXECUTION))

    await room.die(first)

    def holders(lease: Lease) -> list[bool]:
        return [one.holds(lease) for one in others]

    await room.until(lambda: all(any(holders(lease)) for lease in BOTH), passing=0.1)

    assert not first.holds(Lease.EXECUTION)
    assert [sorted(holders(lease)) for lease in BOTH] == [[False, True]] * 2


async def test_a_holder_that_loses_its_session_comes_back(room: Room) -> None:
    """After a moment without the server, whoever held a lease goes on with it."""
    first = await room.joined()
    second = await room.joined()
    came_back = asyncio.Event()
    first.on_news(came_back.set)

    room.end_sessions()
    async with asyncio.timeout(PATIENCE):
        await came_back.wait()

    assert holds_all(first)
    assert not any(map(second.holds, BOTH))


async def test_nobody_trusts_an_old_look(room: Room) -> None:
    """A process that did nothing for a while does not believe that it still holds anything."""
    member = await room.joined()
    came_back = asyncio.Event()
    assert holds_all(member)

    room.time += 3.0
    member.on_news(came_back.set)

    assert not any(map(member.holds, BOTH))
    async with asyncio.timeout(PATIENCE):  # whoever waits for work is woken
        await came_back.wait()
    assert holds_all(member)


async def test_a_successor_waits_longer_than_a_holder_is_sure(room: Room) -> None:
    """A freed lease is not taken while the last holder may still believe in it."""
    first = await room.joined()
    second = await room.joined()
    await room.die(first)

    await room.until(lambda: second._left_at[Lease.EXECUTION] == room.time)
    room.time += 3.4
    await room.until(lambda: second._looked_at == room.time)
    is_early = any(map(second.holds, BOTH))
    await room.until(lambda: holds_all(second), passing=0.1)

    assert not is_early


async def test_only_who_is_connected_answers(room: Room) -> None:
    """What every process hears is answered by one that hears it, and at once by another one."""
    first, second = await room.listener(), await room.listener()
    second.platform.is_there = False
    await room.until(lambda: first.holds and not second.answers)

    first.platform.is_there, second.platform.is_there = False, True

    await room.until(lambda: second.holds and not first.answers)


async def test_who_answers_goes_on_while_the_database_is_away(room: Room) -> None:
    """Whoever answered last does so until the server is seen again, and nobody else does."""
    first = await room.listener()
    await room.until(lambda: first.holds)
    second = await room.listener()
    await room.until(lambda: not second.answers)
    where = first.member._conninfo
    first.member._conninfo = second.member._conninfo = "host=127.0.0.1 port=1"

    room.end_sessions()
    await room.until(lambda: not first.holds and second.member._session is None)

    assert (first.answers, second.answers) == (True, False)
    first.member._conninfo = where
    await room.until(lambda: first.holds)


async def test_answering_is_handed_over(room: Room) -> None:
    """Whoever ends answers until another one does."""
    first = await room.listener()
    await room.until(lambda: first.holds)
    second = await room.listener()
    await room.until(lambda: not second.answers)

    await first.member.hand_over(Lease.RECEPTION)

    assert not first.answers
    await room.until(lambda: second.holds)


async def test_others_hear_of_a_commit(room: Room) -> None:
    """A commit is news for the other processes, and not for the one that made it."""
    writer, listener = await room.joined(), await room.joined()
    heard, echo = asyncio.Event(), asyncio.Event()
    listener.on_news(heard.set)
    writer.on_news(echo.set)

    async with opened(writer, room.url) as store, asyncio.timeout(PATIENCE):
        await store.write(adding(a_rollback()))
        await heard.wait()

    assert not echo.is_set()


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("synchronous_commit = off", "a crash could lose decisions"),
        ("default_transaction_read_only = on", "only be read"),
    ],
)
async def test_a_server_that_breaks_promises_is_refused(
    postgresql_url: str, setting: str, sentence: str
) -> None:
    """A server that may forget what it said, or takes nothing, is refused with the reason."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE twokey SET {setting}".encode())
        try:
            with pytest.raises(Unusable, match=sentence):
                await Member(postgresql_url, wanted=BOTH).join()
        finally:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute("ALTER ROLE twokey RESET ALL")


async def test_another_encoding_is_refused(postgresql_url: str) -> None:
    """A database that can't keep what people write is refused."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS ascii")
        connection.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")

    with pytest.raises(Unusable, match="SQL_ASCII"):
        await Member(postgresql_url.replace("/postgres", "/ascii"), wanted=BOTH).join()


async def test_a_server_that_is_not_there() -> None:
    """Whoever starts without the server is told so, with nothing started."""
    with pytest.raises(Unusable, match=r"does not answer.* Nothing was started"):
        await Member("postgresql://twokey@127.0.0.1:1/twokey", wanted=BOTH).join()


async def test_a_file_has_one_owner(tmp_path: Path) -> None:
    """On SQLite the first process may do everything, and a second one ends at once."""
    url = f"sqlite:///{tmp_path / 'twokey.db'}"
    first = membership(url, folder=tmp_path, wanted=BOTH)
    second = membership(url, folder=tmp_path, wanted=BOTH)
    assert isinstance(first, Owner)

    await first.join()
    with pytest.raises(Unusable, match="Another Twokey runs"):
        await second.join()
    assert all(map(first.holds, BOTH))
    assert not any(map(second.holds, BOTH))

    await first.close()
    await second.join()
    await second.close()


def holds_all(member: Member) -> bool:
    """Tell whether it holds every lease."""
    return all(map(member.holds, BOTH))
