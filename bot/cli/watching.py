"""Look at rollbacks: where one is now, and how it goes on."""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

import typer
from rich.console import Group, RenderableType
from rich.live import Live

from bot.chat.terminal.drawing import draw, inert
from bot.cli.hand import is_anybody_leading
from bot.cli.looks import Looks, Watch, patiently
from bot.cli.meant import RollbackId, meant
from bot.cli.options import HERE, File, books, out, show
from bot.config import Settings
from bot.domain.people import People
from bot.domain.rollback import Rollback, State
from bot.domain.target import TERMINAL
from bot.message import Buttons, Message
from bot.ports import Kind, Posting, Store
from notifications import renderer

_SHOWN: Final = 20


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
        is_led = partial(is_anybody_leading, settings)
        return await watched(settings.people, Watch(store, rollback.id, is_led=is_led))


async def watched(people: People, watch: Watch) -> Rollback:
    """Show how it goes on until it ended, and then what is known about it."""
    if out.is_terminal and not out.is_dumb_terminal:
        ended = await _drawn(replace(watch, tell=show).looks(), people)  # told above the drawing
    else:
        ended = await _written(watch.looks(), people)
    if ended.claimed_at is not None:
        await _show_summary(watch.store, people, ended)
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


async def _show_summary(store: Store, people: People, rollback: Rollback) -> None:
    look = partial(store.read, lambda tx: (tx.events(rollback.id), tx.now))
    events, now = await patiently(look)
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
