"""People who do not give up: whatever was not acknowledged is done again, as people do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from tests.prove.crash.books import TERMINAL
from tests.prove.crash.house import House

LOOK_EVERY: Final = 0.05
# In which states the person who would press it does not want to any more.
MOOT: Final = {
    "Approve": {"quorum", "claimed", "running", "waiting", "verifying", *TERMINAL},
    "Reject…": set(TERMINAL),
    "Stop": {"running", "verifying", *TERMINAL},
    "It happened": {"running", "verifying", *TERMINAL},
    "It did not": {"running", "verifying", *TERMINAL},
}


@dataclass(frozen=True, slots=True)
class Press:
    """A deed that was acknowledged."""

    who: str
    label: str


@dataclass
class Crowd:
    """Everybody in the house."""

    house: House
    acknowledged: list[Press] = field(default_factory=list[Press])

    async def play(self, lines: Sequence[tuple[str, str]]) -> None:
        """Do one thing after another."""
        for who, what in lines:
            verb, _, rest = what.partition(" ")
            match verb:
                case "types":
                    await self._insist(who, verb, partial(self._type, who, rest))
                case "presses":
                    await self._insist(who, rest, partial(self._press, who, rest))
                case "tries":  # and does not care for the answer
                    await self._insist(who, rest, partial(self._press, who, rest), is_once=True)
                case "writes":
                    await self._insist(who, verb, partial(self._write, who, rest))
                case "waits":  # until the provider is missed, which then can be read again
                    while self.house.books.state() != "waiting":  # noqa: ASYNC110 - a database
                        await asyncio.sleep(LOOK_EVERY)
                    self.house.silence(is_on=False)
                case _:
                    raise AssertionError(f"{who} can't do that: {what}")

    async def _insist(
        self,
        who: str,
        label: str,
        act: Callable[[], Awaitable[dict[str, Any] | None]],
        *,
        is_once: bool = False,
    ) -> None:
        while self.house.books.state() not in MOOT.get(label, ()):
            answer = await act()
            if answer is not None and answer["ok"]:
                self.acknowledged.append(Press(who, label))
                return
            if is_once and answer is not None and answer["error"] == "operation_timeout":
                return
            await asyncio.sleep(LOOK_EVERY)

    async def _type(self, who: str, words: str) -> dict[str, Any]:
        chat = self.house.chat
        return await chat.people.command(chat.side.people[who], chat.side.place.channel, words)

    async def _press(self, who: str, label: str) -> dict[str, Any] | None:
        chat = self.house.chat
        place = chat.side.button(chat.state(), who=who, label=label)
        return None if place is None else await chat.people.click(chat.side.people[who], *place)

    async def _write(self, who: str, answer: str) -> dict[str, Any] | None:
        chat = self.house.chat
        user = chat.side.people[who]
        dialogs = chat.state()["views"][user]
        if not dialogs:
            # It opens after the acknowledgement; a bot that died in between has forgotten it.
            return {"ok": True} if self.house.deaths and self.house.books.is_closed() else None
        view = dialogs[0]
        _, question = chat.side.question(view)
        return await chat.people.submit(user, view["id"], {question: answer})
