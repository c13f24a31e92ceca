"""Plays the lines of a story: people type, press and wait, as they do at the page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.errors import TwokeyError
from bot.workspace.demo.books import Books
from bot.workspace.demo.config import DEPLOYS
from bot.workspace.demo.stage import Stage
from bot.workspace.demo.transcript import Transcript
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.seed import PEOPLE

_PATIENCE: Final = 20.0
_LOOK_EVERY: Final = 0.05
_IDS: Final = {name: user for user, name in PEOPLE.items()}


@dataclass(kw_only=True)
class Player:
    """Plays on a stage, before an audience that reads the transcript."""

    stage: Stage
    people: Workspace
    books: Books
    transcript: Transcript
    kills: int = field(default=0, init=False)

    async def play(self, who: str, what: str | Mapping[str, str | int]) -> None:
        """Play one line: somebody does something, as soon as it can be done."""
        if not isinstance(what, str):
            how = ", ".join(f"{key} {value}" for key, value in what.items())
            self.transcript.write(f"The provider {who} is made to misbehave: {how}")
            await self.stage.misbehave(who, **what)
            return
        verb, _, rest = what.partition(" ")
        match verb:
            case "types":
                await self._do(who, what, self.people.command(_IDS[who], DEPLOYS, rest))
            case "presses":
                await self._press(who, rest)
            case "writes":
                await self._write(who, rest)
            case "waits":
                seen = {"for the end": self.books.are_closed, "for an effect": self._has_effect}
                await _eventually(seen[rest], what=what)
            case "dies":
                self.transcript.write("The bot is killed (kill -9) and started again")
                await self.stage.processes.kill("bot")
                self.kills += 1
                await self.stage.start_bot()
            case _:
                raise TwokeyError(f"No story can be played in which {who} {what}.")

    async def read_all(self) -> None:
        """Wait until everything that stands on the page is in the transcript."""
        shown = (await self.people.state())["messages"]
        await self.transcript.until(
            lambda: self.transcript.has_all(shown), what="the last messages"
        )

    async def _press(self, who: str, label: str) -> None:
        user = _IDS[who]
        button = await self.transcript.until(
            lambda: self.transcript.with_button(label, user=user), what=f"a button {label}"
        )
        await self._do(who, f"presses [ {label} ]", self.people.click(user, *button))

    async def _write(self, who: str, answer: str) -> None:
        user = _IDS[who]
        (dialog, *_) = await self.transcript.until(
            lambda: self.transcript.dialogs.get(user), what="a dialog"
        )
        question = dialog["blocks"][0]["element"]["action_id"]
        deed = f"writes into “{dialog['title']['text']}”: {answer}"
        await self._do(who, deed, self.people.submit(user, dialog["id"], {question: answer}))

    async def _do(self, who: str, deed: str, act: Awaitable[dict[str, Any]]) -> None:
        self.transcript.write(f"{who} {deed}")
        answer = await act
        if not answer["ok"]:
            raise TwokeyError(f"The workspace could not do that: {answer['error']}.")

    async def _has_effect(self) -> bool:
        return bool(self.stage.effects())


async def _eventually(is_so: Callable[[], Awaitable[bool]], *, what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await is_so():  # noqa: ASYNC110 - the news is in other processes' files
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError as error:
        raise TwokeyError(f"{what.capitalize()}: in vain, for {_PATIENCE:g} s.") from error
