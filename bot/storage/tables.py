"""All tables. What must never happen is also a constraint here."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from bot.domain.rollback import EXECUTING, UNDECIDED, State, StepState


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Go to UTC, since SQLite drops the zone."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Come back in UTC, whatever the database added."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _one_of(column: str, values: Iterable[StrEnum]) -> str:
    quoted = ", ".join(f"'{value}'" for value in sorted(values))
    return f"{column} IN ({quoted})"


IS_OPEN: Final = text(_one_of("state", UNDECIDED | EXECUTING))
_LONG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows only in an INTEGER

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

rollbacks = Table(
    "rollbacks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("asked_at", Moment, nullable=False, index=True),
    Column("wake_at", Moment, index=True),
    Column("body", Text, nullable=False),  # JSON of what no other column and table holds
    CheckConstraint(_one_of("state", State), name="state"),
    UniqueConstraint("id", "requester"),
)
Index(
    "open_by_age",
    rollbacks.c.asked_at,
    rollbacks.c.id,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
Index(
    "one_open_rollback_per_target",
    rollbacks.c.target,
    rollbacks.c.environment,
    unique=True,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)

places = Table(
    "places",  # by which a channel's rollbacks are found; what a rollback says itself counts
    metadata,
    Column("rollback_id", Text, ForeignKey("rollbacks.id"), primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("tenant", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("asked_at", Moment, nullable=False),
    Index("newest_in_channel", "platform", "tenant", "channel", "asked_at", "rollback_id"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("rollback_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("person", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    # Both together: nobody approves their own request, not even by naming another requester.
    ForeignKeyConstraint(["rollback_id", "requester"], ["rollbacks.id", "rollbacks.requester"]),
    CheckConstraint("person <> requester", name="not_the_requester"),
)
Index(
    "one_standing_approval_per_person",
    approvals.c.rollback_id,
    approvals.c.person,
    unique=True,
    sqlite_where=approvals.c.withdrawn_at.is_(None),
    postgresql_where=approvals.c.withdrawn_at.is_(None),
)

claims = Table(
    "claims",
    metadata,
    Column("rollback_id", Text, ForeignKey("rollbacks.id"), primary_key=True),  # so at most one
    Column("token", Integer, nullable=False),
    Column("claimed_at", Moment, nullable=False),
    CheckConstraint("token > 0", name="token"),
)

steps = Table(
    "steps",  # the journal of intents: a row is committed before its call is made
    metadata,
    Column("rollback_id", Text, ForeignKey("claims.rollback_id"), primary_key=True),
    Column("step", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("receipt", Text),  # JSON
    Column("evidence", Text, nullable=False),  # JSON
    Column("note", Text, nullable=False),
    CheckConstraint(_one_of("state", StepState), name="state"),
)
Index(
    "one_open_attempt_per_step",
    steps.c.rollback_id,
    steps.c.step,
    unique=True,
    sqlite_where=text(_one_of("state", {StepState.RUNNING, StepState.IN_DOUBT})),
    postgresql_where=text(_one_of("state", {StepState.RUNNING, StepState.IN_DOUBT})),
)

locks = Table(
    "locks",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("rollback_id", Text, ForeignKey("rollbacks.id"), nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", _LONG, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rollback_id", Text, index=True),  # may name one that does not exist: it was refused
    Column("person", Text),
    Column("account", Text),
    Column("details", Text, nullable=False),  # canonical JSON
    Column("previous", Text, nullable=False),
    Column("mac", Text, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", _LONG, nullable=False),
    Column("mac", Text, nullable=False),
    Column("at", Moment, nullable=False),  # the clock's high-water mark
    Column("seal", Text, nullable=False),
    CheckConstraint("id = 1", name="only_one"),
)

installations = Table(
    "installations",
    metadata,
    Column("team", Text, primary_key=True),
    Column("sealed", Text, nullable=False),  # readable with a key that is not in the database
    Column("at", Moment, nullable=False),
)

link_codes = Table(
    "link_codes",  # with which somebody shows that another account is theirs, too
    metadata,
    Column("account", Text, primary_key=True),  # so at most one each
    Column("code", Text, nullable=False),  # only a keyed hash of it
    Column("at", Moment, nullable=False),
)

wrong_codes = Table(
    "wrong_codes",
    metadata,
    Column("number", _LONG, primary_key=True),
    Column("account", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
Index("wrong_codes_of_account", wrong_codes.c.account, wrong_codes.c.at)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", _LONG, primary_key=True),  # the order in which they were first wanted
    Column("key", Text, nullable=False, unique=True),
    Column("rollback_id", Text, ForeignKey("rollbacks.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("about", _LONG, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("posted_channel", Text),  # a direct message has a channel of its own
    Column("posted_message", Text),
    Column("tried", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("given_up", Text),  # why
    Column("stuck", Text),  # why it can't be made: nothing waits for it
    CheckConstraint("shown <= wanted", name="shown"),
)
_UNSEEN: Final = "shown < wanted AND given_up IS NULL"
_TO_POST: Final = text(f"{_UNSEEN} AND posted_message IS NULL AND stuck IS NULL")
_BESIDE: Final = text(f"{_UNSEEN} AND (posted_message IS NOT NULL OR stuck IS NOT NULL)")
Index(
    "to_post",
    outbox.c.platform,
    outbox.c.tenant,
    outbox.c.channel,
    outbox.c.rollback_id,
    outbox.c.number,
    sqlite_where=_TO_POST,
    postgresql_where=_TO_POST,
)
Index(
    "to_edit",
    outbox.c.rank,
    outbox.c.number,
    sqlite_where=_BESIDE,
    postgresql_where=_BESIDE,
)
