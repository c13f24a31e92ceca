"""A rollback may be shown in several channels, each of which finds it."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = "state IN ('claimed', 'pending', 'planning', 'quorum', 'running', 'verifying', 'waiting')"
_PLACE = ("platform", "tenant", "channel")


def upgrade() -> None:
    """Move the one place of each rollback into its body and into a table of its own."""
    places = op.create_table(
        "places",
        sa.Column("rollback_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _PLACE),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("rollback_id", *_PLACE, name="pk_places"),
        sa.ForeignKeyConstraint(["rollback_id"], ["rollbacks.id"], name="fk_places_rollbacks"),
    )
    op.drop_index("newest_in_channel", "rollbacks")
    op.create_index("newest_in_channel", "places", [*_PLACE, "asked_at", "rollback_id"])
    op.create_index("ix_rollbacks_asked_at", "rollbacks", ["asked_at"])
    is_open = sa.text(_OPEN)
    age = ["asked_at", "id"]
    op.create_index("open_by_age", "rollbacks", age, sqlite_where=is_open, postgresql_where=is_open)
    rollbacks = sa.table("rollbacks", *map(sa.column, ("id", "asked_at", "body", *_PLACE)))
    columns = [places.c[name] for name in ("rollback_id", "asked_at", *_PLACE)]
    found = sa.select(*(rollbacks.c[name] for name in ("id", "asked_at", *_PLACE)))
    op.execute(sa.insert(places).from_select(columns, found))
    connection = op.get_bind()
    for row in connection.execute(sa.select(rollbacks)).all():
        place = {name: getattr(row, name) for name in _PLACE}
        body = _with_place(row.body, place)
        connection.execute(sa.update(rollbacks).where(rollbacks.c.id == row.id).values(body=body))
    for name in _PLACE:
        op.drop_column("rollbacks", name)
    # Direct messages are marked as such: an id alone does not tell a person from a channel.
    op.execute(
        "UPDATE outbox SET channel = '@' || channel, key = rollback_id || ':' || kind || ':' || "
        "platform || ':' || tenant || '/@' || channel || ':' || about WHERE kind IN ('ask', 'tell')"
    )


def _with_place(body: str, place: dict[str, str]) -> str:
    """Add the place; a damaged record stays as it is, and keeps no bot from starting."""
    try:
        known = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(known, dict):
        return body
    return json.dumps(known | {"places": [place]}, sort_keys=True)
