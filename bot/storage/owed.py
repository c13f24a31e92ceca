"""Which messages are to be shown now: of each thread the oldest new one, and every edit.

What is new is told in the order in which it happened: a rollback's message in a place waits for
all earlier ones there. So one row stands for a whole backlog: looking is cheap however long it is.
"""

from typing import Final

from sqlalchemy import Integer, and_, bindparam, func, or_, select, union_all

from bot.storage.tables import Moment, outbox

_UNSEEN: Final = and_(outbox.c.shown < outbox.c.wanted, outbox.c.given_up.is_(None))
_NOW: Final = bindparam("now", type_=Moment)
_HOME: Final = ("platform", "tenant")
# A message that can't be made is tried again beside the queue and keeps nobody waiting in it.
_HEADS: Final = (
    select(func.min(outbox.c.number))
    .where(_UNSEEN, outbox.c.posted_message.is_(None), outbox.c.stuck.is_(None))
    .group_by(outbox.c.platform, outbox.c.tenant, outbox.c.channel, outbox.c.rollback_id)
)
_IS_HEAD: Final = outbox.c.number.in_(_HEADS)
_IS_BESIDE: Final = and_(
    _UNSEEN, or_(outbox.c.posted_message.is_not(None), outbox.c.stuck.is_not(None))
)
_owed = union_all(
    select(outbox).where(_IS_HEAD, outbox.c.due_at <= _NOW),
    select(outbox).where(_IS_BESIDE, outbox.c.due_at <= _NOW),
).subquery("owed")
_in_place = func.row_number().over(
    partition_by=[*(_owed.c[name] for name in (*_HOME, "channel")), _owed.c.posted_message],
    order_by=[_owed.c.stuck.is_not(None), _owed.c.rank, _owed.c.number],
)
_placed = select(_owed, _in_place.label("in_place")).subquery("placed")
_is_new = _placed.c.posted_message.is_(None)
# Those of a workspace that is back after long, or may edit no more for now, hide no other's.
_in_home = func.row_number().over(
    partition_by=[*(_placed.c[name] for name in _HOME), _is_new],
    order_by=[_placed.c.rank, _placed.c.number],
)
_first = (
    select(_placed, _in_home.label("in_home"))
    .where(or_(~_is_new, _placed.c.in_place == 1))  # in one place only one new message can start
    .subquery("first")
)
DUE: Final = (
    select(_first)
    .where(_first.c.in_home <= bindparam("limit", type_=Integer))
    .order_by(_first.c.rank, _first.c.number)
)
_later = union_all(
    select(outbox.c.due_at).where(_IS_HEAD, outbox.c.due_at > _NOW),
    select(outbox.c.due_at).where(_IS_BESIDE, outbox.c.due_at > _NOW),
).subquery("later")
NEXT: Final = select(func.min(_later.c.due_at))
