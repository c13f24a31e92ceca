"""Show people what they must see: the outbox, delivered at least once and in order per thread."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from bot.domain.errors import TwokeyError
from bot.domain.target import Place
from bot.engine.absence import Absences
from bot.engine.bell import Bell
from bot.engine.budget import Budget
from bot.engine.core import log
from bot.engine.foreground import Foreground
from bot.engine.show import STUMBLE, Showing
from bot.ports import Chat, Clock, Due, Renderer, Store, Transaction

_AT_ONCE: Final = 32  # on each platform
_FIRST_LOOK: Final = 3 * _AT_ONCE  # reading costs more than it seems, and most of it is shown soon
_LONG_LOOK: Final = 512  # but one busy channel must not hide the others
_IDLE: Final = 30.0
_BLINK: Final = 0.05
_BREATH: Final = 0.01  # one look for all that ended meanwhile: a long queue is long to look at


class Delivery:
    """Takes due postings from the outbox and has them shown, as many at once as there is room."""

    def __init__(
        self,
        *,
        store: Store,
        chats: Mapping[str, Chat],
        render: Renderer,
        clock: Clock,
        foreground: Foreground,
        is_ours: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take the doors it needs; ``chats`` are by platform.

        ``is_ours``: whether to deliver is up to this process now, and to no other one.
        """
        self._store = store
        self._chats = chats
        self._clock = clock
        self._foreground = foreground
        self._budget, self._absences = Budget(), Absences()
        self._is_ours = is_ours
        self._one = Showing(
            store=store,
            chats=chats,
            render=render,
            clock=clock,
            foreground=foreground,
            budget=self._budget,
            absences=self._absences,
            is_ours=is_ours,
        )
        self._bell = Bell()
        self._showing: dict[str, asyncio.Task[None]] = {}
        self._calls = Counter[str]()  # those of them to each platform: none takes another's room
        self._posting: dict[str, Place] = {}  # those of them that are new messages

    def wake(self) -> None:
        """Look at the outbox now: something was committed."""
        self._bell.ring()

    async def run_forever(self) -> None:
        """Deliver until cancelled; a stumble is logged and tried again."""
        try:
            while True:
                self._bell.quieten()
                try:
                    wait = await self._look() if self._is_ours() else _IDLE
                except TwokeyError as error:
                    log.warning("the outbox is looked at again: %s", error)
                    wait = STUMBLE
                except Exception:  # noqa: BLE001 - whatever it was, people have to be told
                    log.exception("the outbox stumbled; it is looked at again")
                    wait = STUMBLE
                await self._pause(wait)
        finally:
            for task in self._showing.values():
                task.cancel()
            await asyncio.gather(*self._showing.values(), return_exceptions=True)

    async def run_once(self) -> float:
        """Show what may be shown now, to its end; return the seconds until there may be more."""
        wait = await self._look()
        if not self._showing:
            return wait
        await asyncio.gather(*self._showing.values())
        return 0.0

    async def _look(self) -> float:
        """Start to show what may be shown now; return the seconds until there may be more."""
        await self._foreground.over()
        if self._chats and all(map(self._is_full, self._chats)):
            return _IDLE  # the first that ends makes room, and wakes us
        is_hidden, wait = await self._look_at(_FIRST_LOOK)
        if is_hidden:
            _, wait = await self._look_at(_LONG_LOOK)
        return wait

    async def _look_at(self, most: int) -> tuple[bool, float]:
        """Start what may be shown of so many; return whether more may be behind them, the wait."""
        # Noted before the outbox is read: what is still being shown would be shown twice, and what
        # fails meanwhile would be overtaken.
        busy, queues = set(self._showing), set(self._posting.values())
        due, now, following = await self._store.read(partial(_owed, most))
        waits, has_started, must_wait = [_IDLE], False, False
        if following is not None:
            waits.append(max((following - now).total_seconds(), 0.01))
        for one in sorted(due, key=self._absences.last_to_ask):
            if one.posting.key in busy or self._is_full(one.posting.place.platform):
                continue
            if self._must_queue(one, queues):
                must_wait = True
            elif wait := self._absences.wait(one, now):
                waits.append(wait)
            elif wait := self._budget.wait(one, now):
                waits.append(wait)
                must_wait = True
            else:
                self._start(one)
                has_started = True
        return must_wait and not has_started and len(due) >= most, min(waits)

    def _is_full(self, platform: str) -> bool:
        """Tell whether so much is on its way to a platform that more would only wait there."""
        return self._calls[platform] >= _AT_ONCE

    def _must_queue(self, due: Due, queues: set[Place]) -> bool:
        """Tell whether a new message waits for another one: side by side they change places."""
        taken = queues.union(self._posting.values())
        return due.reference is None and due.posting.place in taken

    def _start(self, due: Due) -> None:
        """Show one beside the others: one call that hangs holds up nobody else's message."""
        key = due.posting.key
        if due.reference is None:
            self._posting[key] = due.posting.place
        self._calls[due.posting.place.platform] += 1
        self._absences.begins(due)
        task = self._showing[key] = asyncio.create_task(self._one.show(due), name=key)

        def forget(_: object) -> None:
            del self._showing[key]
            self._posting.pop(key, None)
            self._calls[due.posting.place.platform] -= 1
            self._absences.ends(due)

        task.add_done_callback(forget)

    async def _pause(self, seconds: float) -> None:
        """Wait until there may be more to show."""
        showing = set(self._showing.values())
        await self._bell.wait(self._clock, seconds, *showing)
        if all(one in self._showing.values() for one in showing):
            # What happens within a blink becomes one edit, and the decision itself goes first.
            blink = asyncio.create_task(asyncio.sleep(_BLINK))
            await asyncio.wait({blink, *showing}, return_when=asyncio.FIRST_COMPLETED)
            blink.cancel()
        else:
            await asyncio.sleep(_BREATH)


def _owed(most: int, tx: Transaction) -> tuple[Sequence[Due], datetime, datetime | None]:
    return tx.due_postings(most), tx.now, tx.next_posting_at()
