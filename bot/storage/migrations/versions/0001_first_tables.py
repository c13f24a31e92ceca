"""The first tables, and the triggers that keep a terminal state as it is."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LONG: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN: Final = (
    "state IN ('claimed', 'pending', 'planning', 'quorum', 'running', 'verifying', 'waiting')"
)
_TERMINAL: Final = (
    "OLD.state IN ('aborted', 'cancelled', 'expired', 'failed', 'needs_human', 'partial', "
    "'refused', 'rejected', 'stale', 'succeeded', 'unverified')"
)


def upgrade() -> None:
    """Make everything: decisions first, then what was done, what is written down, what is said."""
    _decisions()
    _doings()
    _audit()
    _outbox()
    _terminal_states_stay()


def _text(name: str, *more: sa.ForeignKey, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), *more, nullable=False, primary_key=key)


def _number(name: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, primary_key=key, autoincrement=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _unique_where(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _decisions() -> None:
    op.create_table(
        "rollbacks",
        _text("id", key=True),
        _number("version"),
        _text("state"),
        _text("target"),
        _text("environment"),
        _text("platform"),
        _text("tenant"),
        _text("channel"),
        _text("requester"),
        _moment("asked_at"),
        _moment("wake_at", nullable=True),
        _text("body"),
        sa.CheckConstraint(
            "state IN ('aborted', 'cancelled', 'claimed', 'expired', 'failed', 'needs_human', "
            "'partial', 'pending', 'planning', 'quorum', 'refused', 'rejected', 'running', "
            "'stale', 'succeeded', 'unverified', 'verifying', 'waiting')",
            name="state",
        ),
        sa.UniqueConstraint("id", "requester"),
    )
    newest = ["platform", "tenant", "channel", "asked_at", "id"]
    op.create_index("newest_in_channel", "rollbacks", newest)
    op.create_index("ix_rollbacks_wake_at", "rollbacks", ["wake_at"])
    _unique_where("one_open_rollback_per_target", "rollbacks", ["target", "environment"], _OPEN)
    op.create_table(
        "approvals",
        _text("rollback_id", key=True),
        _number("number", key=True),
        _text("person"),
        _text("requester"),
        _text("digest"),
        _moment("at"),
        _moment("withdrawn_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["rollback_id", "requester"], ["rollbacks.id", "rollbacks.requester"]
        ),
        sa.CheckConstraint("person <> requester", name="not_the_requester"),
    )
    _unique_where(
        "one_standing_approval_per_person",
        "approvals",
        ["rollback_id", "person"],
        "withdrawn_at IS NULL",
    )
    op.create_table(
        "deliveries",
        _text("delivery", key=True),
        _moment("at"),
    )
    op.create_index("ix_deliveries_at", "deliveries", ["at"])


def _doings() -> None:
    op.create_table(
        "claims",
        _text("rollback_id", sa.ForeignKey("rollbacks.id"), key=True),
        _number("token"),
        _moment("claimed_at"),
        sa.CheckConstraint("token > 0", name="token"),
    )
    op.create_table(
        "steps",
        _text("rollback_id", sa.ForeignKey("claims.rollback_id"), key=True),
        _text("step", key=True),
        _number("attempt", key=True),
        _text("state"),
        _moment("started_at", nullable=True),
        _moment("ended_at", nullable=True),
        sa.Column("receipt", sa.Text()),
        _text("evidence"),
        _text("note"),
        sa.CheckConstraint(
            "state IN ('done', 'failed', 'in_doubt', 'not_started', 'running', 'skipped', "
            "'stale', 'unverified')",
            name="state",
        ),
    )
    _unique_where(
        "one_open_attempt_per_step",
        "steps",
        ["rollback_id", "step"],
        "state IN ('in_doubt', 'running')",
    )
    op.create_table(
        "locks",
        _text("resource", key=True),
        _text("rollback_id", sa.ForeignKey("rollbacks.id")),
    )
    op.create_index("ix_locks_rollback_id", "locks", ["rollback_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", _LONG, primary_key=True, autoincrement=False),
        _moment("at"),
        _text("kind"),
        sa.Column("rollback_id", sa.Text()),
        sa.Column("person", sa.Text()),
        sa.Column("account", sa.Text()),
        _text("details"),
        _text("previous"),
        _text("mac"),
    )
    op.create_index("ix_audit_rollback_id", "audit", ["rollback_id"])
    op.create_table(
        "audit_head",
        _number("id", key=True),
        sa.Column("sequence", _LONG, nullable=False),
        _text("mac"),
        _moment("at"),
        _text("seal"),
        sa.CheckConstraint("id = 1", name="only_one"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", _LONG, primary_key=True),
        sa.Column("key", sa.Text(), nullable=False, unique=True),
        _text("rollback_id", sa.ForeignKey("rollbacks.id")),
        _text("kind"),
        _text("platform"),
        _text("tenant"),
        _text("channel"),
        sa.Column("about", _LONG, nullable=False),
        _number("rank"),
        _number("wanted"),
        _number("shown"),
        sa.Column("posted_channel", sa.Text()),
        sa.Column("posted_message", sa.Text()),
        sa.Column("tried", sa.Boolean(), nullable=False),
        _number("failures"),
        _moment("due_at"),
        sa.Column("given_up", sa.Text()),
        sa.CheckConstraint("shown <= wanted", name="shown"),
    )
    op.create_index("ix_outbox_rollback_id", "outbox", ["rollback_id"])
    unseen = sa.text("shown < wanted AND given_up IS NULL")
    op.create_index(
        "unseen", "outbox", ["rank", "number"], sqlite_where=unseen, postgresql_where=unseen
    )


def _terminal_states_stay() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER terminal_states_stay BEFORE UPDATE ON rollbacks "
            f"WHEN {_TERMINAL} AND NEW.state <> OLD.state "
            "BEGIN SELECT RAISE(ABORT, 'a terminal state never changes'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION terminal_states_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a terminal state never changes'; END $$"
    )
    op.execute(
        "CREATE TRIGGER terminal_states_stay BEFORE UPDATE ON rollbacks FOR EACH ROW "
        f"WHEN ({_TERMINAL} AND NEW.state <> OLD.state) EXECUTE FUNCTION terminal_states_stay()"
    )
