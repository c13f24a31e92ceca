"""Ask for a rollback on the command line, and carry it out if no bot is there to do it."""

import asyncio
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.chat.terminal.drawing import draw
from bot.chat.terminal.keys import OwnKey
from bot.cli.hand import AlreadyLed, Hand, beside, is_anybody_leading, leading, own_key
from bot.cli.key import DEFAULT, KeyFile
from bot.cli.looks import Watch
from bot.cli.options import HERE, File, books, err, loaded, out, say, show
from bot.cli.staying import at_rest, stay_for_others
from bot.cli.steady import going_on
from bot.cli.watching import watched
from bot.cli.words import one_line
from bot.config import Role, Settings
from bot.domain.act import Act
from bot.domain.errors import TwokeyError
from bot.domain.rollback import Rollback, State
from bot.domain.target import Target, choose
from bot.message import Code, Line, Message

_INTERRUPTED: Final = 130  # as shells know it
Name = Annotated[str, typer.Argument(help="What to roll back, such as backend.")]
Environment = Annotated[str, typer.Option("--in", help="Its environment, if it has several.")]
Version = Annotated[str, typer.Option("--to", help="A version; else the last known good one.")]
Words = Annotated[str, typer.Option("--reason", help="What is wrong, in your own words.")]
Follow = Annotated[bool, typer.Option(help="Watch it until it ended.")]


def rollback(
    target: Name,
    environment: Environment = "",
    version: Version = "",
    reason: Words = "",
    follow: Follow = True,
    config: File = HERE,
    key: KeyFile = DEFAULT,
) -> None:
    """Ask for a rollback; others have to approve it. Without a bot it is carried out here."""
    from bot.app import new_id  # noqa: PLC0415 - help needs no library of the chats

    settings = books(config)
    meant = _chosen(settings, target, environment)
    act = Act(
        verb="rollback",
        rollback=new_id(),
        target=meant.name,
        environment=meant.environment,
        version=" ".join(version.split()),
        words=one_line(reason),
    )
    try:
        ended = asyncio.run(_ask(settings, config, key, act, follow=follow))
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        say("Nobody watches here any more. What is open stays open: twokey status names it.")
        raise typer.Exit(_INTERRUPTED) from error
    raise typer.Exit(0 if ended is None or ended.state is State.SUCCEEDED else 1)


def _chosen(settings: Settings, name: str, environment: str) -> Target:
    """Return the target that is meant, with its environment: what is signed names both."""
    environments = [one.environment for one in settings.targets if one.name == name]
    if len(environments) > 1 and not environment:
        raise TwokeyError(
            f"{name} exists in {', '.join(environments)}. Nothing was changed. Say which: twokey "
            f"rollback {name} --in {environments[0]}"
        )
    return choose(settings.targets, name=name, environment=environment or None)


async def _ask(
    settings: Settings, config: Path, key: Path, act: Act, *, follow: bool
) -> Rollback | None:
    own = own_key(key, settings.people)
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        loop.add_signal_handler(signal.SIGTERM, task.cancel)
    if not await is_anybody_leading(settings):
        with suppress(AlreadyLed):  # somebody began to plan and run a moment ago
            return await _lead(settings, own, config, act, follow=follow)
    async with beside(settings, own) as hand:
        rollback_id = await _asked(hand, act)
        if not follow:
            say(f"Next: twokey follow {rollback_id}")
            return None
        is_led = partial(is_anybody_leading, settings)
        return await watched(hand.people, Watch(hand.store, rollback_id, is_led=is_led))


async def _lead(
    settings: Settings, own: OwnKey, config: Path, act: Act, *, follow: bool
) -> Rollback:
    """Ask, and plan and run until it ended."""
    if not follow:
        raise TwokeyError(
            "No bot is running, so this command would have to carry the rollback out itself. "
            "Nothing was changed. Leave --no-follow away, or start twokey serve first."
        )
    role: Role = "all" if settings.database_url.startswith("sqlite") else "executor"
    settings = loaded(config, role=role)
    try:
        with going_on(out, err):
            async with leading(settings, own) as hand:
                return await _carried_out(hand, act)
    except asyncio.CancelledError:
        say(
            "Nothing is planned or run here any more. If a step was in the middle, it is in doubt. "
            "Next: twokey serve, which looks that up and goes on."
        )
        raise


async def _carried_out(hand: Hand, act: Act) -> Rollback:
    say("No bot is running: it is planned and run here. Keep this command until the end.")
    try:
        rollback_id = await _asked(hand, act)
    except TwokeyError as refused:
        await stay_for_others(hand.store, str(refused))
        raise
    try:
        ended = await watched(hand.people, Watch(hand.store, rollback_id))
    except TwokeyError:  # its record is damaged, and another one may still run here
        await at_rest(hand.store)
        raise
    await at_rest(hand.store)
    return ended


async def _asked(hand: Hand, act: Act) -> str:
    """Ask, say so, and return the new rollback's id."""
    fields = {
        "target": act.target,
        "environment": act.environment,
        "to": act.version,
        "reason": act.words,
    }
    message = await hand.do("rollback", act, fields=fields)
    show(draw(message))
    return _named(message)


def _named(message: Message) -> str:
    """Return the id that the answer names."""
    lines = (block for block in message.blocks if isinstance(block, Line))
    return next(part.text for line in lines for part in line.parts if isinstance(part, Code))
