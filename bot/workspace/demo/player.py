"""The hands of everybody in a story: they type, press and wait, as people at the page do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.errors import TwokeyError
from bot.workspace.demo.books import Books
from bot.workspace.demo.config import DEPLOYS
from bot.workspace.demo.stage import Stage
from bot.workspace.demo.transcript import Transcript
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.seed import PEOPLE

RESPONDER, MANAGER_ONE, MANAGER_TWO, OUTSIDER = PEOPLE

_PATIENCE: Final = 20.0
_LOOK_EVERY: Final = 0.05


@dataclass(kw_only=True)
class Player:
    """Plays on a stage, before an audience that reads the transcript."""

    stage: Stage
    people: Workspace
    books: Books
    transcript: Transcript
    kills: int = field(default=0, init=False)

    async def ask(self, text: str, *, by: str = RESPONDER) -> None:
        """Type a command in #deploys."""
        self.transcript.write(f"{PEOPLE[by]} types /rollback {text}")
        await _done(self.people.command(by, DEPLOYS, f"/rollback {text}"))

    async def press(self, label: str, *, by: str) -> None:
        """Press the newest button of this name that the person sees, once there is one."""
        button = await self.transcript.until(
            lambda: self.transcript.with_button(label, user=by), what=f"a button {label}"
        )
        self.transcript.write(f"{PEOPLE[by]} presses [ {label} ]")
        await _done(self.people.click(by, *button))

    async def fill_in(self, answer: str, *, by: str) -> None:
        """Answer the only question of the dialog in front of the person, once it is there."""
        (dialog, *_) = await self.transcript.until(
            lambda: self.transcript.dialogs.get(by), what="a dialog"
        )
        self.transcript.write(f"{PEOPLE[by]} writes into “{dialog['title']['text']}”: {answer}")
        question = dialog["blocks"][0]["element"]["action_id"]
        await _done(self.people.submit(by, dialog["id"], {question: answer}))

    async def kill_bot(self) -> None:
        """Kill the bot once something took effect, and start it again."""
        await _eventually(self._has_effect, what="an effect at a provider")
        self.transcript.write("The bot is killed (kill -9), and started again.")
        await self.stage.processes.kill("bot")
        self.kills += 1
        await self.stage.start_bot()

    async def wait_for_end(self) -> None:
        """Wait until the rollback ended, and nothing is left to be shown to anybody."""
        await _eventually(self.books.are_closed, what="an end that everybody can see")

    async def read_all(self) -> None:
        """Wait until everything that stands on the page is in the transcript."""
        shown = (await self.people.state())["messages"]
        await self.transcript.until(
            lambda: self.transcript.has_all(shown), what="the last messages"
        )

    async def _has_effect(self) -> bool:
        return bool(self.stage.effects())


async def _done(act: Awaitable[dict[str, Any]]) -> None:
    answer = await act
    if not answer["ok"]:
        raise TwokeyError(f"The workspace could not do that: {answer['error']}.")


async def _eventually(is_so: Callable[[], Awaitable[bool]], *, what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await is_so():  # noqa: ASYNC110 - the news is in other processes' files
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError as error:
        raise TwokeyError(f"Nobody saw {what} within {_PATIENCE:g} s.") from error
