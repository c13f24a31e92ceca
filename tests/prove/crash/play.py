"""Plays one case: the story's people and the bot's lives, side by side, then the verdict."""

import asyncio
import contextlib
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.prove.crash.books import database
from tests.prove.crash.cases import STORIES, Case, Story
from tests.prove.crash.facts import flaws
from tests.prove.crash.house import House, house
from tests.prove.crash.people import LOOK_EVERY, Crowd

PATIENCE: Final = 600.0  # each start takes long while the machine is busy with other things
GRACE: Final = 0.5  # for a moment that may come right after the last word was written


@dataclass(frozen=True, slots=True)
class Result:
    """How a case went; green is without flaws, and not reached is neither."""

    case: str
    deaths: int
    wanted: int
    flaws: tuple[str, ...]
    seconds: float
    state: str

    @property
    def is_reached(self) -> bool:
        """Tell whether the bot died as often as it should have."""
        return self.deaths == self.wanted

    @property
    def colour(self) -> str:
        """Name how it went; a moment that nobody passed proves nothing."""
        if self.flaws:
            return "red"
        return "green" if self.is_reached else "not reached"

    def image(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return asdict(self)


async def play(case: Case, *, server: str | None = None, trace: list[str] | None = None) -> Result:
    """Play one case in a temporary folder, and on PostgreSQL in a database, of its own."""
    began = time.monotonic()
    story = STORIES[case.story]
    with (
        tempfile.TemporaryDirectory(prefix="twokey-crash-") as name,
        database(server, Path(name)) as address,
    ):
        built = house(
            Path(name),
            chat="discord" if case.store == "discord" else "slack",
            database=address,
            replicas=2 if case.store == "replicas" else 1,
            moments=case.moments,
            speed=story.speed,
            forgets=case.forgets,
        )
        async with built as home:
            home.silence(is_on=story.is_silent)
            crowd = Crowd(home)
            found = await _live(home, crowd, story)
            status = await home.close()
            found = found or await flaws(home, crowd, story)
            if status != 0:
                found = [*found, f"told to end, it ended with {status}", home.last_words()]
            if found:
                found.append(f"state {home.books.state()}, steps {home.books.steps()}")
            if trace is not None:
                trace += home.passed()
            return Result(
                case=str(case),
                deaths=home.deaths,
                wanted=len(case.moments),
                flaws=tuple(found),
                seconds=round(time.monotonic() - began, 1),
                state=home.books.state(),
            )


async def _live(home: House, crowd: Crowd, story: Story) -> list[str]:
    """Play the story to its end beside the bot's lives; return what went wrong on the way."""
    living = asyncio.create_task(home.live())
    playing = asyncio.create_task(_to_the_end(home, crowd, story))
    try:
        done, _ = await asyncio.wait(
            {living, playing}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED
        )
        if playing in done:
            playing.result()
            return []
        if living in done:
            living.result()
        words = f"it never gets there; it is {home.books.state() or 'not begun'}"
        return [words, home.last_words()]
    except AssertionError as error:
        return [str(error)]
    finally:
        home.end_lives()
        for task in (playing, living):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, AssertionError):
                await task


async def _to_the_end(home: House, crowd: Crowd, story: Story) -> None:
    await crowd.play(story.lines)
    while True:
        await asyncio.sleep(LOOK_EVERY)
        if home.books.is_closed():
            deaths = home.deaths
            await asyncio.sleep(GRACE if deaths < len(home.moments) else 0.0)
            if home.deaths == deaths and home.books.is_closed() and home.is_up:
                return
