"""Look at rollbacks: where one is now, and how it goes on."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.live import Live

from bot.chat.terminal.drawing import draw, inert
from bot.cli.meant import RollbackId, meant
from bot.cli.options import HERE, File, books, out, show
from bot.config import Settings
from bot.domain.people import People
from bot.domain.rollback import Rollback, State
from bot.domain.target import TERMINAL
from bot.message import Buttons, Message
from bot.ports import Kind, Posting, Store
from notifications import renderer

_LOOK: Final = 0.5  # seconds between two looks
_SHOWN: Final = 20
Looks = AsyncGenerator[tuple[Rollback, datetime]]


def status(
    rollback: RollbackId = None,
    config: File = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a program.")] = False,
) -> None:
    """Show what is open, or where one rollback is."""
    asyncio.run(_status(books(config), rollback, as_json=as_json))


async def _status(settings: Settings, rollback_id: str | None, *, as_json: bool) -> None:
    from bot.reports import opened  # noqa: PLC0415 - help needs no database

    async with opened(settings) as store:
        found, now = await store.read(lambda tx: (tx.newest_open(_SHOWN), tx.now))
        if rollback_id is not None:
            found = (await meant(store, rollback_id),)
    if as_json:
        sys.stdout.write(json.dumps([_facts(one) for one in found], indent=2) + "\n")
    elif not found:
        show("Nothing is being rolled back.")
    for one in () if as_json else found:
        show(*state(one, settings.people, now=now))


def follow(rollback: RollbackId = None, config: File = HERE) -> None:
    """Watch a rollback until it ended; exit 0 if it succeeded, 1 if it did not."""
    ended = asyncio.run(_follow(books(config), rollback))
    raise typer.Exit(0 if ended.state is State.SUCCEEDED else 1)


async def _follow(settings: Settings, rollback_id: str | None) -> Rollback:
    from bot.reports import opened  # noqa: PLC0415

    async with opened(settings) as store:
        rollback = await meant(store, rollback_id)
        return await watched(store, settings.people, rollback.id)


async def watched(store: Store, people: People, rollback_id: str) -> Rollback:
    """Show how it goes on until it ended, and then what is known about it."""
    drawn = _drawn if out.is_terminal else _written
    ended = await drawn(_looks(store, rollback_id), people)
    if ended.claimed_at is not None:
        await _show_summary(store, people, ended)
    return ended


async def _drawn(looks: Looks, people: People) -> Rollback:
    """Draw it anew at each look, in the same place."""
    seen: list[Rollback] = []
    with Live(console=out, auto_refresh=False) as live:
        async for rollback, now in looks:
            live.update(Group(*state(rollback, people, now=now)), refresh=True)
            seen = [rollback]
    return seen[0]


async def _written(looks: Looks, people: People) -> Rollback:
    """Write a line whenever there is something new to say."""
    said, seen = "", list[Rollback]()
    async for rollback, now in looks:
        sentence = _message(rollback, people, Kind.NOTICE).text
        if sentence != said:
            show(f"{now:%H:%M:%S}  {inert(sentence)}")
        said, seen = sentence, [rollback]
    return seen[0]


async def _looks(store: Store, rollback_id: str) -> Looks:
    """Look at it again and again; the last look is the first one after its end."""
    while True:
        rollback, now = await store.read(lambda tx: (tx.load(rollback_id), tx.now))
        yield rollback, now
        if rollback.state.is_terminal:
            return
        await asyncio.sleep(_LOOK)


async def _show_summary(store: Store, people: People, rollback: Rollback) -> None:
    events, now = await store.read(lambda tx: (tx.events(rollback.id), tx.now))
    message = renderer(people)(Posting(rollback.id, Kind.SUMMARY, TERMINAL), rollback, events)
    if message is not None:
        show("", draw(message, now=now))


def state(rollback: Rollback, people: People, *, now: datetime) -> Iterator[RenderableType]:
    """Return the notice of a rollback as it is now, and what can be typed about it."""
    notice = _message(rollback, people, Kind.NOTICE)
    yield draw(notice, now=now)
    card = _message(rollback, people, Kind.CARD)
    rows = tuple(block for block in card.blocks if isinstance(block, Buttons))
    if rows:
        yield draw(Message(card.text, rows))
    yield ""


def _message(rollback: Rollback, people: People, kind: Kind) -> Message:
    """Return what chats show in this place, from the same renderer."""
    message = renderer(people)(Posting(rollback.id, kind, TERMINAL), rollback, ())
    return message or Message("")


def _facts(rollback: Rollback) -> dict[str, Any]:
    return {
        "id": rollback.id,
        "target": rollback.target,
        "environment": rollback.environment,
        "state": str(rollback.state),
        "requester": rollback.requester,
        "given": rollback.given,
        "needed": rollback.policy.approvals,
        "approvals": [vote.person for vote in rollback.standing],
        "digest": rollback.plan.digest if rollback.plan else None,
    }
