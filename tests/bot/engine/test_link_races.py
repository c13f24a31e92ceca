"""However many repeat a code at the same moment, on however many bots, it counts once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.event import Happening
from bot.domain.link import MOST_WRONG, Proof, proofs
from bot.ports import Store, Transaction
from bot.storage.store import SqlStore
from tests.bot.engine.linking import WRONG, offer, prove, refusal, strays
from tests.bot.engine.world import World, world

T = TypeVar("T")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which everybody is known on Slack, and nobody on Discord."""
    async with world(tmp_path) as here:
        yield here


async def test_of_many_at_once_one_counts(here: World) -> None:
    """If ten accounts repeat one code at the same moment, exactly one of them proved it."""
    await offer(here)
    tries = [prove(here, f"person-{number}") for number in range(10)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Proof) for one in outcomes) == 1
    kinds = [event.kind for event in await strays(here)]
    assert kinds.count(Happening.LINK_PROVEN) == 1
    assert kinds.count(Happening.LINK_REFUSED) == 9


async def test_guesses_at_the_same_moment_are_counted(here: World) -> None:
    """Whoever tries a hundred codes at once has five of them looked at."""
    codes = [f"ZZZZZ{a}{b}Z" for a in "BCDFGHJKLM" for b in "NPQRSTVWXZ"]
    tries = [prove(here, code=code) for code in codes]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    found = [one.code for one in outcomes if isinstance(one, Refused)]
    assert found.count(Refusal.NOT_FOUND) == MOST_WRONG
    assert found.count(Refusal.LIMIT) == 95


@dataclass
class Hesitant:
    """A store in which something happens between each look and the decision after it."""

    store: Store
    happens: Callable[[], Awaitable[object]]

    async def read(self, work: Callable[[Transaction], T]) -> T:
        found = await self.store.read(work)
        await self.happens()
        return found

    async def write(self, work: Callable[[Transaction], T]) -> T:
        return await self.store.write(work)


async def test_whoever_was_not_looked_up_is_not_believed(here: World) -> None:
    """A code that is given between the look and the decision counts at the next try."""
    hesitant = Hesitant(here.engine.store, partial(offer, here))
    slow = World(replace(here.engine, store=hesitant), here.clock, here.members)
    assert (await refusal(slow)).startswith("directory_down: ")
    await prove(here)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'shared.db'}"
    new: str = request.getfixturevalue("postgresql_url")
    return new


@asynccontextmanager
async def two_bots(here: World, url: str) -> AsyncIterator[tuple[World, World]]:
    """Open two bots on one database."""
    async with AsyncExitStack() as stack:
        bots: list[World] = []
        for _ in range(2):
            store = SqlStore(url, clock=here.clock, audit_key=b"k" * 32)
            await store.open()
            stack.push_async_callback(store.close)
            bots.append(World(replace(here.engine, store=store), here.clock, here.members))
        yield bots[0], bots[1]


async def test_a_code_counts_once_whichever_bot_hears_it(here: World, url: str) -> None:
    """If two accounts repeat a code at the same moment on two bots, one of them proved it."""
    async with two_bots(here, url) as bots:
        for number in range(10):
            await offer(bots[0])
            tries = [prove(bot, f"person-{number}-{n}") for n, bot in enumerate(bots)]
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            assert sum(isinstance(one, Proof) for one in outcomes) == 1, outcomes
        assert len(list(proofs(await strays(bots[1])))) == 10


async def test_guesses_are_counted_together(here: World, url: str) -> None:
    """Whoever guesses on two bots at once has no more guesses than on one."""
    async with two_bots(here, url) as bots:
        tries = [prove(bot, code=WRONG) for bot in bots * 10]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    found = [one.code for one in outcomes if isinstance(one, Refused)]
    assert (found.count(Refusal.NOT_FOUND), found.count(Refusal.LIMIT)) == (MOST_WRONG, 15)
