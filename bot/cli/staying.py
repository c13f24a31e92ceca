"""Stay until nothing runs here any more: whoever plans and runs can't just leave."""

import asyncio
from functools import partial
from typing import Final

from bot.cli.looks import patiently
from bot.cli.options import say
from bot.domain.rollback import Rollback, State
from bot.ports import Store, Transaction

_LOOK: Final = 0.3
_SHOWN_WITHIN: Final = 10.0
_MANY: Final = 50
# A doubt waits for a person, perhaps until tomorrow, and nothing runs in the meantime.
_AT_WORK: Final = frozenset({State.CLAIMED, State.RUNNING, State.VERIFYING})


async def stay_for_others(store: Store, because: str) -> None:
    """Carry out what others asked for while we began: they saw that somebody plans and runs."""
    if waiting := [one.id for one in await _open(store)]:
        say(because)
        say(f"Carried out here until it ended: {', '.join(waiting)}.")
    while await _open(store):  # noqa: ASYNC110 - others decide about it, in the database
        await asyncio.sleep(_LOOK)
    await at_rest(store)


async def at_rest(store: Store) -> None:
    """Wait until nothing runs here any more, and for a while until everybody was shown it."""
    while running := [one.id for one in await _open(store) if one.state in _AT_WORK]:
        say(f"Still running here: {', '.join(running)}.")
        await asyncio.sleep(_LOOK * 10)
    try:
        async with asyncio.timeout(_SHOWN_WITHIN):
            while await patiently(partial(store.read, _is_owed)):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)
    except TimeoutError:
        say("Not everything could be shown in the chats yet; the next twokey serve does that.")
    if waiting := [one.id for one in await _open(store)]:
        say(f"Still open, and nobody plans or runs any more: {', '.join(waiting)}.")
        say("Next: twokey serve")


async def _open(store: Store) -> tuple[Rollback, ...]:
    return await patiently(partial(store.read, lambda tx: tx.newest_open(_MANY)))


def _is_owed(tx: Transaction) -> bool:
    return bool(tx.due_postings(1)) or tx.next_posting_at() is not None
