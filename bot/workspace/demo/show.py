"""Shows the demo: in a browser until Ctrl-C, or as one story that is played and judged."""

import asyncio
import contextlib
import errno
import json
import shutil
import signal
import socket
import tempfile
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from bot.domain.errors import TwokeyError
from bot.workspace.demo import verdict
from bot.workspace.demo.player import Player
from bot.workspace.demo.processes import processes
from bot.workspace.demo.stage import Setting, Stage
from bot.workspace.demo.stories import Story, read_stories
from bot.workspace.listening import HOST

_PATIENCE: Final = 20.0  # with one line of a story
_INTERRUPTED: Final = 130  # as shells call the end by Ctrl-C
_PORTS: Final = range(65536)


def run(
    setting: Setting,
    *,
    headless: bool = False,
    story: str = "approve",
    keep: bool = False,
    browser: bool = True,
) -> int:
    """Show the demo until Ctrl-C, or play one story through; return the exit status."""
    console, status = Console(emoji=False, highlight=False, soft_wrap=True), 1
    folder = Path(tempfile.mkdtemp(prefix="twokey-demo-"))
    try:
        _check_port(setting.port)
        _check_replicas(setting)
        if headless:
            status = asyncio.run(_headless(console, folder, story, setting))
        else:
            asyncio.run(_interactive(console, folder, setting, browser=browser))
    except* TwokeyError as group:
        for error in group.exceptions:
            Console(stderr=True).print(str(error), markup=False, soft_wrap=True)
    except* (KeyboardInterrupt, asyncio.CancelledError):
        status = _INTERRUPTED if headless else 0
        console.print("Ended.")
    finally:
        if keep:
            Console(stderr=True).print(f"All that was written is in {folder}", soft_wrap=True)
        else:
            shutil.rmtree(folder)
    return status


async def _interactive(console: Console, folder: Path, setting: Setting, *, browser: bool) -> None:
    _end_on_signals(console)
    async with processes(folder) as children:
        console.print("Starting a chat, a broken shop and the bot …")
        stage = await Stage.open(children, setting, speed=1.0, job_seconds=3.0)
        console.print(f"[bold]Twokey is here: {stage.page}[/bold]")
        console.print("Type /rollback backend as Responder, then approve it as the two managers.")
        console.print("Ctrl-C ends it and leaves nothing behind.")
        if browser:
            await asyncio.to_thread(_open, stage.page)
        await asyncio.Event().wait()


async def _headless(console: Console, folder: Path, name: str, setting: Setting) -> int:
    _end_on_signals(console)
    story = _story(name)
    setting = _as_told(name, story, setting)
    async with processes(folder) as children:
        if story.speed != 1:
            pace = f"{story.speed:g} times faster than the seconds on the left"
            console.print(f"In this story time runs {pace}, so what it says took longer.")
        console.print(f"Story “{name}”: starting a chat, a broken shop and the bot …")
        stage = await Stage.open(children, setting, speed=story.speed, job_seconds=0.5)
        facts, problems = await _play(console, stage, story)
    for problem in problems:
        console.print(f"Not as it has to end: {problem}", markup=False)
    console.print(verdict.sentence(name, story.parts, facts, is_good=not problems))
    fixed = {"story": name, "chat": _words(setting.chats or ()), "store": setting.store}
    console.out(json.dumps(fixed | facts))
    return 1 if problems else 0


async def _play(console: Console, stage: Stage, story: Story) -> tuple[dict[str, Any], list[str]]:
    """Play all lines of the story; return the facts, and what is wrong with them."""
    problems: list[str] = []
    async with Player.on(stage, console) as player:
        was_healthy = await verdict.is_healthy(player, story.parts)
        for who, what in ((who, what) for line in story.play for who, what in line.items()):
            try:
                async with asyncio.timeout(_PATIENCE):
                    await player.play(who, what)
            except (TwokeyError, TimeoutError) as error:
                problems.append(f"{who} {what}: {str(error) or 'in vain'}")
                break
        problems += await verdict.flaws(player)
        problems += [f"nobody was shown “{part}”" for part in player.transcript.unread(story.reads)]
        facts = await verdict.gather(player, story.parts, was_healthy=was_healthy)
    return facts, problems + verdict.differences(facts, story.ends)


def _check_replicas(setting: Setting) -> None:
    if setting.replicas > 1 and (setting.store == "sqlite" or setting.is_http):
        raise TwokeyError("Two bots need --store postgres and a socket each. Nothing was started.")


def _story(name: str) -> Story:
    stories = read_stories()
    if name not in stories:
        raise TwokeyError(f"There is no story “{name}”. Stories: {', '.join(stories)}.")
    return stories[name]


def _as_told(name: str, story: Story, setting: Setting) -> Setting:
    """Return the setting with what the story itself says of it."""
    chats = setting.chats if setting.chats is not None else next(iter(story.chats), ("slack",))
    if story.chats and chats not in story.chats:
        known = " or ".join(f"--chat {_words(one)}" for one in story.chats)
        raise TwokeyError(f"The story {name} is played with {known}. Nothing was started.")
    return replace(setting, chats=chats, absent=story.absent)


def _words(chats: tuple[str, ...]) -> str:
    return "both" if len(chats) > 1 else next(iter(chats), "none")


def _open(page: str) -> None:
    """Open the page, unless the only browser here is one for text, which would take the screen."""
    with contextlib.suppress(webbrowser.Error):
        if type(webbrowser.get()) is not webbrowser.GenericBrowser:
            webbrowser.open(page)


def _check_port(port: int) -> None:
    """Refuse a port that the page can not have, before anything is started."""
    if port not in _PORTS:
        raise TwokeyError(f"--port must be 0 to {_PORTS[-1]}. Nothing was started.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind((HOST, port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            why = "is in use" if is_taken else f"can not be had ({error.strerror})"
            raise TwokeyError(
                f"Port {port} {why}. Nothing was started. "
                "Choose another with --port, or leave it out."
            ) from error


def _end_on_signals(console: Console) -> None:
    """Put everything away when told to end, and say so at once: it takes a few seconds."""
    task = asyncio.current_task()

    def end() -> None:
        console.print("\nStopping …")
        if task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end)
