"""A human with an account on each of two chats, who shows that both are theirs."""

import re
from typing import Any

import pytest

from bot.domain.errors import Refused
from bot.domain.event import Event
from bot.domain.link import Proof
from bot.domain.people import Account
from bot.domain.target import Place
from bot.engine import link
from tests.bot.engine.world import World

SERVER = ("discord", "1000")
CHANNEL = Place(*SERVER, "2000")
CODE, WRONG = "BCDFGHJK", "ZZZZZZZZ"


async def offer(here: World, person: str = "manager-one", code: str = CODE, **more: Any) -> None:
    """Let somebody on Slack get a code."""
    await link.offer(here.engine, here.invocation(person, **more), code=code)


def on_discord(person: str) -> dict[str, Any]:
    """Return who asks, and where, if it is done on the other chat."""
    return {"account": Account(*SERVER, person), "place": CHANNEL}


async def prove(here: World, person: str = "manager-one", code: str = CODE, **more: Any) -> Proof:
    """Let somebody on Discord repeat a code."""
    where = on_discord(person) | more
    return await link.prove(here.engine, here.invocation(person, **where), code=code)


async def refusal(here: World, person: str = "manager-one", code: str = CODE, **more: Any) -> str:
    """Return the code and the words of the refusal that repeating it meets."""
    with pytest.raises(Refused) as refused:
        await prove(here, person, code, **more)
    assert refused.value.is_recorded
    assert re.search("Nothing was (changed|recorded)", str(refused.value))
    return f"{refused.value.code}: {refused.value}"


async def strays(here: World) -> tuple[Event, ...]:
    """Return what happened outside of all rollbacks."""
    return await here.engine.store.read(lambda tx: tx.events(None))
