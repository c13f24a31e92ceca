"""Plays the lines of a story: people type, press and wait, as they do at the page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from bot.domain.errors import TwokeyError
from bot.storage.store import SqlStore
from bot.workspace.demo import books
from bot.workspace.demo.config import DEPLOYS
from bot.workspace.demo.reading import buttons
from bot.workspace.demo.stage import Stage
from bot.workspace.demo.transcript import Transcript
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.seed import PEOPLE

Json = dict[str, Any]

_LOOK_EVERY: Final = 0.05
_IDS: Final = {name: user for user, name in PEOPLE.items()}


@dataclass(kw_only=True)
class Player:
    """Plays on a stage, before an audience that reads the transcript."""

    stage: Stage
    people: Workspace
    store: SqlStore
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
                await self._act(f"{who} {what}", self.people.command(_IDS[who], DEPLOYS, rest))
            case "presses":
                place = await self.people.until(partial(find_button, user=_IDS[who], label=rest))
                await self._act(f"{who} presses [ {rest} ]", self.people.click(_IDS[who], *place))
            case "writes":
                await self._write(who, rest)
            case "waits":
                await _until(
                    {"for the end": self._is_over, "for an effect": self._has_effect}[rest]
                )
            case "dies":
                self.transcript.write(f"The bot {what} (kill -9)")
                await self.stage.processes.kill("bot")
                if rest == "and forgets":  # the durable engine's tables are not where the truth is
                    (self.stage.processes.folder / "dbos.sqlite").unlink()
                self.kills += 1
                await self.stage.start_bot()
            case _:
                raise TwokeyError(f"No story can be played in which {who} {what}.")

    async def _write(self, who: str, answer: str) -> None:
        """Answer the only question of the dialog in front of somebody."""
        (dialog, *_) = await self.people.until(lambda state: state["views"][_IDS[who]])
        question = dialog["blocks"][0]["element"]["action_id"]
        deed = f"{who} writes into “{dialog['title']['text']}”: {answer}"
        await self._act(deed, self.people.submit(_IDS[who], dialog["id"], {question: answer}))

    async def _act(self, deed: str, act: Awaitable[Json]) -> None:
        self.transcript.write(deed)
        answer = await act
        if not answer["ok"]:
            raise TwokeyError(f"The workspace could not do that: {answer['error']}.")

    async def _is_over(self) -> bool:
        is_closed = await books.are_closed(self.store)
        return is_closed and self.transcript.has_all(await self.people.state())

    async def _has_effect(self) -> bool:
        return bool(self.stage.effects())


def find_button(state: Json, *, user: str, label: str) -> tuple[str, str, str] | None:
    """Find the newest such button in front of a person: its channel, message and action."""
    seen = [(one["channel"], one) for one in state["ephemerals"][user]]
    for channel in state["channels"]:
        if user in channel["members"]:
            seen += [(channel["id"], one) for one in state["messages"][channel["id"]]]
    found = [(one["ts"], place, one) for place, one in seen if label in buttons(one)]
    if not found:
        return None
    ts, place, message = max(found, key=lambda each: each[0])
    return place, ts, buttons(message)[label]


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    while not await is_so():  # noqa: ASYNC110 - other processes write it into their files
        await asyncio.sleep(_LOOK_EVERY)
