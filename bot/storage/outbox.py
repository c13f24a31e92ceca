"""The outbox: what people must see, committed with what it tells; the newest content wins."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, UpdateBase, and_, bindparam, case, exists, or_, select, update

from bot.domain.target import Place
from bot.ports import Due, Kind, Posting, Rank, Reference
from bot.storage import owed
from bot.storage.part import Part, Upsert, by_dialect
from bot.storage.tables import outbox

_THREADED: Final = [kind for kind in Kind if Posting("", kind, Place("", "", "")).is_threaded]
_OF_ROLLBACK: Final = (
    outbox.c.rollback_id == bindparam("rollback_id"),
    outbox.c.platform == bindparam("platform"),
    outbox.c.tenant == bindparam("tenant"),
)
_POSTED: Final = (
    select(outbox)
    .where(
        *_OF_ROLLBACK,
        outbox.c.channel == bindparam("channel"),
        outbox.c.kind == bindparam("kind"),
        outbox.c.posted_message.is_not(None),
    )
    .order_by(outbox.c.number.desc())
    .limit(1)
)
# People may press what was posted before its id is stored, which a crash can delay; only the
# platform knows the channel of a direct message, and perhaps of a thread, before that.
_IS_BEING_POSTED: Final = and_(
    outbox.c.tried,
    outbox.c.posted_message.is_(None),
    outbox.c.given_up.is_(None),
    or_(outbox.c.channel == bindparam("channel"), outbox.c.kind.in_([Kind.ASK, *_THREADED])),
)
_IS_THERE: Final = and_(
    outbox.c.posted_channel == bindparam("channel"),
    outbox.c.posted_message == bindparam("message"),
)
_STANDS: Final = select(exists().where(*_OF_ROLLBACK, or_(_IS_THERE, _IS_BEING_POSTED)))
_UPDATE: Final = update(outbox).where(outbox.c.key == bindparam("same_key"))
_ANEW: Final = (
    update(outbox)
    .where(outbox.c.key.in_(bindparam("keys", expanding=True)))
    .values(
        wanted=outbox.c.wanted + 1,
        posted_channel=None,
        posted_message=None,
        tried=False,
        given_up=None,
        stuck=None,
    )
)
_SHOWN: Final = _UPDATE.where(outbox.c.shown < bindparam("newest"))
_WANT_AGAIN: Final = _UPDATE.values(wanted=outbox.c.wanted + 1)


def _newest_wins(upsert: Upsert) -> UpdateBase:
    new = upsert.excluded
    was_more_urgent = and_(outbox.c.shown < outbox.c.wanted, outbox.c.rank < new.rank)
    return upsert.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "wanted": outbox.c.wanted + 1,
            "rank": case((was_more_urgent, outbox.c.rank), else_=new.rank),
            "given_up": None,  # somebody may have invited us since
            "stuck": None,  # what is new may be easier to make
        },
    )


_SHOW: Final = by_dialect(outbox, _newest_wins)


class OutboxPart(Part):
    """Wants messages shown, says which are due, and remembers where they stand."""

    def show(self, posting: Posting) -> None:
        """Want people to see this message, or its newest content if it stands already."""
        self._change_later(
            _SHOW[self._connection.dialect.name],
            {
                **_where(posting.place),
                "key": posting.key,
                "rollback_id": posting.rollback_id,
                "kind": posting.kind,
                "about": posting.about,
                "rank": posting.rank,
                "wanted": 1,
                "shown": 0,
                "tried": False,
                "failures": 0,
                "due_at": self.now,
            },
        )

    def due_postings(self, limit: int) -> tuple[Due, ...]:
        """Return what is to be shown now and has nothing to wait for, most important first.

        The limit is for each workspace, and for new messages and edits apart.
        """
        self.settle()
        rows = self._connection.execute(owed.DUE, {"now": self.now, "limit": limit})
        return tuple(_due(row) for row in rows)

    def next_posting_at(self) -> datetime | None:
        """Return when the next delayed posting becomes due."""
        self.settle()
        earliest: datetime | None = self._connection.scalar(owed.NEXT, {"now": self.now})
        return earliest

    def reference(self, rollback_id: str, kind: Kind, place: Place) -> Reference | None:
        """Return where a message stands, once it was posted."""
        self.settle()
        wanted = {"rollback_id": rollback_id, "kind": kind, **_where(place)}
        row = self._connection.execute(_POSTED, wanted).one_or_none()
        return None if row is None else _reference(row)

    def stands_at(self, rollback_id: str, place: Place, message: str) -> bool:
        """Tell whether this message was posted by us for this rollback, or may be one just now."""
        self.settle()
        meant = {"rollback_id": rollback_id, "message": message, **_where(place)}
        return bool(self._connection.scalar(_STANDS, meant))

    def try_posting(self, due: Due) -> None:
        """Write down that a post is about to be sent, before it is."""
        self._update(due, tried=True)

    def shown(self, due: Due, reference: Reference | None) -> None:
        """Write down that people can see this content; None: there was nothing to show.

        If another process showed this or newer content meanwhile, ours may now cover it: the newest
        is wanted once more.
        """
        self.settle()
        stands: dict[str, Any] = {}
        if reference is not None:
            stands = {
                "posted_channel": reference.place.channel,
                "posted_message": reference.message,
            }
        same = {"same_key": due.posting.key}
        seen = {"newest": due.wanted, "shown": due.wanted, "failures": 0}
        settled = {"tried": False, "stuck": None}
        if self._change(_SHOWN, {**same, **seen, **settled, **stands}).rowcount == 0:
            self._change(_WANT_AGAIN, same)

    def postpone(
        self, due: Due, *, until: datetime, is_certain: bool = False, stuck: str | None = None
    ) -> None:
        """Try again later; ``is_certain``: this try showed nothing; ``stuck``: nobody waits."""
        later: dict[str, object] = {"due_at": until, "stuck": stuck}
        if is_certain:
            later["tried"] = due.tried  # what an earlier try may have shown is still in doubt
        self._update(due, failures=due.failures + 1, **later)

    def post_anew(self, posting: Posting) -> None:
        """Want it as a new message; a notice takes the card of its thread along."""
        self.settle()
        card = replace(posting, kind=Kind.CARD)
        keys = [posting.key, card.key] if posting.kind is Kind.NOTICE else [posting.key]
        self._change(_ANEW, {"keys": keys, "due_at": self.now})

    def give_up(self, due: Due, because: str) -> None:
        """Set a posting aside that its platform will never accept."""
        self._update(due, given_up=because, tried=False)

    def _update(self, due: Due, **values: object) -> None:
        self.settle()
        self._change(_UPDATE, {"same_key": due.posting.key, **values})


def _where(place: Place) -> dict[str, Any]:
    return {"platform": place.platform, "tenant": place.tenant, "channel": place.channel}


def _due(row: Row[Any]) -> Due:
    posting = Posting(
        rollback_id=row.rollback_id,
        kind=Kind(row.kind),
        place=Place(row.platform, row.tenant, row.channel),
        about=row.about,
        rank=Rank(row.rank),
    )
    return Due(posting, row.wanted, _reference(row), tried=row.tried, failures=row.failures)


def _reference(row: Row[Any]) -> Reference | None:
    if row.posted_message is None:
        return None
    return Reference(Place(row.platform, row.tenant, row.posted_channel), row.posted_message)
