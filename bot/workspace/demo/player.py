"""Plays the lines of a story: people type, press and wait, as they do at the page."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Self

from rich.console import Console

from bot.domain.errors import TwokeyError
from bot.storage.store import SqlStore
from bot.workspace.demo import books
from bot.workspace.demo.sides import SEATS, SIDES, Hands, Side
from bot.workspace.demo.stage import Stage, key_file
from bot.workspace.demo.transcript import Transcript
from bot.workspace.wire import Json

_LOOK_EVERY: Final = 0.05
# What people meet with by doing it again: no bot is there yet, or the button went away meanwhile.
_AGAIN: Final = frozenset({"no_app", "action_not_found"})
_ELSEWHERE: Final = re.compile(r"on (\w+) (.*)")


@dataclass(kw_only=True)
class Player:
    """Plays on a stage, before an audience that reads the transcript."""

    stage: Stage
    store: SqlStore
    transcript: Transcript
    hands: dict[str, Hands]  # by the chat's name
    kills: int = field(default=0, init=False)
    commands: list[asyncio.Task[tuple[int, str]]] = field(default_factory=list, init=False)
    known: str = field(default="", init=False)  # a rollback that no channel shows
    _refusals: int = field(default=0, init=False)
    _ends: AsyncExitStack = field(init=False)

    @classmethod
    @asynccontextmanager
    async def on(cls, stage: Stage, console: Console) -> AsyncGenerator[Self]:
        """Open everything that it takes to play on this stage."""
        pages = {page: SIDES[name] for name, page in stage.pages.items()}
        async with (
            AsyncExitStack() as ends,
            books.opened(stage.database, stage.audit_key) as store,
            Transcript.of(pages, console, is_alone=len(stage.chats) == 1) as transcript,
        ):
            player = cls(stage=stage, store=store, transcript=transcript, hands={})
            player._ends = ends
            for page, side in pages.items():
                player.hands[side.name] = await ends.enter_async_context(side.hands(page))
            yield player

    @property
    def people(self) -> Hands:
        """Return what people do in the only chat, or the first."""
        return next(iter(self.hands.values()))

    async def play(self, who: str, what: str | Mapping[str, str | int]) -> None:
        """Play one line: somebody does something, as soon as it can be done."""
        if not isinstance(what, str):
            await self._misbehave(who, what)
            return
        side, deed = self._side(who), what
        if elsewhere := _ELSEWHERE.fullmatch(what):
            side, deed = SIDES[elsewhere[1].lower()], elsewhere[2]
        verb, _, rest = deed.partition(" ")
        deeds: Mapping[str, Callable[[Side, str, str], Awaitable[object]]] = {
            "types": self._type,
            "presses": self._press,
            "sees": self._button,
            "writes": self._write,
            "waits": self._wait,
            "dies": self._die,
            "runs": self._run,
            "starts": self._start,
            "comes": self._come_back,
        }
        if verb not in deeds:
            raise TwokeyError(f"No story can be played in which {who} {what}.")
        await deeds[verb](side, who, rest)

    def _side(self, who: str) -> Side:
        """Return where somebody sits: in the only chat, or at their seat of two."""
        seat = SEATS.get(who, "slack")
        return SIDES[seat if seat in self.hands else next(iter(self.hands), "slack")]

    async def _type(self, side: Side, who: str, words: str) -> None:
        typed = partial(self.hands[side.name].command, side.people[who], side.place.channel)
        await self._act(f"{who} types {words}", partial(typed, words))

    async def _wait(self, _: Side, __: str, what: str) -> None:
        await _until(self._waits[what])

    async def _run(self, _: Side, who: str, words: str) -> None:
        """Run a command to its end; what was to be in vain has to fail."""
        typed = words.removesuffix(" in vain")
        self.transcript.write(f"{who} runs twokey {typed}")
        status, said = await self._command(who, typed)
        if (status != 0) != (typed != words):
            raise TwokeyError(f"It ended with {status}: {said}")

    async def _start(self, _: Side, who: str, words: str) -> None:
        """Start a command that goes on while others do something."""
        self.transcript.write(f"{who} runs twokey {words}, which goes on")
        self.commands.append(asyncio.create_task(self._command(who, words)))
        while (rollback := await books.newest(self.store)) is None:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)  # another process writes it
        self.known = rollback.id

    async def _command(self, who: str, words: str) -> tuple[int, str]:
        typed = shlex.split(words)
        if typed[0] == "approve":  # people type yes under the card; whoever can't type names it
            _, told = await self.stage.command("status", "--json")
            typed += ["--digest", json.loads(told)[0]["digest"]]
        status, said = await self.stage.command(*typed, "--key", key_file(who))
        self.transcript.hear(f"The command of {who} says:", *said.splitlines())
        return status, said

    async def _press(self, side: Side, who: str, what: str) -> None:
        label = what.removesuffix(" in vain")
        await self._button(side, who, label)  # before it is said that somebody presses it

        async def pressed() -> Json:
            place = await self._button(side, who, label)
            return await self.hands[side.name].click(side.people[who], *place)

        elsewhere = f" on {side.title}" if len(self.hands) > 1 else ""
        deed = f"{who} presses [ {label} ]{elsewhere}"
        await self._act(deed, pressed, is_in_vain=label != what)

    async def _misbehave(self, who: str, how: Mapping[str, str | int]) -> None:
        words = ", ".join(f"{key} {value}" for key, value in how.items())
        self.transcript.write(f"{who} is made to misbehave: {words}")
        if who in SIDES:
            await self.hands[who].misbehave(**how)
        else:
            await self.stage.misbehave(who, **how)

    async def _die(self, _: Side, __: str, what: str) -> None:
        self.transcript.write(f"The bot dies {what} (kill -9)")
        await self.stage.processes.kill("bot")
        if what.endswith("forgets"):
            await self.stage.forget()
        self.kills += 1
        await self.stage.start_bot()

    async def _come_back(self, _: Side, who: str, __: str) -> None:
        """Start a chat that was away."""
        side = SIDES[who.lower()]
        self.transcript.write(f"{who} comes back")
        page = await self.stage.open_chat(side.name)
        self.hands[side.name] = await self._ends.enter_async_context(side.hands(page))
        await self._ends.enter_async_context(self.transcript.following(side, page))

    async def _write(self, side: Side, who: str, answer: str) -> None:
        """Answer the only question of the dialog in front of somebody."""
        hands, user = self.hands[side.name], side.people[who]
        (dialog, *_) = await hands.until(lambda state: state["views"][user])
        title, question = side.question(dialog)
        deed = f"{who} writes into “{title}”: {answer}"
        await self._act(deed, partial(hands.submit, user, dialog["id"], {question: answer}))

    async def _button(self, side: Side, who: str, label: str) -> tuple[str, str, str]:
        seen = partial(side.button, who=who, label=label)
        return await self.hands[side.name].until(seen)

    async def _act(
        self, deed: str, act: Callable[[], Awaitable[Json]], *, is_in_vain: bool = False
    ) -> None:
        self.transcript.write(deed)
        while (answer := await act()).get("error") in _AGAIN:  # noqa: ASYNC110 - so do people
            await asyncio.sleep(_LOOK_EVERY)
        if answer["ok"] == is_in_vain:
            trouble = answer.get("error", "it went through")
            raise TwokeyError(f"The workspace could not do that: {trouble}.")

    @property
    def _waits(self) -> Mapping[str, Callable[[], Awaitable[bool]]]:
        return {
            "for the end": self._is_over,
            "for the end of the rollback": self._has_ended,
            "for an effect": self._has_effect,
            "for a refusal": self._has_refusal,
        }

    async def _is_over(self) -> bool:
        if not await books.are_closed(self.store) or not all(one.done() for one in self.commands):
            return False
        states = {name: await hands.state() for name, hands in self.hands.items()}
        return all(self.transcript.has_all(SIDES[name], state) for name, state in states.items())

    async def _has_ended(self) -> bool:
        rollback = await books.newest(self.store, self.known)
        return rollback is not None and rollback.state.is_terminal

    async def _has_effect(self) -> bool:
        return bool(self.stage.effects())

    async def _has_refusal(self) -> bool:
        seen, self._refusals = self._refusals, len(await books.refusals(self.store, self.known))
        return self._refusals > seen


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    while not await is_so():  # noqa: ASYNC110 - other processes write it into their files
        await asyncio.sleep(_LOOK_EVERY)
