"""Show people what they must see: the outbox, delivered at least once and in order per message."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.event import Event
from bot.domain.rollback import Rollback
from bot.domain.target import Place
from bot.engine.budget import Budget
from bot.engine.core import in_words, log
from bot.faultpoints import FaultPoint, reached
from bot.ports import (
    Chat,
    ChatBusy,
    ChatRefused,
    Clock,
    Due,
    Kind,
    Reference,
    Renderer,
    Store,
    Transaction,
)

_AT_ONCE: Final = 32
_LOOKED_AT: Final = 512  # one busy channel must not hide the others
_LONGEST_WAIT: Final = 60.0
_IDLE: Final = 30.0
_BLINK: Final = 0.05


class Delivery:
    """Takes due postings from the outbox, renders the newest state and puts it on the platform."""

    def __init__(
        self, *, store: Store, chats: Mapping[str, Chat], render: Renderer, clock: Clock
    ) -> None:
        """Take the doors it needs; ``chats`` are by platform."""
        self._store = store
        self._chats = chats
        self._render = render
        self._clock = clock
        self._budget = Budget()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox now: something was committed."""
        self._woken.set()

    async def run_forever(self) -> None:
        """Deliver until cancelled; a stumble is logged and tried again."""
        while True:
            self._woken.clear()
            try:
                wait = await self.run_once()
            except Exception:  # noqa: BLE001 - whatever it was, people have to be told
                log.exception("the outbox stumbled; it is looked at again")
                wait = 1.0
            if wait:
                await self._pause(wait)
                # What happens within a blink becomes one edit, and the decision itself goes first.
                await asyncio.sleep(_BLINK)

    async def run_once(self) -> float:
        """Show everything that may be shown now; return the seconds until there may be more."""
        due, now = await self._store.read(lambda tx: (tx.due_postings(_LOOKED_AT), tx.now))
        if not due:
            following = await self._store.read(lambda tx: tx.next_posting_at())
            if following is None:
                return _IDLE
            return min(max((following - now).total_seconds(), 0.01), _IDLE)
        ready, wait = self._ready(due, now)
        # All of them, before the next look: what is still being posted would be posted twice.
        results = await asyncio.gather(*(self._show(one) for one in ready), return_exceptions=True)
        for result in results:
            if result is not None:
                raise result
        return wait

    def _ready(self, due: Sequence[Due], now: datetime) -> tuple[list[Due], float]:
        """Return what may be shown now, or how long it takes until anything may."""
        waits: list[float] = []
        ready: list[Due] = []
        posted_to = set[Place]()
        for one in due:
            if len(ready) == _AT_ONCE:
                break
            is_new, place = one.reference is None, one.posting.place
            if is_new and place in posted_to:
                continue  # side by side, two new messages would change places
            wait = self._budget.wait(one, now)
            if wait:
                waits.append(wait)
                continue
            ready.append(one)
            posted_to |= {place} if is_new else set()
        return ready, 0.0 if ready else min(waits)

    async def _pause(self, seconds: float) -> None:
        woken = asyncio.create_task(self._woken.wait())
        slept = asyncio.create_task(self._clock.sleep(seconds))
        _, pending = await asyncio.wait({woken, slept}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()

    async def _show(self, due: Due) -> None:
        """Show one; whatever happens to it is dealt with here, so that the others go on."""
        try:
            reference = await self._put(due)
        except ChatBusy as busy:
            self._budget.close(due, await self._postpone(due, busy.seconds))
        except ChatRefused as error:
            await self._refused(due, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, people have to be told later
            seconds = min(2.0**due.failures, _LONGEST_WAIT)
            because = in_words(error, doing="showing it")
            log.warning("%s: %s; again in %.0f s", due.posting.key, because, seconds)
            await self._postpone(due, seconds)
        else:
            await self._store.write(lambda tx: tx.shown(due, reference))
            reached(FaultPoint.MESSAGE_NOTED, due.posting.kind)

    async def _postpone(self, due: Due, seconds: float) -> datetime:
        def work(tx: Transaction) -> datetime:
            until = tx.now + timedelta(seconds=seconds)
            tx.postpone(due, until=until)
            return until

        return await self._store.write(work)

    async def _put(self, due: Due) -> Reference | None:
        chat = self._chats.get(due.posting.place.platform)
        if chat is None:
            raise ChatRefused(f"no {due.posting.place.platform} is connected")
        rollback, events, notice = await self._store.read(lambda tx: _facts(tx, due))
        message = self._render(due.posting, rollback, events)
        if message is None:
            return due.reference
        if due.reference is not None:
            await chat.edit(due.reference, message)
            reached(FaultPoint.EDIT_SENT, due.posting.kind)
            return due.reference
        place, key = due.posting.place, due.posting.key
        thread = notice if due.posting.is_threaded else None
        if due.tried:
            found = await chat.find(place, thread=thread, key=key)
            if found is not None:
                await chat.edit(found, message)
                return found
        await self._store.write(lambda tx: tx.try_posting(due))
        reached(FaultPoint.POST_ANNOUNCED, due.posting.kind)
        reference = await chat.post(place, message, thread=thread, key=key)
        reached(FaultPoint.POST_SENT, due.posting.kind)
        return reference

    async def _refused(self, due: Due, error: ChatRefused) -> None:
        if error.repost and due.reference is not None:
            await self._store.write(lambda tx: tx.postpone(due, until=tx.now, repost=True))
            return
        log.error("%s can't be shown: %s", due.posting.key, error)
        await self._store.write(lambda tx: tx.give_up(due, str(error)))


def _facts(tx: Transaction, due: Due) -> tuple[Rollback, tuple[Event, ...], Reference | None]:
    rollback_id = due.posting.rollback_id
    notice = tx.reference(rollback_id, Kind.NOTICE, due.posting.place)
    return tx.load(rollback_id), tx.events(rollback_id), notice
