"""The one writer: a thread that commits everything that is queued in one go.

Each piece of work has a savepoint of its own, so a failing one takes nothing along. Nobody is
answered before the commit: whatever was decided until then could still be undone.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from psycopg import OperationalError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.domain.errors import TwokeyError
from bot.faultpoints import FaultPoint, reached
from bot.ports import Transaction
from bot.storage.audit import lock_head, move_head
from bot.storage.chain import Head
from bot.storage.connection import tell_others
from bot.storage.errors import NotRecorded, OutcomeUnknown, Unusable
from bot.storage.part import Keeper, log
from bot.storage.transaction import SqlTransaction, carry_out

T = TypeVar("T")
_MOST_AT_ONCE: Final = 64
_WAITED_OUT: Final = 2.0  # seconds; longer would keep the person who clicked waiting
_AGAIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[Transaction], Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    result: Any = None
    error: Exception | None = None
    has_written: bool = False


class Writer:
    """Takes work on the event loop, does it on its thread, answers on the event loop."""

    def __init__(
        self, engine: Engine, keeper: Keeper, on_commit: Callable[[], None], *, name: str
    ) -> None:
        """Start the thread; ``on_commit`` is called on the running loop after each change.

        ``name``: who we are to other processes on the same server, which hear of each change.
        """
        self._engine = engine
        self._keeper = keeper
        self._on_commit = on_commit
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._queue = queue.SimpleQueue[_Job | None]()
        self._is_closed = False
        self._ended = asyncio.Event()
        threading.Thread(target=self._run, name="twokey-writer", daemon=True).start()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Queue the work; once queued it is done, even if nobody waits for it any more."""
        if self._is_closed:
            raise Unusable("Twokey is shutting down. Nothing was recorded.")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Job(work, answer))
        return await answer

    async def close(self) -> None:
        """Finish what is queued and end the thread."""
        self._is_closed = True
        self._queue.put(None)
        await self._ended.wait()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if group:
                outcomes = self._commit(group)
                self._loop.call_soon_threadsafe(self._deliver, group, outcomes)
        self._loop.call_soon_threadsafe(self._ended.set)

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for work and take all there is; False: there will be no more."""
        group: list[_Job] = []
        while (job := self._queue.get()) is not None:
            group.append(job)
            if len(group) == _MOST_AT_ONCE or self._queue.empty():
                return group, True
        return group, False

    def _commit(self, group: list[_Job]) -> list[_Outcome]:
        """Commit them together; what passes, such as a restart of the server, is waited out."""
        began = time.monotonic()
        while True:
            outcomes, error = self._try(group)
            if error is None:
                return outcomes
            is_over = time.monotonic() - began > _WAITED_OUT
            if is_over or isinstance(error, OutcomeUnknown) or not _passes(error.__cause__):
                log.error("a commit of %d failed: %r", len(group), error.__cause__)
                return [_Outcome(error=error) for _ in group]
            time.sleep(_AGAIN)

    def _try(self, group: list[_Job]) -> tuple[list[_Outcome], TwokeyError | None]:
        is_committing = False
        outcomes: list[_Outcome] = []
        try:
            with self._engine.begin() as connection:
                before = head = lock_head(connection, self._keeper.key)
                for job in group:
                    head, outcome = self._attempt(connection, job, head)
                    outcomes.append(outcome)
                reached(FaultPoint.COMMIT_APPENDED)
                move_head(connection, before=before, after=head, key=self._keeper.key)
                if any(outcome.has_written for outcome in outcomes):
                    tell_others(connection, name=self._name)
                reached(FaultPoint.COMMIT_SEALED)
                is_committing = True
        except Exception as error:  # noqa: BLE001 - each one who waits has to hear it
            return [], _said(error, is_committing=is_committing)
        reached(FaultPoint.COMMIT_DONE)
        return outcomes, None

    def _attempt(self, connection: Connection, job: _Job, head: Head) -> tuple[Head, _Outcome]:
        """Do one piece of work; if it fails, the audit chain goes on where it was."""
        savepoint = connection.begin_nested()
        try:
            transaction = SqlTransaction(connection, self._keeper, head, is_write=True)
            result = carry_out(job.work, transaction)
        except Exception as error:
            if _passes(error):
                raise
            savepoint.rollback()
            is_ours = not isinstance(error, SQLAlchemyError)
            return head, _Outcome(error=error if is_ours else _said(error))
        savepoint.commit()
        return transaction.head, _Outcome(result, has_written=transaction.has_written)

    def _deliver(self, group: list[_Job], outcomes: list[_Outcome]) -> None:
        for job, outcome in zip(group, outcomes, strict=True):
            if job.answer.done():
                continue  # whoever asked was cancelled meanwhile
            if outcome.error is not None:
                job.answer.set_exception(outcome.error)
            else:
                job.answer.set_result(outcome.result)
        if any(one.has_written or isinstance(one.error, OutcomeUnknown) for one in outcomes):
            self._on_commit()


def _passes(error: BaseException | None) -> bool:
    """Tell whether the server may do the same without complaint in a moment."""
    return isinstance(error, DBAPIError) and isinstance(error.orig, OperationalError)


def _said(cause: Exception, *, is_committing: bool = False) -> TwokeyError:
    """Say it to the people who wait; the cause is for those who look closer."""
    error: TwokeyError
    if is_committing and isinstance(cause, DBAPIError) and cause.connection_invalidated:
        error = OutcomeUnknown(
            "The database broke off while it was saving, so it is not known whether this was "
            "recorded. Look at the card before you try again."
        )
    elif isinstance(cause, TwokeyError):
        error = NotRecorded(str(cause))
    else:
        error = NotRecorded(
            "The database could not save this. Nothing was recorded. Try again in a moment."
        )
    error.__cause__ = cause
    return error
