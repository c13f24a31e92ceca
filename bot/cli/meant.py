"""Which rollback is meant: the one whose id is typed, or the one that is open."""

import re
from typing import Annotated, Final

import typer

from bot.domain.errors import Refused, TwokeyError
from bot.domain.rollback import Rollback
from bot.ports import Store

RollbackId = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Its id, such as rb-7f3k2q; else the one that is open."),
]
_GRAMMAR: Final = re.compile(r"rb-[0-9a-z]{4,12}")
_LOOKED_AT: Final = 20


async def meant(store: Store, rollback_id: str | None) -> Rollback:
    """Return the rollback that is meant, or say which ones it could be."""
    if rollback_id is None:
        return await _the_open_one(store)
    known = None
    if _GRAMMAR.fullmatch(rollback_id):
        known = await load(store, rollback_id)
    if known is None:
        raise TwokeyError(
            f"There is no rollback {rollback_id[:40]!a}. Nothing was changed. twokey status "
            "names those that are open."
        )
    return known


async def load(store: Store, rollback_id: str) -> Rollback | None:
    """Return it as it is now, if there is one."""
    try:
        return await store.read(lambda tx: tx.load(rollback_id))
    except Refused:
        return None


async def _the_open_one(store: Store) -> Rollback:
    found = await store.read(lambda tx: tx.newest_open(_LOOKED_AT))
    if len(found) == 1:
        return found[0]
    if not found:
        raise TwokeyError(
            "No rollback is open, so say which one is meant by its id, such as rb-7f3k2q. Nothing "
            "was changed."
        )
    names = ", ".join(f"{one.id} ({one.target} in {one.environment})" for one in found)
    raise TwokeyError(f"Say which one is meant; these are open: {names}. Nothing was changed.")
