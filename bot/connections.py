"""The chats of this process: opened as configured, connected, and read ahead."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from bot.chats import Gateway, Platform
from bot.config import Settings
from bot.domain.errors import TwokeyError
from bot.domain.people import People
from bot.domain.target import Place
from bot.invocation import Command
from bot.ports import Chat, ChatBusy, ChatUnreachable, Kind, Reference, Store, Transaction

log = logging.getLogger("twokey")
_CONNECT_AGAIN: Final = 5.0  # seconds
_REFUSED_AGAIN: Final = 300.0  # once others are served: only people can mend it
_WITHIN: Final = 5.0  # each chat is waited for so long; then the others go on without it
_WARM_FOR: Final = 45.0  # seconds; a directory entry counts for sixty
_WARM_LOOK: Final = 2.0
_WARM_FOR_REQUESTS: Final = 10  # the newest; who decides on an older one waits for the platform


@asynccontextmanager
async def chats(
    settings: Settings,
    store: Store,
    commands: Sequence[Command],
    *,
    learn: Callable[[str], None],
    receives: Callable[[], bool],
) -> AsyncGenerator[tuple[Platform, ...]]:
    """Open every chat that is configured, for as long as the context lasts.

    ``commands`` are what can be asked for: some chats offer them before anybody asks. ``learn``
    hears of every token that was not configured, so that no log ever shows it. ``receives`` says
    whether it is up to this process to answer what every process hears.
    """
    async with AsyncExitStack() as stack:
        found: list[Platform] = []
        if settings.slack is not None:
            from bot.slack import slack  # noqa: PLC0415 - each chat's library is large

            access = slack(settings.slack, store, learn=learn)
            found.append(await stack.enter_async_context(access))
        if settings.discord is not None:
            from bot.discord import discord  # noqa: PLC0415 - see above

            access = discord(settings.discord, commands, receives=receives)
            found.append(await stack.enter_async_context(access))
        yield tuple(found)


async def connect(gateways: Sequence[Gateway]) -> tuple[asyncio.Task[None], ...]:
    """Connect to every chat; return what still tries, once the first one is there.

    What is wrong with a configuration is raised. A platform that is away keeps no other waiting.
    """
    if not gateways:
        return ()
    is_served = asyncio.Event()
    tries = [asyncio.create_task(_connect(gateway, is_served)) for gateway in gateways]
    try:
        done, pending = await asyncio.wait(tries, timeout=_WITHIN)
        if not done:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    except BaseException:
        for one in tries:
            one.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        raise
    is_served.set()
    return tuple(pending)


async def _connect(gateway: Gateway, is_served: asyncio.Event) -> None:
    """Connect to one, however long that takes: what was running goes on meanwhile.

    What is refused is raised only until others are served: then it would end with nobody looking.
    """
    while True:
        try:
            await gateway.start()
        except (ChatUnreachable, ChatBusy) as error:
            pause = max(_CONNECT_AGAIN, error.seconds)
            log.warning("%s Trying again in %.0f s.", error, pause)
            await asyncio.sleep(pause)
        except TwokeyError as error:
            if not is_served.is_set():
                raise
            log.error("%s Trying again in %.0f s.", error, _REFUSED_AGAIN)  # noqa: TRY400
            await asyncio.sleep(_REFUSED_AGAIN)
        else:
            return


async def absent(gateways: Mapping[str, Gateway]) -> str:
    """Say which chats can't deliver."""
    gone = [title for title, one in gateways.items() if not await one.is_connected()]
    return f"Not connected: {', '.join(gone)}." if gone else ""


async def disconnected(gateways: Mapping[str, Gateway]) -> str:
    """Say which chats can't deliver; nothing if people can be heard on one of them at least."""
    return "" if await is_any_connected(gateways.values()) else await absent(gateways)


async def is_any_connected(gateways: Iterable[Gateway]) -> bool:
    """Tell whether one of them can deliver right now."""
    return any([await one.is_connected() for one in gateways])


async def keep_warm(platforms: Iterable[Platform], store: Store, people: People) -> None:
    """Read the entries of whoever is asked right now, so that a click rarely waits for them."""
    read_at: dict[str, float] = {}
    while True:
        try:
            waiting = await store.read(lambda tx: tx.newest_open(_WARM_FOR_REQUESTS))
        except TwokeyError as error:
            log.warning("nobody's entry was read ahead: %s", error)
            waiting = ()
        asked = {key for one in waiting for key in one.approvers}
        now = time.monotonic()
        stale = {key for key in asked if now - read_at.get(key, -_WARM_FOR) >= _WARM_FOR}
        accounts = [one for key in sorted(stale) for one in people.named(key).accounts]
        await asyncio.gather(*(platform.directory.warm(accounts) for platform in platforms))
        read_at |= dict.fromkeys(stale, now)
        await asyncio.sleep(_WARM_LOOK)


def link_to(
    store: Store, by_name: Mapping[str, Chat]
) -> Callable[[str, Place], Coroutine[Any, Any, str | None]]:
    """Return what finds a rollback's notice near where somebody is; none is no reason to fail."""

    def notice(tx: Transaction, rollback_id: str, near: Place) -> Reference | None:
        shown = [place for place in tx.load(rollback_id).places if place.home == near.home]
        return tx.reference(rollback_id, Kind.NOTICE, shown[0]) if shown else None

    async def find(rollback_id: str, near: Place) -> str | None:
        try:
            reference = await store.read(lambda tx: notice(tx, rollback_id, near))
            return await by_name[near.platform].link(reference) if reference else None
        except TwokeyError as error:
            log.warning("no link to %s: %s", rollback_id, error)
            return None

    return find
