"""Rollbacks with their approvals, their claim and their journal."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Integer, Row, Select, bindparam, exists, func, insert, select, update

from bot.domain.allowance import Asked
from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import UNDECIDED, Rollback, State, StepRun
from bot.domain.target import Place
from bot.storage import codec
from bot.storage.errors import Conflict, Quarantined
from bot.storage.part import Part, by_dialect
from bot.storage.tables import IS_OPEN, approvals, claims, places, rollbacks, steps

_ROWS: Final = select(rollbacks, claims.c.token, claims.c.claimed_at).outerjoin(claims)
_ONE: Final = _ROWS.where(rollbacks.c.id == bindparam("rollback_id"))
_ONE_LOCKED: Final = _ONE.with_for_update(of=rollbacks)
_OPEN: Final = _ROWS.where(IS_OPEN)  # in the very words of the index
_OPEN_FOR: Final = _OPEN.where(
    rollbacks.c.target == bindparam("target"), rollbacks.c.environment == bindparam("environment")
)
_IN_CHANNEL: Final = (
    places.c.rollback_id == rollbacks.c.id,
    places.c.platform == bindparam("platform"),
    places.c.tenant == bindparam("tenant"),
    places.c.channel == bindparam("channel"),
)
# Written so that no index is tempting: a workspace's places are many, a rollback's are one or two.
_IN_WORKSPACE: Final = (
    places.c.rollback_id == rollbacks.c.id,
    places.c.platform.concat("") == bindparam("platform"),
    places.c.tenant.concat("") == bindparam("tenant"),
)
# PostgreSQL has to see the number: a plan for any number of rows sorts the whole channel.
_LIMIT: Final = bindparam("limit", type_=Integer, literal_execute=True)
_NEWEST: Final = (rollbacks.c.asked_at.desc(), rollbacks.c.id.desc())
# Few are open, however many ended: those are gone through, not all that a channel ever saw.
_OPEN_IN: Final = _OPEN.where(exists().where(*_IN_CHANNEL)).order_by(
    rollbacks.c.asked_at, rollbacks.c.id
)
_NEWEST_OPEN: Final = _OPEN.order_by(*_NEWEST).limit(_LIMIT)
_LATEST: Final = (
    _ROWS.where(*_IN_CHANNEL)
    .order_by(places.c.asked_at.desc(), places.c.rollback_id.desc())
    .limit(_LIMIT)
)
_DUE: Final = _ROWS.where(rollbacks.c.wake_at <= bindparam("now")).order_by(rollbacks.c.wake_at)
_NEXT: Final = select(func.min(rollbacks.c.wake_at)).where(rollbacks.c.wake_at > bindparam("now"))
_ASKED: Final = select(
    rollbacks.c.target,
    rollbacks.c.environment,
    rollbacks.c.requester,
    rollbacks.c.asked_at,
    rollbacks.c.state,
).where(rollbacks.c.asked_at > bindparam("moment"))
_UNDECIDED: Final = select(func.count()).where(
    IS_OPEN, rollbacks.c.state.in_(sorted(UNDECIDED)), exists().where(*_IN_WORKSPACE)
)
_VOTES: Final = (
    select(approvals)
    .where(approvals.c.rollback_id.in_(bindparam("ids", expanding=True)))
    .order_by(approvals.c.number)
)
_ATTEMPTS: Final = (
    select(steps)
    .where(steps.c.rollback_id.in_(bindparam("ids", expanding=True)))
    .order_by(steps.c.attempt)
)

_ADD: Final = insert(rollbacks)
_PLACE: Final = insert(places)
_SAVE: Final = update(rollbacks).where(
    rollbacks.c.id == bindparam("same_id"), rollbacks.c.version == bindparam("seen_version")
)
_APPROVE: Final = insert(approvals)
_WITHDRAW: Final = update(approvals).where(
    approvals.c.rollback_id == bindparam("same_id"), approvals.c.number == bindparam("same_number")
)
_CLAIM: Final = insert(claims)
_FENCE: Final = update(claims).where(
    claims.c.rollback_id == bindparam("same_id"), claims.c.token == bindparam("seen_token")
)
_ATTEMPT_KEY: Final = ("rollback_id", "step", "attempt")
_ATTEMPT: Final = by_dialect(
    steps,
    lambda upsert: upsert.on_conflict_do_update(
        index_elements=_ATTEMPT_KEY,
        set_={c.name: upsert.excluded[c.name] for c in steps.c if c.name not in _ATTEMPT_KEY},
    ),
)


class RollbackPart(Part):
    """Adds, loads and saves rollbacks as wholes."""

    def add(self, rollback: Rollback) -> None:
        """Store a new rollback."""
        self._change(_ADD, codec.to_row(rollback))
        if rollback.places:
            self._change(_PLACE, *codec.place_rows(rollback))
        self._save_parts(replace(rollback, approvals=(), claimed_at=None, steps=()), rollback)
        self._loaded[rollback.id] = rollback

    def load(self, rollback_id: str) -> Rollback:
        """Return it, locked until the end of a write; ``Refused`` with ``not_found`` if unknown."""
        query = _ONE_LOCKED if self._is_write else _ONE
        for assemble in self._found(query, rollback_id=rollback_id):
            self._loaded[rollback_id] = assemble()
            return self._loaded[rollback_id]
        raise Refused(
            Refusal.NOT_FOUND,
            f"There is no rollback {rollback_id[:40]}. Nothing was changed. "
            "/rollback status names the open ones.",
        )

    def save(self, rollback: Rollback) -> None:
        """Write a changed rollback if it is still at the version that was loaded."""
        before = self._loaded.get(rollback.id) or self.load(rollback.id)
        after = replace(rollback, version=rollback.version + 1)
        seen = {"same_id": rollback.id, "seen_version": rollback.version}
        updated = self._change(_SAVE, codec.to_row(after) | seen)
        if updated.rowcount != 1:
            raise Conflict(
                f"{rollback.id} was changed by somebody else at the same moment. "
                "Nothing was recorded. Look at its card and try again."
            )
        self._save_parts(before, after)
        self._loaded[rollback.id] = after

    def open_for(self, target: str, environment: str) -> Rollback | None:
        """Return the one that is undecided or running for this target."""
        for assemble in self._found(_OPEN_FOR, target=target, environment=environment):
            return assemble()
        return None

    def latest(self, place: Place, limit: int) -> tuple[Rollback, ...]:
        """Return the newest rollbacks of a channel, newest first."""
        return tuple(self._readable(_LATEST, **asdict(place), limit=limit))

    def open(self, place: Place) -> tuple[Rollback, ...]:
        """Return all of a channel that are undecided or running, oldest first."""
        return tuple(self._readable(_OPEN_IN, **asdict(place)))

    def newest_open(self, limit: int) -> tuple[Rollback, ...]:
        """Return those that are undecided or running and were asked for last, newest first."""
        return tuple(self._readable(_NEWEST_OPEN, limit=limit))

    def asked_since(self, moment: datetime) -> tuple[Asked, ...]:
        """Return what was asked for after this moment."""
        rows = self._connection.execute(_ASKED, {"moment": moment})
        return tuple(
            Asked(row.target, row.environment, row.requester, row.asked_at, State(row.state))
            for row in rows
        )

    def count_undecided(self, place: Place) -> int:
        """Return how many requests of this place's workspace people can still stop."""
        where = {"platform": place.platform, "tenant": place.tenant}
        return int(self._connection.scalar(_UNDECIDED, where) or 0)

    def due(self, besides: Collection[str] = ()) -> tuple[Rollback, ...]:
        """Return those whose ``wake_at`` has come, besides those that are in good hands."""
        return tuple(self._readable(_DUE, besides, now=self.now))

    def next_wake(self) -> datetime | None:
        """Return the earliest ``wake_at`` still to come."""
        earliest: datetime | None = self._connection.scalar(_NEXT, {"now": self.now})
        return earliest

    def _readable(
        self, query: Select[Any], besides: Collection[str] = (), **values: object
    ) -> Iterator[Rollback]:
        """Yield what can be read: a damaged record must not stop the others."""
        for assemble in self._found(query, besides, **values):
            try:
                yield assemble()
            except Quarantined as damaged:
                self._keeper.complain(str(damaged), str(damaged))

    def _found(
        self, query: Select[Any], besides: Collection[str] = (), **values: object
    ) -> Iterator[Callable[[], Rollback]]:
        """Yield a way to put each found rollback together, in three queries for all of them."""
        rows = [row for row in self._connection.execute(query, values) if row.id not in besides]
        ids = [row.id for row in rows]
        votes, attempts = self._grouped(_VOTES, ids), self._grouped(_ATTEMPTS, ids)
        for row in rows:
            yield partial(codec.from_rows, row, approvals=votes[row.id], attempts=attempts[row.id])

    def _grouped(self, query: Select[Any], ids: Sequence[str]) -> Mapping[str, list[Row[Any]]]:
        groups = defaultdict[str, list[Row[Any]]](list)
        for row in self._connection.execute(query, {"ids": ids}) if ids else ():
            groups[row.rollback_id].append(row)
        return groups

    def _save_parts(self, before: Rollback, after: Rollback) -> None:
        self._save_approvals(before, after)
        self._save_claim(before, after)
        known = {run.name: run for run in before.steps}
        for run in after.steps:
            if run != known.get(run.name, StepRun(run.name)):
                journal = _ATTEMPT[self._connection.dialect.name]
                self._change(journal, codec.run_to_row(after.id, run))

    def _save_approvals(self, before: Rollback, after: Rollback) -> None:
        """Add the new ones; of an older one, only whether it was taken back may change."""
        for number, approval in enumerate(after.approvals):
            if number >= len(before.approvals):
                self._change(_APPROVE, codec.approval_to_row(after, number, approval))
            elif approval != before.approvals[number]:
                place = {"same_id": after.id, "same_number": number}
                self._change(_WITHDRAW, place | {"withdrawn_at": approval.withdrawn_at})

    def _save_claim(self, before: Rollback, after: Rollback) -> None:
        if before.claimed_at is None and after.claimed_at is not None:
            claim = {"rollback_id": after.id, "claimed_at": after.claimed_at, "token": after.token}
            self._change(_CLAIM, claim)
        elif before.token != after.token:
            seen = {"same_id": after.id, "seen_token": before.token}
            self._change(_FENCE, seen | {"token": after.token})
