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
    _refusals: int = field(default=0, init=False)

    async def play(self, who: str, what: str | Mapping[str, str | int]) -> None:
        """Play one line: somebody does something, as soon as it can be done."""
        if not isinstance(what, str):
            await self._misbehave(who, what)
            return
        verb, _, rest = what.partition(" ")
        match verb:
            case "types":
                typed = partial(self.people.command, _IDS[who], DEPLOYS, rest)
                await self._act(f"{who} {what}", typed)
            case "presses":
                label = rest.removesuffix(" in vain")
                pressed = partial(self.people.click, _IDS[who], *await self._button(who, label))
                deed = f"{who} presses [ {label} ]"
                await self._act(deed, pressed, is_in_vain=label != rest)
            case "sees":
                await self._button(who, rest)
            case "writes":
                await self._write(who, rest)
            case "waits":
                await _until(self._waits[rest])
            case "dies":
                await self._die(what)
            case _:
                raise TwokeyError(f"No story can be played in which {who} {what}.")

    async def _misbehave(self, who: str, how: Mapping[str, str | int]) -> None:
        words = ", ".join(f"{key} {value}" for key, value in how.items())
        self.transcript.write(f"{who} is made to misbehave: {words}")
        if who == "slack":
            await self.people.misbehave(**how)
        else:
            await self.stage.misbehave(who, **how)

    async def _die(self, what: str) -> None:
        self.transcript.write(f"The bot {what} (kill -9)")
        await self.stage.processes.kill("bot")
        if what.endswith("forgets"):
            await self.stage.forget()
        self.kills += 1
        await self.stage.start_bot()

    async def _write(self, who: str, answer: str) -> None:
        """Answer the only question of the dialog in front of somebody."""
        (dialog, *_) = await self.people.until(lambda state: state["views"][_IDS[who]])
        question = dialog["blocks"][0]["element"]["action_id"]
        deed = f"{who} writes into “{dialog['title']['text']}”: {answer}"
        submit = partial(self.people.submit, _IDS[who], dialog["id"], {question: answer})
        await self._act(deed, submit)

    async def _button(self, who: str, label: str) -> tuple[str, str, str]:
        return await self.people.until(partial(find_button, user=_IDS[who], label=label))

    async def _act(
        self, deed: str, act: Callable[[], Awaitable[Json]], *, is_in_vain: bool = False
    ) -> None:
        self.transcript.write(deed)
        while (answer := await act()).get("error") == "no_app":  # noqa: ASYNC110 - so do people
            await asyncio.sleep(_LOOK_EVERY)
        if answer["ok"] == is_in_vain:
            trouble = answer.get("error", "it went through")
            raise TwokeyError(f"The workspace could not do that: {trouble}.")

    @property
    def _waits(self) -> Mapping[str, Callable[[], Awaitable[bool]]]:
        return {
            "for the end": self._is_over,
            "for an effect": self._has_effect,
            "for a refusal": self._has_refusal,
        }

    async def _is_over(self) -> bool:
        is_closed = await books.are_closed(self.store)
        return is_closed and self.transcript.has_all(await self.people.state())

    async def _has_effect(self) -> bool:
        return bool(self.stage.effects())

    async def _has_refusal(self) -> bool:
        seen, self._refusals = self._refusals, len(await books.refusals(self.store))
        return self._refusals > seen


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
