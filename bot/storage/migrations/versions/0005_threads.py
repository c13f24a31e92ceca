"""Of each thread the oldest message that waits is found at once, however many wait behind it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNSEEN = "shown < wanted AND given_up IS NULL"
_TO_POST = sa.text(f"{_UNSEEN} AND posted_message IS NULL AND stuck IS NULL")
_BESIDE = sa.text(f"{_UNSEEN} AND (posted_message IS NOT NULL OR stuck IS NOT NULL)")


def upgrade() -> None:
    """Note what can't be made, and sort what waits by where it is to be shown."""
    op.add_column("outbox", sa.Column("stuck", sa.Text()))
    op.drop_index("unseen", "outbox")
    thread = ["platform", "tenant", "channel", "rollback_id", "number"]
    op.create_index("to_post", "outbox", thread, sqlite_where=_TO_POST, postgresql_where=_TO_POST)
    op.create_index(
        "to_edit", "outbox", ["rank", "number"], sqlite_where=_BESIDE, postgresql_where=_BESIDE
    )
