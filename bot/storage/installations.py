"""What the installations of the app have left: one sealed text for each team."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, select

from bot.storage.part import Part, by_dialect
from bot.storage.tables import installations

_ALL: Final = select(installations.c.team, installations.c.sealed)
_INSTALL: Final = by_dialect(
    installations,
    lambda upsert: upsert.on_conflict_do_update(
        index_elements=["team"],
        set_={"sealed": upsert.excluded.sealed, "at": upsert.excluded.at},
    ),
)
_UNINSTALL: Final = delete(installations).where(
    installations.c.team == bindparam("gone"), installations.c.at < bindparam("before")
)


class InstallationPart(Part):
    """Keeps installations, replaces and forgets them."""

    def installations(self) -> Mapping[str, str]:
        """Return what each team's installation left, sealed, by the team."""
        return {row.team: row.sealed for row in self._connection.execute(_ALL)}

    def install(self, team: str, sealed: str) -> None:
        """Keep what a team's installation left, in the place of what it left before."""
        row = {"team": team, "sealed": sealed, "at": self.now}
        self._change(_INSTALL[self._connection.dialect.name], row)

    def uninstall(self, team: str, *, before: datetime) -> bool:
        """Forget a team unless it was installed after this moment; True if it was forgotten."""
        return self._change(_UNINSTALL, {"gone": team, "before": before}).rowcount > 0
