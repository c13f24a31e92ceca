"""Show people what they must see: the outbox, delivered at least once and in order per message."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from bot.domain.errors import TwokeyError
from bot.domain.event import Event
from bot.domain.rollback import Rollback
from bot.domain.target import Place
from bot.engine.bell import Bell
from bot.engine.budget import Budget
from bot.engine.core import in_words, log
from bot.engine.foreground import Foreground
from bot.faultpoints import FaultPoint, reached
from bot.message import Message
from bot.ports import (
    Chat,
    ChatBusy,
    ChatRefused,
    Clock,
    Due,
    Kind,
    Posting,
    Reference,
    Remedy,
    Renderer,
    Store,
    Transaction,
)

_AT_ONCE: Final = 32
_FIRST_LOOK: Final = 3 * _AT_ONCE  # reading costs more than it seems, and most of it is shown soon
_LONG_LOOK: Final = 512  # but one busy channel must not hide the others
_LONGEST_WAIT: Final = 60.0
_LONGEST_WAIT_FOR_PEOPLE: Final = 300.0  # who have to invite us, or to unarchive a channel
_KEPT_AFTER_THE_END: Final = timedelta(days=1)
_STUMBLE: Final = 1.0
_IDLE: Final = 30.0
_BLINK: Final = 0.05
_BREATH: Final = 0.01  # one look for all that ended meanwhile: a long queue is long to look at


class _NotOurs(Exception):
    """Another process delivers by now."""


class Delivery:
    """Takes due postings from the outbox, renders the newest state and puts it on the platform."""

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
        self._render = render
        self._clock = clock
        self._foreground = foreground
        self._budget = Budget()
        self._is_ours = is_ours
        self._bell = Bell()
        self._showing: dict[str, asyncio.Task[None]] = {}
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
                    wait = _STUMBLE
                except Exception:  # noqa: BLE001 - whatever it was, people have to be told
                    log.exception("the outbox stumbled; it is looked at again")
                    wait = _STUMBLE
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
        if len(self._showing) >= _AT_ONCE:
            return _IDLE  # the first that ends makes room, and wakes us
        has_started, is_whole, wait = await self._look_at(_FIRST_LOOK)
        if not has_started and not is_whole:
            _, _, wait = await self._look_at(_LONG_LOOK)
        return wait

    async def _look_at(self, most: int) -> tuple[bool, bool, float]:
        """Start what may be shown of so many; return whether any, whether that is all, the wait."""
        # Noted before the outbox is read: what is still being shown would be shown twice, and what
        # fails meanwhile would be overtaken.
        busy, queues = set(self._showing), set(self._posting.values())
        due, now, following = await self._store.read(partial(_owed, most))
        waits, before = [_IDLE], len(self._showing)
        if following is not None:
            waits.append(max((following - now).total_seconds(), 0.01))
        for one in due:
            if one.posting.key in busy or self._must_queue(one, queues):
                continue
            if len(self._showing) >= _AT_ONCE:
                break
            if wait := self._budget.wait(one, now):
                waits.append(wait)
            else:
                self._start(one)
        return len(self._showing) > before, len(due) < most, min(waits)

    def _must_queue(self, due: Due, queues: set[Place]) -> bool:
        """Tell whether a new message waits for another one: side by side they change places."""
        taken = queues.union(self._posting.values())
        return due.reference is None and due.posting.place in taken

    def _start(self, due: Due) -> None:
        """Show one beside the others: one call that hangs holds up nobody else's message."""
        key = due.posting.key
        if due.reference is None:
            self._posting[key] = due.posting.place
        task = self._showing[key] = asyncio.create_task(self._show(due), name=key)

        def forget(_: object) -> None:
            del self._showing[key]
            self._posting.pop(key, None)

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

    async def _show(self, due: Due) -> None:
        """Show one; whatever happens to it is dealt with here, so that the others go on."""
        try:
            await self._try_to_show(due)
        except Exception:  # noqa: BLE001 - not even the failure could be noted
            log.exception("the outbox stumbled over %s; it is looked at again", due.posting.key)
            await self._clock.sleep(_STUMBLE)

    async def _try_to_show(self, due: Due) -> None:
        try:
            reference = await self._put(due)
        except _NotOurs:
            pass  # whoever delivers now sees in the outbox how far we got
        except ChatBusy as busy:
            self._budget.close(due, await self._postpone(due, busy.seconds))
        except ChatRefused as refusal:
            await self._refused(due, refusal)
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
        await self._foreground.over()
        rollback, events, notice = await self._store.read(lambda tx: _facts(tx, due))
        await self._foreground.over()
        message = self._render(due.posting, rollback, events)
        if message is None:
            return due.reference
        thread = notice if due.posting.is_threaded else None
        try:
            return await self._send(chat, due, message, thread)
        except ChatRefused as refusal:
            if refusal.remedy is Remedy.NEW_THREAD and thread is not None:
                await self._store.write(lambda tx: _open_thread(tx, due, gone=thread))
            if refusal.remedy is not Remedy.PLAINER or not message.blocks:
                raise
            log.error("%s is shown as one sentence: %s", due.posting.key, refusal)
            return await self._send(chat, due, message.plainer, thread)

    async def _send(
        self, chat: Chat, due: Due, message: Message, thread: Reference | None
    ) -> Reference:
        self._check_ours()
        if due.reference is not None:
            await chat.edit(due.reference, message)
            reached(FaultPoint.EDIT_SENT, due.posting.kind)
            return due.reference
        place, key = due.posting.place, due.posting.key
        if due.tried:
            found = await chat.find(place, thread=thread, key=key)
            if found is not None:
                self._check_ours()
                await chat.edit(found, message)
                return found
        await self._store.write(lambda tx: tx.try_posting(due))
        reached(FaultPoint.POST_ANNOUNCED, due.posting.kind)
        self._check_ours()
        reference = await chat.post(place, message, thread=thread, key=key)
        reached(FaultPoint.POST_SENT, due.posting.kind)
        return reference

    def _check_ours(self) -> None:
        """Stop right before a call if we were frozen until another process took over."""
        if not self._is_ours():
            raise _NotOurs

    async def _refused(self, due: Due, refusal: ChatRefused) -> None:
        """Do what can help against a refusal; nothing that people must see is dropped for less."""
        seconds = min(2.0**due.failures, _LONGEST_WAIT_FOR_PEOPLE)

        def work(tx: Transaction) -> str:
            outcome = tx.load(due.posting.rollback_id).outcome
            is_old = outcome is not None and tx.now > outcome.at + _KEPT_AFTER_THE_END
            if refusal.remedy is Remedy.ANEW and (due.reference is not None or due.tried):
                tx.post_anew(due.posting)
                return "it is posted anew"
            if refusal.remedy in {Remedy.LATER, Remedy.NEW_THREAD} and not is_old:
                tx.postpone(due, until=tx.now + timedelta(seconds=seconds))
                return f"again in {seconds:.0f} s"
            tx.give_up(due, str(refusal))
            return "it is given up"

        log.error("%s: %s; %s", due.posting.key, refusal, await self._store.write(work))


def _owed(most: int, tx: Transaction) -> tuple[Sequence[Due], datetime, datetime | None]:
    return tx.due_postings(most), tx.now, tx.next_posting_at()


def _facts(tx: Transaction, due: Due) -> tuple[Rollback, tuple[Event, ...], Reference | None]:
    rollback_id = due.posting.rollback_id
    notice = tx.reference(rollback_id, Kind.NOTICE, due.posting.place)
    return tx.load(rollback_id), tx.events(rollback_id), notice


def _open_thread(tx: Transaction, due: Due, *, gone: Reference) -> None:
    """Post the notice anew, unless that was done since."""
    rollback_id, place = due.posting.rollback_id, due.posting.place
    if tx.reference(rollback_id, Kind.NOTICE, place) == gone:
        tx.post_anew(Posting(rollback_id, Kind.NOTICE, place))
