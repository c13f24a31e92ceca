"""The demo: the whole of Twokey on this machine, for people to try and for stories to prove.

processes, leash  the children, and how none of them survives the demo
config, bot       the bot that they serve, and its accelerated clock
stage             all of it running
stories           what people do in each story, and how it has to end
player            the hands of these people; conversation, reading, transcript: their eyes
books, verdict    what became of it
"""

import asyncio
import contextlib
import difflib
import json
import shutil
import signal
import tempfile
import webbrowser
from collections.abc import Generator
from pathlib import Path
from typing import Final

from rich.console import Console

from bot.domain.errors import TwokeyError
from bot.workspace.demo.processes import Processes
from bot.workspace.demo.stage import Stage
from bot.workspace.demo.stories import STORIES
from bot.workspace.demo.theatre import play

_INTERRUPTED: Final = 130  # as shells say it of Ctrl-C


def run(
    *,
    headless: bool = False,
    story: str = "approve",
    port: int = 0,
    keep: bool = False,
    browser: bool = True,
) -> int:
    """Show the demo until Ctrl-C, or play one story through; return the exit status."""
    console, trouble = Console(), Console(stderr=True)
    try:
        with _folder(trouble, keep=keep) as folder:
            if headless:
                return asyncio.run(_headless(console, folder, story, port=port))
            return asyncio.run(_interactive(console, folder, port=port, browser=browser))
    except TwokeyError as error:
        trouble.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _INTERRUPTED if headless else 0


async def _interactive(console: Console, folder: Path, *, port: int, browser: bool) -> int:
    _end_on_signals()
    async with Processes(folder) as processes:
        with console.status("Starting a chat, a shop that is broken, and the bot …"):
            stage = await Stage.open(processes, folder, port=port, speed=1.0, job_seconds=3.0)
        console.print(f"\n  [bold]Twokey is here: [link={stage.page}]{stage.page}[/link][/bold]")
        console.print("  Type [bold]/rollback backend[/bold] as Responder, then approve it as both managers.")
        console.print("  Ctrl-C ends it; nothing of it stays on this machine.\n")
        if browser:
            webbrowser.open(stage.page)
        await processes.while_all_live(asyncio.Event().wait())
    return 0


async def _headless(console: Console, folder: Path, name: str, *, port: int) -> int:
    _end_on_signals()
    story = STORIES.get(name)
    if story is None:
        near = difflib.get_close_matches(name, STORIES, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise TwokeyError(f"There is no story “{name}”.{hint} Stories: {', '.join(STORIES)}.")
    async with Processes(folder) as processes:
        console.print(f"Starting a chat, a broken shop and the bot for the story “{name}” …")
        stage = await Stage.open(processes, folder, port=port, speed=story.speed, job_seconds=0.6)
        facts, problems = await processes.while_all_live(play(stage, name, story, console))
    for problem in problems:
        console.print(f"Not as it should be: {problem}", markup=False, soft_wrap=True)
    console.file.write(json.dumps(facts) + "\n")
    return 1 if problems else 0


@contextlib.contextmanager
def _folder(trouble: Console, *, keep: bool) -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="twokey-demo-"))
    try:
        yield folder
    finally:
        if keep:
            trouble.print(f"Everything that was written is in {folder}", highlight=False)
        else:
            shutil.rmtree(folder)


def _end_on_signals() -> None:
    """End the way Ctrl-C does, with all that has to be put away, when told to end otherwise."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if task is not None:
            loop.add_signal_handler(number, task.cancel)
