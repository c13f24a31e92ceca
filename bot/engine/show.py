"""Show one posting on its platform, and deal with whatever comes of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.domain.errors import TwokeyError
from bot.domain.event import Event
from bot.domain.rollback import Rollback
from bot.engine.absence import Absences, doubled
from bot.engine.budget import Budget
from bot.engine.core import in_words, log
from bot.engine.foreground import Foreground
from bot.faultpoints import FaultPoint, reached
from bot.message import Message
from bot.ports import (
    Chat,
    ChatBusy,
    ChatRefused,
    ChatUnreachable,
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

STUMBLE: Final = 1.0
_LONGEST_WAIT: Final = 60.0
_LONGEST_WAIT_FOR_PEOPLE: Final = 300.0  # who have to invite us, or to unarchive a channel
_LONGEST_WAIT_FOR_PLATFORMS: Final = 300.0  # then we ask again, however long they wanted
_ENOUGH: Final = 5  # failures: half a minute
_KEPT_AFTER_THE_END: Final = timedelta(days=1)


class _NotOurs(Exception):
    """Another process delivers by now."""


class _Unmade(Exception):
    """There are no words for it, which is nobody else's fault."""


class Showing:
    """Renders the newest state of a due posting and puts it on the platform."""

    def __init__(
        self,
        *,
        store: Store,
        chats: Mapping[str, Chat],
        render: Renderer,
        clock: Clock,
        foreground: Foreground,
        budget: Budget,
        absences: Absences,
        is_ours: Callable[[], bool],
    ) -> None:
        """Take the doors it needs; ``chats`` are by platform."""
        self._store = store
        self._chats = chats
        self._render = render
        self._clock = clock
        self._foreground = foreground
        self._budget = budget
        self._absences = absences
        self._is_ours = is_ours

    async def show(self, due: Due) -> None:
        """Show one; whatever happens to it is dealt with here, so that the others go on."""
        try:
            await self._try_to_show(due)
        except Exception:  # noqa: BLE001 - not even the failure could be noted
            log.exception("the outbox stumbled over %s; it is looked at again", due.posting.key)
            await self._clock.sleep(STUMBLE)

    async def _try_to_show(self, due: Due) -> None:
        try:
            reference = await self._put(due)
        except _NotOurs:
            pass  # whoever delivers now sees in the outbox how far we got
        except ChatBusy as busy:
            self._absences.answered(due)
            self._budget.close(due, await self._postpone(due, busy))
        except ChatRefused as refusal:
            if refusal.remedy is not Remedy.ANEW:  # a chat may say that by itself
                self._absences.answered(due)
            await self._refused(due, refusal)
        except Exception as error:  # noqa: BLE001 - whatever it was, people have to be told later
            await self._failed(due, error)
        else:
            await self._store.write(lambda tx: tx.shown(due, reference))
            reached(FaultPoint.MESSAGE_NOTED, due.posting.kind)

    async def _postpone(self, due: Due, busy: ChatBusy) -> datetime:
        seconds = min(busy.seconds, _LONGEST_WAIT_FOR_PLATFORMS)

        def work(tx: Transaction) -> datetime:
            _go_on_with(tx, due, busy.begun)
            until = tx.now + timedelta(seconds=seconds)
            tx.postpone(due, until=until, is_certain=True)
            return until

        return await self._store.write(work)

    async def _put(self, due: Due) -> Reference | None:
        chat = self._chats.get(due.posting.place.platform)
        if chat is None:
            raise ChatRefused(f"no {due.posting.place.platform} is connected")
        await self._foreground.over()
        rollback, events, notice = await self._store.read(lambda tx: _facts(tx, due))
        await self._foreground.over()
        try:
            message = self._render(due.posting, rollback, events)
        except Exception as error:
            raise _Unmade(in_words(error, doing="drawing it")) from error
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
            self._absences.answered(due)
            reached(FaultPoint.EDIT_SENT, due.posting.kind)
            return due.reference
        place, key = due.posting.place, due.posting.key
        if due.tried:
            found = await chat.find(place, thread=thread, key=key)
            if found is not None:
                self._check_ours()
                await chat.edit(found, message)
                self._absences.answered(due)
                return found
            # It reads, so it is there: else a message that alone fails would look like an outage.
            self._absences.answered(due)
        await self._store.write(lambda tx: tx.try_posting(due))
        reached(FaultPoint.POST_ANNOUNCED, due.posting.kind)
        self._check_ours()
        reference = await chat.post(place, message, thread=thread, key=key)
        self._absences.answered(due)
        reached(FaultPoint.POST_SENT, due.posting.kind)
        return reference

    def _check_ours(self) -> None:
        """Stop right before a call if we were frozen until another process took over."""
        if not self._is_ours():
            raise _NotOurs

    async def _refused(self, due: Due, refusal: ChatRefused) -> None:
        """Do what can help against a refusal; nothing that people must see is dropped for less."""
        seconds = doubled(due.failures, _LONGEST_WAIT_FOR_PEOPLE)

        def work(tx: Transaction) -> str:
            _go_on_with(tx, due, refusal.begun)
            if refusal.remedy is Remedy.ANEW and (due.reference is not None or due.tried):
                tx.post_anew(due.posting)
                return "it is posted anew"
            if refusal.remedy in {Remedy.LATER, Remedy.NEW_THREAD} and not _is_old(tx, due):
                tx.postpone(due, until=tx.now + timedelta(seconds=seconds), is_certain=True)
                return f"again in {seconds:.0f} s"
            tx.give_up(due, str(refusal))
            return "it is given up"

        log.error("%s: %s; %s", due.posting.key, refusal, await self._store.write(work))

    async def _failed(self, due: Due, error: Exception) -> None:
        """Try again later, but not for ever: what nobody waits for any more makes room."""
        seconds = doubled(due.failures, _LONGEST_WAIT)
        is_unmade = isinstance(error, _Unmade)
        because = str(error) if is_unmade else in_words(error, doing="showing it")
        # A chat that answers everything but this one message is not away: the rest goes on.
        is_alone = due.failures >= _ENOUGH and not self._absences.is_away(due)
        stuck = because if is_unmade or is_alone else None
        begun = error.begun if isinstance(error, ChatUnreachable) else None

        def work(tx: Transaction) -> tuple[str, datetime]:
            _go_on_with(tx, due, begun)
            if _is_old(tx, due):
                tx.give_up(due, because)
                return "it is given up", tx.now
            tx.postpone(due, until=tx.now + timedelta(seconds=seconds), stuck=stuck)
            return f"again in {seconds:.0f} s", tx.now

        what_now, now = await self._store.write(work)
        if isinstance(error, ChatUnreachable):
            self._absences.unanswered(due, now)
        log.warning("%s: %s; %s", due.posting.key, because, what_now)


def _facts(tx: Transaction, due: Due) -> tuple[Rollback, tuple[Event, ...], Reference | None]:
    rollback_id = due.posting.rollback_id
    notice = tx.reference(rollback_id, Kind.NOTICE, due.posting.place)
    return tx.load(rollback_id), tx.events(rollback_id), notice


def _go_on_with(tx: Transaction, due: Due, begun: Reference | None) -> None:
    """Remember a first part that stands, and want the rest: a platform may not find it again."""
    if begun is not None:
        tx.shown(due, begun)
        tx.show(due.posting)


def _open_thread(tx: Transaction, due: Due, *, gone: Reference) -> None:
    """Post the notice anew, unless that was done since."""
    rollback_id, place = due.posting.rollback_id, due.posting.place
    if tx.reference(rollback_id, Kind.NOTICE, place) == gone:
        tx.post_anew(Posting(rollback_id, Kind.NOTICE, place))


def _is_old(tx: Transaction, due: Due) -> bool:
    """Tell whether all that happened is a day ago, and no more is to come."""
    rollback_id = due.posting.rollback_id
    newest = max((event.at for event in tx.events(rollback_id)), default=None)
    if newest is None or tx.now <= newest + _KEPT_AFTER_THE_END:
        return False
    try:
        return tx.load(rollback_id).outcome is not None
    except TwokeyError:
        return True  # a damaged record says nothing any more
