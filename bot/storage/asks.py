"""In whose direct messages a rollback's card stands, or is to stand."""

from typing import Final

from sqlalchemy import bindparam, select

from bot.domain.target import Place
from bot.ports import Kind
from bot.storage.part import Part
from bot.storage.tables import outbox

_ASKS: Final = (
    select(outbox.c.platform, outbox.c.tenant, outbox.c.channel)
    .where(outbox.c.rollback_id == bindparam("rollback_id"), outbox.c.kind == Kind.ASK)
    .order_by(outbox.c.number)
)


class AskPart(Part):
    """Says who was asked."""

    def asked_directly(self, rollback_id: str) -> tuple[Place, ...]:
        """Return where it was wanted as a direct message, whoever's account that is by now."""
        self.settle()
        rows = self._connection.execute(_ASKS, {"rollback_id": rollback_id})
        return tuple(Place(*row) for row in rows)
