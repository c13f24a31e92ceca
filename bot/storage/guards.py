"""What keeps two from doing the same: locks on resources, and deliveries that came before."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from bot.storage.part import Part, by_dialect
from bot.storage.tables import deliveries, locks

_REMEMBERED: Final = timedelta(days=1)
_FORGET_EVERY: Final = 256  # audit entries

_HELD: Final = select(locks).where(locks.c.resource.in_(bindparam("resources", expanding=True)))
_LOCK: Final = insert(locks)
_UNLOCK: Final = delete(locks).where(locks.c.rollback_id == bindparam("rollback_id"))
_REMEMBER: Final = by_dialect(
    deliveries,
    lambda upsert: upsert.on_conflict_do_nothing().returning(deliveries.c.delivery),
)
_FORGET: Final = delete(deliveries).where(deliveries.c.at < bindparam("before"))


class GuardPart(Part):
    """Locks resources and recognises deliveries."""

    def lock(self, resources: Sequence[str], rollback_id: str) -> str | None:
        """Lock all resources for a rollback, or none: return the id of one that holds one."""
        holders = self._holders(resources)
        for resource in sorted(holders):
            if holders[resource] != rollback_id:
                return holders[resource]
        free = sorted(set(resources) - set(holders))
        if free:
            self._change(
                _LOCK, *({"resource": resource, "rollback_id": rollback_id} for resource in free)
            )
        return None

    def holder(self, resources: Sequence[str]) -> str | None:
        """Return the rollback that holds one of these resources, if any."""
        holders = self._holders(resources)
        return holders[min(holders)] if holders else None

    def unlock(self, rollback_id: str) -> None:
        """Free everything this rollback holds."""
        self._change(_UNLOCK, {"rollback_id": rollback_id})

    def is_new_delivery(self, delivery: str) -> bool:
        """Remember a delivery; False if it was seen before."""
        remember = _REMEMBER[self._connection.dialect.name]
        new = self._change(remember, {"delivery": delivery, "at": self.now}).first()
        if self.head.sequence % _FORGET_EVERY == 0:
            self._change(_FORGET, {"before": self.now - _REMEMBERED})
        return new is not None

    def _holders(self, resources: Sequence[str]) -> dict[str, str]:
        rows = self._connection.execute(_HELD, {"resources": list(resources)})
        return {row.resource: row.rollback_id for row in rows}
